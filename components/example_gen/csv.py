"""CSV rows to examples, row by row; a bad row is set aside with its line and reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject, split_of
from components.example_gen.text_files import encoding_of, other_format, read_lines
from modules.common.errors import DataError
from modules.common.sources import CsvSource, RawFeatures
from modules.common.text_encodings import describe_garbled

_UNDECODABLE = "\ufffd"
_REASON_CHARS = 300


def read_csv(path: str, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one file.

    Args:
        path: A CSV file with a header.
        config: Its source must be a `CsvSource`.

    Yields:
        A record for each good row, a reject for each line of a bad one: a quote that is missing
        makes one row of many lines, and they count as lost. Blank rows count as bad.
    """
    source: CsvSource = config.source
    encoding = encoding_of(path)
    rows = csv.reader(_keep_nul_out(read_lines(path)))
    header = [cell.strip() for cell in next(rows, [])]
    positions = _positions(header, source)
    while True:
        first = rows.line_num + 1
        try:
            features = _features(next(rows), header, positions, source, encoding)
        except StopIteration:
            return
        except (ValueError, csv.Error) as error:
            reason = str(error)
            if len(reason) > _REASON_CHARS:
                reason = reason[: _REASON_CHARS - 1] + "…"
            yield Reject(config.relative(path), f"line {first}", reason)
            for line in range(first + 1, rows.line_num + 1):
                part = f"part of the bad row that begins in line {first}; is a quote missing?"
                yield Reject(config.relative(path), f"line {line}", part)
            continue
        key = "\0".join(str(features[name]) for name in source.key)
        yield Record(split_of(key, source.eval_percent), features)


def _keep_nul_out(lines: Iterator[str]) -> Iterator[str]:
    """Python 3.10's reader fails on NUL; the row is rejected as undecodable instead."""
    return (line.replace("\0", _UNDECODABLE) for line in lines)


def _positions(header: list[str], source: CsvSource) -> dict[str, int]:
    """Feature to the position of its column; columns that are missing are left out."""
    known = {name.lower(): position for position, name in reversed(list(enumerate(header)))}
    return {
        column.feature: known[name.lower()]
        for column in source.columns
        for name in reversed(column.headers)
        if name.lower() in known
    }


def _features(
    row: list[str],
    header: list[str],
    positions: dict[str, int],
    source: CsvSource,
    encoding: str,
) -> RawFeatures:
    if not any(cell.strip() for cell in row):
        raise ValueError("blank row")
    if len(row) != len(header):
        raise ValueError(f"expected {len(header)} fields as in the header, found {len(row)}")
    read = {positions[column.feature] for column in source.columns}
    for at, cell in enumerate(row):
        fault = describe_garbled(cell, encoding) if at in read or _UNDECODABLE in cell else ""
        if fault:
            raise ValueError(f"{header[at]}: {fault}")
    features = {}
    for column in source.columns:
        cell = row[positions[column.feature]].strip()
        try:
            features[column.feature] = column.parse(cell)
        except ValueError as error:
            raise ValueError(f"{header[positions[column.feature]]}: {error}") from error
    if source.derive is not None:
        features |= source.derive(features)
    return features


class Executor(SourceExecutor):
    """Reads CSV files."""

    reader = staticmethod(read_csv)

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Reads the headers only.

        Raises:
            DataError: If a file is empty or lacks a column.
        """
        source: CsvSource = config.source
        for path in paths:
            if what := other_format(path):
                raise DataError(f"{config.relative(path)} is {what}; expected {source.layout}")
            lines = read_lines(path)
            header = [cell.strip() for cell in next(csv.reader(_keep_nul_out(lines)), [])]
            missing = [
                column.headers[0]
                for column in source.columns
                if column.feature not in _positions(header, source)
            ]
            if missing:
                raise DataError(
                    f"{config.relative(path)} has no column {', '.join(missing)}; "
                    f"expected {source.layout}, "
                    + (f"found the header {','.join(header)}" if header else "found an empty file")
                )


class CsvExampleGen(SourceExampleGen):
    """ExampleGen for `CsvSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
