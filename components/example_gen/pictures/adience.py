"""Adience to examples: rows of five tables, each with a face; one table is the evaluation split."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.pictures.adience_reader import COLUMNS, Row, read_row
from components.example_gen.read_config import ReadConfig
from components.example_gen.text_files import open_text
from modules.common.pictures.sources import AdienceSource
from modules.common.runtime.errors import DataError


class Executor(SourceExecutor):
    """Reads rows. Items are lines of the tables."""

    reader = staticmethod(read_row)
    in_processes = True

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> list[Row]:
        """Reads the tables' lines; the rows of a fold are one split.

        Args:
            config: What the reader will be told.
            patterns: Globs of the tables, those of the faces among them.

        Raises:
            DataError: If the fold to evaluate on, or all others, are missing, if a table lacks a
                column, or if there are no rows at all.
        """
        source: AdienceSource = config.source
        fold = config.settings.fold
        eval_table = source.tables[fold]
        tables = [table for table in source.tables if _is_there(table, config, patterns)]
        if eval_table not in tables or len(tables) < 2:
            raise DataError(
                f"{config.data_dir} holds {', '.join(tables) or 'none of the tables'}; expected "
                f"{eval_table} to evaluate on and others to train on: --set fold= chooses"
            )
        return [
            row
            for table in tables
            for row in _rows(table, "eval" if table == eval_table else "train", config)
        ]

    @classmethod
    def check(cls, paths: Sequence[Row], config: ReadConfig) -> None:
        """Raises `DataError` where there are no rows, or no folder of faces."""
        if not paths:
            raise DataError(f"the tables in {config.data_dir} hold no rows, only headers")
        if not fileio.isdir(os.path.join(config.data_dir, "aligned")):
            raise DataError(
                f"{config.data_dir} has no folder aligned/; {config.task_name} reads "
                f"{config.source.layout}"
            )


def _is_there(table: str, config: ReadConfig, patterns: Sequence[str]) -> bool:
    wanted = any(fnmatchcase(table, pattern) for pattern in patterns)
    return wanted and bool(fileio.exists(os.path.join(config.data_dir, table)))


def _rows(table: str, split: str, config: ReadConfig) -> Iterator[Row]:
    """Gives a table's lines below the header, blank ones left out."""
    text = open_text(os.path.join(config.data_dir, table))
    if text.other_format:
        raise DataError(f"{table} is {text.other_format}; expected {config.source.layout}")
    head = next(text.lines, "")
    header = tuple(name.strip() for name in head.split("\t"))
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise DataError(
            f"{table} has no column {', '.join(missing)}; expected a tab-separated header with "
            f"{', '.join(COLUMNS)}, found {' '.join(header) or 'an empty file'}"
        )
    for number, line in enumerate(text.lines, start=2):
        if line.strip():
            yield Row(
                table=table,
                line=number,
                text=line.rstrip("\r\n"),
                encoding=text.encoding,
                header=header,
                split=split,
            )


class AdienceExampleGen(SourceExampleGen):
    """ExampleGen for `AdienceSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
