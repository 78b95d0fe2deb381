"""What every ExampleGen of ours shares: layout check, quarantine, splits, counts.

A component for files derives from `SourceExampleGen` and names an executor that derives from
`SourceExecutor` and has a `reader`. Its driver fingerprints the input files, so the cache
notices changed data; the digest in the configuration makes it notice a changed reader.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import apache_beam as beam
from google.protobuf import json_format, struct_pb2
from tfx.components.example_gen import component as example_gen_component
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import proto_utils

from components.example_gen import passed_over, quarantine
from components.example_gen.driver import Driver
from components.example_gen.read_config import ReadConfig
from components.example_gen.read_group import GROUP_ITEMS, ReadGroup
from components.example_gen.records import SPLITS
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import Settings, as_dict
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.reading.data_files import find_files
from modules.common.runtime.errors import DataError


class Read(NamedTuple):
    """What reading gives.

    Attributes:
        train: Serialized examples to train on.
        eval: Serialized examples to evaluate on.
        rejects: Lines of JSON.
        counts: Pairs of what is counted and how many.
    """

    train: beam.PCollection
    eval: beam.PCollection
    rejects: beam.PCollection
    counts: beam.PCollection


class SourceExecutor(BaseExampleGenExecutor):
    """Reads items with `reader`, writes both splits, sets bad records aside. Items are files.

    Attributes:
        reader: Static method that turns one item into records and rejects, in Beam's workers.
        in_processes: Whether reading is work for the processor, which several local processes
            share. The reader's module must then be light, the source picklable.
    """

    reader: ClassVar[Any]
    in_processes: ClassVar[bool] = False
    _config: ReadConfig
    _patterns: list[str]

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> Sequence[Any]:
        """Lists what is to be read: paths.

        Args:
            config: What the reader will be told.
            patterns: Globs, relative to the data folder.

        Raises:
            DataError: If there is nothing.
        """
        paths = find_files(config.data_dir, patterns)
        if not paths:
            what = f"no file matches {patterns[0]}" if len(patterns) == 1 else "there is nothing"
            raise DataError(
                f"{what} in {config.data_dir}; {config.task_name} reads {config.source.layout}"
            )
        return paths

    @classmethod
    def prepare(cls, items: Sequence[Any], config: ReadConfig) -> ReadConfig:
        """Adds to the configuration what only all items together tell; nothing, unless overridden.

        Args:
            items: What `items` listed.
            config: What the reader will be told.
        """
        return config

    @classmethod
    def passed_over(
        cls, config: ReadConfig, patterns: Sequence[str], items: Sequence[Any]
    ) -> dict[str, int]:
        """Counts by ending the files in the data folder that are not read.

        Args:
            config: What the reader will be told.
            patterns: Globs of those that are, relative to the data folder.
            items: What `items` listed.

        Raises:
            DataError: If a folder holds data of which nothing can be read.
        """
        return passed_over.find(config, patterns)

    @classmethod
    def check(cls, paths: Sequence[Any], config: ReadConfig) -> None:
        """Raises `DataError` where the files are not laid out as the source says."""

    @classmethod
    def check_read(cls, items: Sequence[Any], config: ReadConfig, output_dir: str) -> None:
        """Raises `DataError` where what was read is not enough, whatever its share of bad records.

        Args:
            items: What `items` listed.
            config: What the reader was told.
            output_dir: The examples artifact.
        """

    @classmethod
    def notes(cls, items: Sequence[Any], config: ReadConfig) -> list[str]:
        """Says what a person should know of how the data was read, such as a column's name.

        Args:
            items: What `items` listed; `check` let them through.
            config: What the reader is told; `prepare` may have put such notes into it.
        """
        return list(config.notes)

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        """Not used: `GenerateExamplesByBeam` splits by the records' own split."""
        raise NotImplementedError

    def GenerateExamplesByBeam(
        self, pipeline: beam.Pipeline, exec_properties: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Reads the items into serialized examples by split."""
        config, patterns = self._config, self._patterns
        items = self.items(config, patterns)
        config = self.prepare(items, config)
        # Of a single file that a person named, nothing beside it is meant.
        if config.data_dir and tuple(patterns) == tuple(config.source.patterns):
            passed = self.passed_over(config, patterns, items)
            passed_over.write(passed, self._output_dir)
        self.check(items, config)
        self._items, self._config = items, config
        read = self.read(pipeline, items, config)
        quarantine.write(read.rejects, read.counts, self._output_dir)
        self._notes = self.notes(items, config)
        return {"train": read.train, "eval": read.eval}

    @classmethod
    def read(cls, pipeline: beam.Pipeline, items: Sequence[Any], config: ReadConfig) -> Read:
        """Reads the items, a group of them in one worker.

        Args:
            pipeline: What the steps are added to.
            items: What `items` listed.
            config: What the reader is told.
        """
        step = ReadGroup(cls.reader, config, len(items), cls.in_processes)
        read = cls.spread(pipeline, items) | "Read" >> beam.ParDo(step).with_outputs()
        return Read(read["train"], read["eval"], read["rejects"], read["counts"])

    @classmethod
    def spread(cls, pipeline: beam.Pipeline, items: Sequence[Any]) -> beam.PCollection:
        """Gives the items in groups, one for a worker at a time.

        Args:
            pipeline: What the steps are added to.
            items: What `items` listed.
        """
        size = GROUP_ITEMS if cls.in_processes else 1
        groups = [items[start : start + size] for start in range(0, len(items), size)]
        return pipeline | "Items" >> beam.Create(groups) | "Spread" >> beam.Reshuffle()

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs, then counts: too many bad records stop the pipeline here.

        Raises:
            DataError: If the share of bad records is above the task's limit, or nothing is left.
        """
        [examples] = output_dict["examples"]
        self._output_dir = artifact_utils.get_single_uri(output_dict["examples"])
        self._config, self._patterns = _read_config(exec_properties)
        # TFX takes several globs for as many output splits; here all feed the same two.
        one_input = proto_utils.proto_to_json(_input_config(["*"]))
        super().Do(input_dict, output_dict, exec_properties | {"input_config": one_input})
        if self._notes:
            quarantine.write_notes(self._notes, self._output_dir)
        counts = quarantine.read_counts(self._output_dir)
        quarantine.check_limit(counts, self._output_dir, self._config.task, self._items)
        self.check_read(self._items, self._config, self._output_dir)
        examples.set_int_custom_property("examples", counts.examples)
        examples.set_int_custom_property("quarantined", counts.quarantined)
        examples.set_int_custom_property("set_aside", counts.set_aside)


class SourceExampleGen(example_gen_component.FileBasedExampleGen):
    """A file-based ExampleGen for one `Source`. Derived classes set `EXECUTOR_SPEC`."""

    DRIVER_CLASS = Driver

    def __init__(
        self,
        task: Task,
        source: Source,
        data_dir: str,
        told: Settings,
        source_digest: str,
        patterns: Sequence[str] | None = None,
    ) -> None:
        """Configures the component.

        Args:
            task: The declaration.
            source: Which of the task's sources `data_dir` holds.
            data_dir: The data folder, local or remote.
            told: The settings that reading is told.
            source_digest: Digest of the code that reads, so that an edit is noticed.
            patterns: Globs to read in place of the source's own.
        """
        super().__init__(
            input_base=data_dir,
            input_config=_input_config(patterns or source.patterns),
            **configs(task, source, told, source_digest),
        )


def configs(task: Task, source: Source, told: Settings, source_digest: str) -> dict[str, Any]:
    """Makes those arguments of TFX's ExampleGen components that all of ours share.

    Args:
        task: The declaration.
        source: Which of the task's sources is read.
        told: The settings that reading is told.
        source_digest: Digest of the code that reads.
    """
    settings = struct_pb2.Struct()
    settings.update(
        {
            "task": task.name,
            "source": task.sources.index(source),
            # A Struct knows no integers.
            "settings": json.dumps(as_dict(told), ensure_ascii=False, sort_keys=True),
            "source_digest": source_digest,
        }
    )
    custom_config = example_gen_pb2.CustomConfig()
    custom_config.custom_config.Pack(settings)
    split = example_gen_pb2.SplitConfig.Split
    output_config = example_gen_pb2.Output(
        split_config=example_gen_pb2.SplitConfig(
            splits=[split(name=name, hash_buckets=1) for name in SPLITS]
        )
    )
    return {"output_config": output_config, "custom_config": custom_config}


def _input_config(patterns: Sequence[str]) -> example_gen_pb2.Input:
    split = example_gen_pb2.Input.Split
    names = ["all"] if len(patterns) == 1 else [f"part {n}" for n in range(len(patterns))]
    return example_gen_pb2.Input(
        splits=[
            split(name=name, pattern=pattern) for name, pattern in zip(names, patterns, strict=True)
        ]
    )


def _read_config(exec_properties: dict[str, Any]) -> tuple[ReadConfig, list[str]]:
    """Reads back what the component wrote, and the patterns of the files."""
    custom_config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(exec_properties["custom_config"], custom_config)
    settings = struct_pb2.Struct()
    custom_config.custom_config.Unpack(settings)
    values = json_format.MessageToDict(settings)
    inputs = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties["input_config"], inputs)
    task = load_task(values["task"])
    config = ReadConfig(
        task_name=task.name,
        source=task.sources[int(values["source"])],
        settings=task.restore(json.loads(values["settings"])),
        data_dir=exec_properties.get("input_base", ""),
    )
    return config, [split.pattern for split in inputs.splits]
