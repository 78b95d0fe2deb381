"""Tables of a `CsvSource`: which column is which, and how the values of all are written."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from components.example_gen.read_config import ReadConfig
from components.example_gen.text_files import open_text
from modules.common.reading.table_sources import Column, Convention
from modules.common.reading.tables import (
    DELIMITERS,
    Dialect,
    Row,
    name_key,
    read_rows,
    separator_line,
    sniff,
)
from modules.common.reading.text_encodings import describe_garbled
from modules.common.runtime.errors import DataError
from modules.common.tables.sources import CsvSource

_SAMPLE_ROWS = 1000
_TITLE_ROWS = 10
_SURE_SHARE = 0.95
_MAX_DIFFERENT_CELLS = 10_000
_SHOWN_CHARS = 200


@dataclass(frozen=True)
class Table:
    """A table that was opened.

    Attributes:
        encoding: Of the file.
        delimiter: What parts its columns.
        header: Names of the columns; of a table without a header, `column 1` and so on.
        positions: The column of each feature.
        rows: Those below the header, blank ones left out.
        is_small: Whether the file is.
        fault: Why there are none: the file is empty; else empty.
    """

    encoding: str
    delimiter: str
    header: Sequence[str]
    positions: Mapping[str, int]
    rows: Iterator[Row]
    is_small: bool = True
    fault: str = ""


def open_table(path: str, config: ReadConfig) -> Table:
    """Opens a table and finds its columns.

    Args:
        path: Of the file.
        config: Its source must be a `CsvSource`.

    Raises:
        DataError: If it is no text, or lacks a column.
        OSError: If it cannot be read.
    """
    source: CsvSource = config.source
    text = open_text(path)
    if text.other_format:
        raise DataError(f"{config.relative(path)} is {text.other_format}; expected {source.layout}")
    dialect = _dialect(text.head, text.is_whole, source)
    rows: Iterator[Row] = (row for row in read_rows(text.lines, dialect) if not row.is_blank)
    first = next(rows, None)
    if first is None:
        return Table(text.encoding, dialect.delimiter, (), {}, rows, fault="the file is empty")
    positions = positions_of(first.cells, source)
    header = first.cells
    if len(positions) < len(source.columns):
        sample = [first, *itertools.islice(rows, _SAMPLE_ROWS)]
        if below := _below_title(sample[1:_TITLE_ROWS], source):
            header, positions = sample[below].cells, positions_of(sample[below].cells, source)
            rows = itertools.chain(sample[below + 1 :], rows)
        elif found := _recognize(sample, source):
            header = [f"column {at + 1}" for at in range(len(first.cells))]
            positions, rows = found, itertools.chain(sample, rows)
        else:
            raise DataError(_lacking(path, first, positions, text.encoding, config))
    return Table(text.encoding, dialect.delimiter, _trim(header), positions, rows, text.is_whole)


def positions_of(header: Sequence[str], source: CsvSource) -> dict[str, int]:
    """Feature to the position of its column; columns that are missing are left out."""
    known = {name_key(name): at for at, name in reversed(list(enumerate(header)))}
    return {
        column.feature: known[name_key(name)]
        for column in source.columns
        for name in reversed(column.headers)
        if name_key(name) in known
    }


def _dialect(head: str, is_whole: bool, source: CsvSource) -> Dialect:
    """What a first line says, what gives the header its columns, or what is sniffed."""
    lines = io.StringIO(head, newline="")
    first = next((line for line in lines if line.strip()), "")
    if said := separator_line(first):
        return said
    for delimiter in DELIMITERS:
        if delimiter in first:
            header = next(read_rows([first], Dialect(delimiter))).cells
            if len(positions_of(header, source)) == len(source.columns):
                return Dialect(delimiter)
    return sniff(head, is_whole)


def _below_title(rows: Sequence[Row], source: CsvSource) -> int:
    """How many rows of title are above the header; 0 where there is no header among `rows`."""
    wanted = len(source.columns)
    at = (at for at, row in enumerate(rows, 1) if len(positions_of(row.cells, source)) == wanted)
    return next(at, 0)


def _recognize(rows: Sequence[Row], source: CsvSource) -> dict[str, int] | None:
    """The columns of a table without a header, where its values leave no doubt."""
    if not all(column.recognizes for column in source.columns):
        return None
    width = len(rows[0].cells)
    if width != len(source.columns) or any(row.fault for row in rows[:1]):
        return None
    columns = list(zip(*(row.cells for row in rows if len(row.cells) == width), strict=True))
    found = {
        column.feature: [at for at in range(width) if _are_of(columns[at], column)]
        for column in source.columns
    }
    if any(len(places) != 1 for places in found.values()):
        return None
    positions = {feature: places[0] for feature, places in found.items()}
    return positions if len(set(positions.values())) == width else None


def _are_of(cells: Sequence[str], column: Column) -> bool:
    """Whether the first cell, and nearly all, can be of this column alone."""
    assert column.recognizes is not None
    known = sum(map(column.recognizes, cells))
    return column.recognizes(cells[0]) and known >= _SURE_SHARE * len(cells)


def _lacking(
    path: str, first: Row, positions: Mapping[str, int], encoding: str, config: ReadConfig
) -> str:
    source: CsvSource = config.source
    missing = [column.headers[0] for column in source.columns if column.feature not in positions]
    shown = ",".join(first.cells)
    if len(shown) > _SHOWN_CHARS:
        shown = f"{shown[:_SHOWN_CHARS]}…"
    garbled = next(filter(None, (describe_garbled(cell, encoding) for cell in first.cells)), "")
    return (
        f"{config.relative(path)} has no column {', '.join(missing)}; expected {source.layout}, "
        f"found the header {shown}" + (f": {garbled}" if garbled else "")
    )


def _trim(header: Sequence[str]) -> list[str]:
    """Leaves out columns without a name at the end."""
    names = list(header)
    while names and not names[-1]:
        names.pop()
    return names


def open_settled(path: str, config: ReadConfig) -> tuple[Table, Mapping[str, str]]:
    """Opens a table, and says how its values are written.

    Args:
        path: A table.
        config: Its source has `columns`. Where its `conventions` do not say how values are written,
            the table alone tells.

    Returns:
        The table, and the ways by the name of the `Convention`.

    Raises:
        DataError: As `open_table` and `settle` do.
    """
    source: CsvSource = config.source
    conventions: Mapping[str, str] = config.conventions
    if not conventions and any(column.convention for column in source.columns):
        conventions = settle([open_table(path, config)], source, config)
    return open_table(path, config), conventions


def settle(tables: Iterable[Table], source: CsvSource, config: ReadConfig) -> dict[str, str]:
    """Finds out how values are written, from all rows of all tables.

    Args:
        tables: Opened; their rows are used up.
        source: Says which columns need it.
        config: Its settings may say so.

    Returns:
        By the name of the `Convention`.

    Raises:
        DataError: If they can be read in two ways.
    """
    conventions: dict[str, Convention] = {}
    features: dict[str, list[str]] = {}
    for column in source.columns:
        if column.convention:
            conventions[column.convention.name] = column.convention
            features.setdefault(column.convention.name, []).append(column.feature)
    cells: dict[str, Counter[str]] = {name: Counter() for name in conventions}
    delimiters = set()
    for table in tables:
        delimiters.add(table.delimiter)
        if not conventions:
            continue
        places = {
            name: [table.positions[feature] for feature in of if feature in table.positions]
            for name, of in features.items()
        }
        for row in table.rows:
            for name, at in places.items():
                _count(cells[name], row, at)
    return {
        name: convention.settle(cells[name], getattr(config.settings, name), delimiters)
        for name, convention in conventions.items()
    }


def _count(cells: Counter[str], row: Row, places: Sequence[int]) -> None:
    """Counts cells; no more different ones than are needed to tell."""
    for at in places:
        if at < len(row.cells):
            cell = row.cells[at]
            if cell in cells or len(cells) < _MAX_DIFFERENT_CELLS:
                cells[cell] += 1
