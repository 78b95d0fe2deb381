"""ExampleGens for inference: requests to examples, in one split and each with its key."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec

from components.example_gen import quarantine, told
from components.example_gen.base import SourceExecutor
from components.example_gen.driver import Driver
from components.example_gen.read_config import ReadConfig
from components.example_gen.requests import reader
from components.example_gen.requests.reader import Item
from components.example_gen.tables.csv_tables import open_table, settle
from modules.common.asking.batches import RequestSource, RowRequests, carried_by, make_source
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Task, Value

CARRIED = "carried"
"""Property of the examples: JSON of the columns whose cells each of them carries."""


class _Executor(SourceExecutor):
    """Reads requests. Items are files with their numbers."""

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> Sequence[Item]:
        """Lists the files, in the order in which answers come."""
        return list(enumerate(super().items(config, patterns)))

    @classmethod
    def read_config(cls, exec_properties: dict[str, Any]) -> tuple[ReadConfig, list[str]]:
        """Gives what the reader is told and the patterns of the files."""
        values, patterns = told.unpack(exec_properties)
        task = load_task(values["task"])
        config = ReadConfig(
            task_name=task.name,
            source=make_source(task, values["form"], json.loads(values["said"])),
            settings=task.settings(),
            data_dir=exec_properties.get("input_base", ""),
        )
        return config, patterns

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs, then says which columns answers carry."""
        super().Do(input_dict, output_dict, exec_properties)
        [examples] = output_dict["examples"]
        carried = json.dumps(carried_by(self._config.source), ensure_ascii=False)
        examples.set_string_custom_property(CARRIED, carried)

    def check_counts(self, counts: quarantine.Counts) -> None:
        """Raises `DataError` where nothing is left: whatever can be answered is."""
        if not counts.examples:
            super().check_counts(counts)


class FileExecutor(_Executor):
    """Reads files."""

    reader = staticmethod(reader.read_file)
    in_processes = True


class LineExecutor(_Executor):
    """Reads lines of text."""

    reader = staticmethod(reader.read_text_lines)


class RowExecutor(_Executor):
    """Reads rows of tables."""

    reader = staticmethod(reader.read_rows)

    @classmethod
    def prepare(cls, items: Sequence[Item], config: ReadConfig) -> ReadConfig:
        """Finds out which columns there are, and how values are written where that must be told.

        Raises:
            DataError: If a table lacks a column or is none, or values can be read in two ways.
        """
        source: RowRequests = config.source
        headers = [open_table(path, config).header for _, path in items]
        carried = tuple(dict.fromkeys(name for header in headers for name in header if name))
        tables = (open_table(path, config) for _, path in items)
        conventions = settle(tables, source, config)
        return dataclasses.replace(
            config, source=dataclasses.replace(source, carried=carried), conventions=conventions
        )


class RequestExampleGen(FileBasedExampleGen):
    """A file-based ExampleGen for one `RequestSource`. Derived classes set `EXECUTOR_SPEC`."""

    DRIVER_CLASS = Driver

    def __init__(
        self,
        task: Task,
        source: RequestSource,
        data_dir: str,
        source_digest: str,
        patterns: Sequence[str],
    ) -> None:
        """Configures the component.

        Args:
            task: The declaration.
            source: What `data_dir` holds.
            data_dir: The data folder.
            source_digest: Digest of the code that reads, so that an edit is noticed.
            patterns: Globs of the files that are read.
        """
        said: Mapping[str, Value] = source.said
        super().__init__(
            input_base=data_dir,
            input_config=told.input_config(patterns),
            **told.pack(
                {
                    "task": task.name,
                    "form": type(source).__name__,
                    "said": json.dumps(dict(said), ensure_ascii=False, sort_keys=True),
                    "source_digest": source_digest,
                }
            ),
        )


class FileRequestExampleGen(RequestExampleGen):
    """ExampleGen for `FileRequests`."""

    EXECUTOR_SPEC: ClassVar[Any] = executor_spec.BeamExecutorSpec(FileExecutor)


class LineRequestExampleGen(RequestExampleGen):
    """ExampleGen for `LineRequests`."""

    EXECUTOR_SPEC: ClassVar[Any] = executor_spec.BeamExecutorSpec(LineExecutor)


class RowRequestExampleGen(RequestExampleGen):
    """ExampleGen for `RowRequests`."""

    EXECUTOR_SPEC: ClassVar[Any] = executor_spec.BeamExecutorSpec(RowExecutor)
