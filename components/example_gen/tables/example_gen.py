"""Rows of tables to examples, row by row; a bad row is set aside with its line and reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.read_group import GROUP_ITEMS
from components.example_gen.records import SET_ASIDE, Record, Reject, split_of
from components.example_gen.tables.csv_tables import Table, open_settled, open_table, settle
from modules.common.declaring.sources import RawFeatures, RawValue
from modules.common.reading.table_sources import Column
from modules.common.reading.tables import Row
from modules.common.reading.text_encodings import describe_garbled
from modules.common.runtime.errors import DataError
from modules.common.tables.sources import CsvSource

_UNDECODABLE = "\ufffd"
_REASON_CHARS = 300
_FILES_SHOWN = 5
_GROUPS = 16
_CACHED_CELLS = 1 << 16


def read_csv(path: str, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one file.

    Args:
        path: A table.
        config: Its source must be a `CsvSource`. Where `prepare` did not settle how values are
            written, the file alone tells.

    Yields:
        A record for each good row, a reject for each line of a bad one: a quote that is missing
        makes one row of many lines, and they count as lost. Blank rows are passed over; a file
        without rows is set aside.
    """
    source: CsvSource = config.source
    table, conventions = open_settled(path, config)
    readers = readers_of(table, source, conventions)
    has_rows = False
    for row in table.rows:
        has_rows = True
        try:
            features = read_features(row, table, readers, source)
        except ValueError as error:
            yield from rejects_of(config.relative(path), row, str(error))
            continue
        key = "\0".join(str(features[feature]) for feature in source.key)
        yield Record(split_of(key, source.eval_percent), features)
    if not has_rows:
        fault = table.fault or "the file has a header and no rows"
        yield Reject(config.relative(path), "", fault, SET_ASIDE)


_Readers = Sequence[tuple[str, int, Callable[[str], RawValue]]]


def readers_of(table: Table, source: CsvSource, conventions: Mapping[str, str]) -> _Readers:
    """Gives what reads the cells: feature, position, and a function quick for what repeats.

    Args:
        table: An open one.
        source: Says which columns are read.
        conventions: How values are written, by the name of the `Convention`.
    """
    remember = (lambda read: read) if table.is_small else lru_cache(_CACHED_CELLS)
    return [
        (
            column.feature,
            table.positions[column.feature],
            remember(partial(_read_cell, column, conventions, table.encoding)),
        )
        for column in source.columns
        if table.positions
    ]


def _read_cell(
    column: Column, conventions: Mapping[str, str], encoding: str, cell: str
) -> RawValue:
    if fault := describe_garbled(cell, encoding):
        raise ValueError(fault)
    if column.convention:
        return column.convention.parse(cell, conventions[column.convention.name])
    return column.parse(cell)


def read_features(row: Row, table: Table, readers: _Readers, source: CsvSource) -> RawFeatures:
    """Reads a row as raw features.

    Args:
        row: Of the table.
        table: Says how many fields there must be.
        readers: What `readers_of` gave.
        source: May derive more features.

    Raises:
        ValueError: With the reason, if the row is bad.
    """
    if row.fault:
        raise ValueError(row.fault)
    cells, wanted = row.cells, len(table.header)
    if len(cells) != wanted and any(cells[wanted:]) or len(cells) < wanted:
        raise ValueError(f"expected {wanted} fields as in the header, found {len(cells)}")
    if _UNDECODABLE in "".join(cells):
        cell = next(cell for cell in cells if _UNDECODABLE in cell)
        raise ValueError(describe_garbled(cell, table.encoding))
    features: dict[str, Any] = {}
    for feature, at, read in readers:
        try:
            features[feature] = read(cells[at])
        except ValueError as error:
            raise ValueError(f"{table.header[at]}: {error}") from error
    if source.derive is not None:
        features |= source.derive(features)
    return features


def rejects_of(name: str, row: Row, reason: str) -> Iterator[Reject]:
    """Gives a reject for each line of a bad row.

    Args:
        name: Of the file.
        row: The row.
        reason: What is wrong with it.
    """
    if len(reason) > _REASON_CHARS:
        reason = reason[: _REASON_CHARS - 1] + "…"
    yield Reject(name, f"line {row.line}", reason)
    for line in range(row.line + 1, row.last_line + 1):
        part = f"part of the bad row that begins in line {row.line}; is a quote missing?"
        yield Reject(name, f"line {line}", part)


class Executor(SourceExecutor):
    """Reads tables."""

    reader = staticmethod(read_csv)

    @classmethod
    def prepare(cls, items: Sequence[str], config: ReadConfig) -> ReadConfig:
        """Looks at all tables: how their values are written, and which of them are empty.

        Raises:
            DataError: If one lacks a column or is no table, if none has a row, or if values can be
                read in two ways.
        """
        empty: dict[str, str] = {}

        def tables() -> Iterator[Table]:
            for path in items:
                table = open_table(path, config)
                first = next(table.rows, None)
                if first is None:
                    empty[config.relative(path)] = table.fault or "a header and no rows"
                else:
                    yield dataclasses.replace(table, rows=_chain(first, table.rows))

        conventions = settle(tables(), config.source, config)
        shown = [f"{name} ({fault})" for name, fault in list(empty.items())[:_FILES_SHOWN]]
        if len(empty) > _FILES_SHOWN:
            shown.append(f"{len(empty) - _FILES_SHOWN:,} more")
        if empty and len(empty) == len(items):
            raise DataError(
                f"the files hold no record at all: {', '.join(shown)}; {config.task_name} reads "
                f"{config.source.layout}"
            )
        notes = (f"without rows: {', '.join(shown)}",) if empty else ()
        return dataclasses.replace(config, conventions=conventions, notes=notes)

    @classmethod
    def spread(cls, pipeline: beam.Pipeline, items: Sequence[str]) -> beam.PCollection:
        """Gives the files in groups: many small ones would cost more to hand out than to read."""
        size = max(1, min(GROUP_ITEMS, len(items) // _GROUPS))
        groups = [items[start : start + size] for start in range(0, len(items), size)]
        return pipeline | "Items" >> beam.Create(groups) | "Spread" >> beam.Reshuffle()


def _chain(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


class CsvExampleGen(SourceExampleGen):
    """ExampleGen for `CsvSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
