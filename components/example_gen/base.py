"""What every ExampleGen of ours shares: layout check, quarantine, splits, counts.

A component for files derives from `SourceExampleGen` and names an executor that derives from
`SourceExecutor` and has a `reader`. Its driver fingerprints the input files, so the cache
notices changed data; the digest in the configuration makes it notice a changed reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import apache_beam as beam
from tfx.components.example_gen import component as example_gen_component
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.example_gen import passed_over, quarantine
from components.example_gen import told as told_to
from components.example_gen.driver import Driver
from components.example_gen.example_shards import remove_unfinished, write_splits
from components.example_gen.quarantine_files import write_quarantine
from components.example_gen.read_config import ReadConfig
from components.example_gen.read_group import ReadGroup, group_items
from components.example_gen.records import SPLITS
from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.reading.data_files import find_files
from modules.common.reading.spans import Span
from modules.common.runtime.errors import DataError


class Read(NamedTuple):
    """What reading gives, in parts: each is written where it is read, before any is joined.

    Attributes:
        examples: Serialized examples by split.
        rejects: Lines of JSON.
        counts: Pairs of what is counted and how many.
    """

    examples: Mapping[str, Sequence[beam.PCollection]]
    rejects: Sequence[beam.PCollection]
    counts: Sequence[beam.PCollection]


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

    @classmethod
    def read_config(cls, exec_properties: dict[str, Any]) -> tuple[ReadConfig, list[str]]:
        """Gives what the reader is told and the patterns of the files, as the component wrote them.

        Args:
            exec_properties: Of the component.
        """
        return told_to.read_config(exec_properties)

    def check_counts(self, counts: quarantine.Counts) -> None:
        """Raises `DataError` where too much is bad, or nothing is left.

        Args:
            counts: What was read.
        """
        quarantine.check_limit(counts, self._output_dir, self._config.task, self._items)

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        """Not used: `Do` reads and writes by steps of its own."""
        raise NotImplementedError

    def _find(self) -> None:
        """Finds the items, and whether they are what is expected."""
        config, patterns = self._config, self._patterns
        items = self.items(config, patterns)
        config = self.prepare(items, config)
        # Of a single file that a person named, nothing beside it is meant.
        if config.data_dir and tuple(patterns) == tuple(config.source.patterns):
            passed = self.passed_over(config, patterns, items)
            passed_over.write(passed, self._output_dir)
        self.check(items, config)
        self._items, self._config = items, config

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
        examples = {split: [read[split]] for split in SPLITS}
        return Read(examples, [read["rejects"]], [read["counts"]])

    @classmethod
    def spread(cls, pipeline: beam.Pipeline, items: Sequence[Any]) -> beam.PCollection:
        """Gives the items in groups, one for a worker at a time.

        Args:
            pipeline: What the steps are added to.
            items: What `items` listed.
        """
        size = group_items(len(items)) if cls.in_processes else 1
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
        self._log_startup(input_dict, output_dict, exec_properties)
        [examples] = output_dict["examples"]
        self._output_dir = examples.uri
        self._config, self._patterns = self.read_config(exec_properties)
        self._find()
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        folders = {split: artifact_utils.get_split_uri([examples], split) for split in SPLITS}
        with self._make_beam_pipeline() as pipeline:
            read = self.read(pipeline, self._items, self._config)
            write_splits(pipeline, read.examples, folders, self._output_dir)
            write_quarantine(pipeline, read.rejects, read.counts, self._output_dir)
        remove_unfinished(self._output_dir)
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        if notes := self.notes(self._items, self._config):
            quarantine.write_notes(notes, self._output_dir)
        counts = quarantine.read_counts(self._output_dir)
        self.check_counts(counts)
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
        spans: Sequence[Span] = (),
    ) -> None:
        """Configures the component.

        Args:
            task: The declaration.
            source: Which of the task's sources `data_dir` holds.
            data_dir: The data folder, local or remote.
            told: The settings that reading is told.
            source_digest: Digest of the code that reads, so that an edit is noticed.
            patterns: Globs to read in place of the source's own.
            spans: Which spans of data they are, the newest last.
        """
        super().__init__(
            input_base=data_dir,
            input_config=told_to.input_config(patterns or source.patterns),
            **told_to.configs(task, source, told, source_digest, spans),
        )
