"""What every ExampleGen of ours shares: layout check, quarantine, splits, counts.

A component for a modality derives from `SourceExampleGen` and names an executor that derives from
`SourceExecutor` and has a `reader`. TFX's driver fingerprints the input files, so the cache
notices changed data; the digest in the configuration makes it notice a changed reader.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import apache_beam as beam
from google.protobuf import json_format, struct_pb2
from tfx.components.example_gen import component as example_gen_component
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import proto_utils

from components.example_gen import quarantine
from components.example_gen.records import SPLITS, Record, Reject, to_example
from modules.common.errors import DataError
from modules.common.registry import load_task
from modules.common.sources import Source
from modules.common.task import Task, Value


@dataclass(frozen=True, kw_only=True)
class ReadConfig:
    """What a reader is told.

    Attributes:
        task_name: The task.
        source_index: Which of the task's sources the data folder holds.
        hparams: Resolved hyperparameters, data options among them.
        data_dir: The data folder.
    """

    task_name: str
    source_index: int
    hparams: dict[str, Value]
    data_dir: str

    @property
    def task(self) -> Task:
        """The declaration."""
        return load_task(self.task_name)

    @property
    def source(self) -> Any:  # noqa: ANN401 - the Source subclass that the reader is made for
        """The layout of the data."""
        return self.task.sources[self.source_index]

    def relative(self, path: str) -> str:
        """Gives `path` as people know it: relative to the data folder."""
        return os.path.relpath(path, self.data_dir)


Reader = Callable[[str, ReadConfig], Iterator[Record | Reject]]


class SourceExecutor(BaseExampleGenExecutor):
    """Reads files with `reader`, writes both splits, sets bad records aside.

    Attributes:
        reader: Static method that turns one file into records and rejects, in Beam's workers.
    """

    reader: ClassVar[Any]

    @classmethod
    def check(cls, paths: list[str], config: ReadConfig) -> None:
        """Raises `DataError` where the files are not laid out as the source says."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:  # noqa: N802
        """Not used: `GenerateExamplesByBeam` splits by the records' own split."""
        raise NotImplementedError

    def GenerateExamplesByBeam(  # noqa: N802
        self, pipeline: beam.Pipeline, exec_properties: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Reads the input files, each in one worker, into serialized examples by split."""
        config, pattern = _read_config(exec_properties)
        paths = sorted(fileio.glob(os.path.join(config.data_dir, pattern)))
        if not paths:
            raise DataError(
                f"no file matches {pattern} in {config.data_dir}; "
                f"{config.task_name} reads {config.source.layout}"
            )
        self.check(paths, config)
        read = (
            pipeline
            | "Files" >> beam.Create(paths)
            | "Spread" >> beam.Reshuffle()
            | "Read" >> beam.ParDo(_Read(type(self).reader, config)).with_outputs()
        )
        quarantine.write(read["rejects"], read["counts"], self._output_dir)
        return {split: read[split] for split in SPLITS}

    def Do(  # noqa: N802
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
        super().Do(input_dict, output_dict, exec_properties)
        config, _ = _read_config(exec_properties)
        counts = quarantine.read_counts(self._output_dir)
        quarantine.check_limit(counts, self._output_dir, config.task)
        examples.set_int_custom_property("examples", counts.examples)
        examples.set_int_custom_property("quarantined", counts.quarantined)


class SourceExampleGen(example_gen_component.FileBasedExampleGen):
    """A file-based ExampleGen for one `Source`. Derived classes set `EXECUTOR_SPEC`."""

    def __init__(
        self,
        task: Task,
        source: Source,
        data_dir: str,
        hparams: dict[str, Value],
        source_digest: str,
        pattern: str | None = None,
    ) -> None:
        """Configures the component.

        Args:
            task: The declaration.
            source: Which of the task's sources `data_dir` holds.
            data_dir: The data folder, local or remote.
            hparams: Resolved hyperparameters.
            source_digest: Digest of the code that reads, so that an edit is noticed.
            pattern: Glob to read in place of the source's own.
        """
        settings = struct_pb2.Struct()
        settings.update(
            {
                "task": task.name,
                "source": task.sources.index(source),
                "hparams": hparams,
                "source_digest": source_digest,
            }
        )
        custom_config = example_gen_pb2.CustomConfig()
        custom_config.custom_config.Pack(settings)
        split = example_gen_pb2.SplitConfig.Split
        super().__init__(
            input_base=data_dir,
            input_config=example_gen_pb2.Input(
                splits=[example_gen_pb2.Input.Split(name="all", pattern=pattern or source.pattern)]
            ),
            output_config=example_gen_pb2.Output(
                split_config=example_gen_pb2.SplitConfig(
                    splits=[split(name=name, hash_buckets=1) for name in SPLITS]
                )
            ),
            custom_config=custom_config,
        )


class _Read(beam.DoFn):
    """Reads one file into examples, tagged by split, and rejects."""

    def __init__(self, reader: Reader, config: ReadConfig) -> None:
        self._reader = reader
        self._config = config

    def process(self, path: str) -> Iterator[Any]:
        # Counting here, and not in Beam, spares a pass over all examples.
        counts: Counter[str] = Counter()
        for item in self._reader(path, self._config):
            if isinstance(item, Reject):
                counts["quarantined"] += 1
                yield beam.pvalue.TaggedOutput("rejects", item.to_json())
            else:
                counts[item.split] += 1
                yield beam.pvalue.TaggedOutput(item.split, to_example(item.features))
        for count in counts.items():
            yield beam.pvalue.TaggedOutput("counts", count)


def _read_config(exec_properties: dict[str, Any]) -> tuple[ReadConfig, str]:
    """Reads back what `SourceExampleGen` wrote, and the pattern that TFX's driver resolved."""
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
        source_index=int(values["source"]),
        # A Struct knows no integers; the task's defaults say which were.
        hparams={
            name: type(task.hparams[name])(value) for name, value in values["hparams"].items()
        },
        data_dir=exec_properties["input_base"],
    )
    return config, inputs.splits[0].pattern
