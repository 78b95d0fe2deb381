"""Finds a series in a table: its dates and its values, upright or wide, among notes and credits.

Statistics offices export a row for each month, or a column for each month, the newest first, with
credits above and notes below. No TensorFlow here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from modules.common.reading.numbers import is_no_value, is_number
from modules.common.reading.tables import Row, name_key
from modules.common.runtime.errors import DataError
from modules.common.series.date_columns import is_quarter, is_year, looks_like_date
from modules.common.series.dates import parse_date
from modules.common.series.sources import TimeSeriesSource
from modules.common.series.value_columns import choose_column

_MIN_WIDE_DATES = 3
_HEADER_ROWS_SOUGHT = 50
_ROW_NUMBERS = {"id", "index", "no", "no.", "#", "row", "序号", "编号", "行号", "unnamed:0"}


@dataclass(frozen=True)
class LineReject:
    """A row that was set aside, or a gap that was filled.

    Attributes:
        line: Line of the file, from 1; for a gap, of the row that follows it.
        reason: What was expected, what was found, what was done.
        is_bad: Whether it counts against the limit; notes and cells that are empty do not.
    """

    line: int
    reason: str
    is_bad: bool = True


@dataclass(frozen=True)
class Entry:
    """A date and a value, not read yet.

    Attributes:
        line: Line of the file, from 1.
        date: The cell with the date.
        value: That with the value.
    """

    line: int
    date: str
    value: str


@dataclass(frozen=True)
class Found:
    """A series in a table.

    Attributes:
        entries: Its dates and values, in the order of the file.
        rejects: Rows that are no part of it.
        column: Name of the value column, or of the row where it is wide.
        others: Names of the other columns that hold numbers.
    """

    entries: Sequence[Entry]
    rejects: list[LineReject] = field(default_factory=list)
    column: str = ""
    others: tuple[str, ...] = ()


def find_series(rows: Sequence[Row], source: TimeSeriesSource, value_column: str = "") -> Found:
    """Finds the dates and the values.

    Args:
        rows: Of the table, none blank.
        source: Names the columns.
        value_column: The name of the value column, as a person gave it; empty for the likeliest.

    Raises:
        DataError: If there is no such column, or if all that there is are sums since January.
    """
    rejects = [LineReject(row.line, row.fault) for row in rows if row.fault]
    rows = [row for row in rows if not row.fault]
    at = _wide_header(rows)
    found = (
        _upright(rows, source, value_column)
        if at is None
        else _wide(rows, at, source, value_column)
    )
    return Found(found.entries, [*rejects, *found.rejects], found.column, found.others)


def _is_plainly_date(text: str) -> bool:
    """Whether a cell is a date and surely no number."""
    return looks_like_date(text) and not is_number(text)


def _wide_header(rows: Sequence[Row]) -> int | None:
    """Finds the row that holds the dates, where there is a column for each."""
    for place, row in enumerate(rows[:_HEADER_ROWS_SOUGHT]):
        filled = [cell for cell in row.cells if cell]
        plain = sum(map(_is_plainly_date, filled))
        if plain >= _MIN_WIDE_DATES and 2 * plain >= len(filled):
            return place
        rest = [cell for cell in row.cells[1:] if cell]
        is_label = bool(row.cells) and not looks_like_date(row.cells[0])
        if is_label and len(rest) >= _MIN_WIDE_DATES and all(map(looks_like_date, rest)):
            return place
        if plain:
            return None
    return None


def _wide(rows: Sequence[Row], at: int, source: TimeSeriesSource, value_column: str) -> Found:
    header = rows[at].cells
    dated = [column for column, cell in enumerate(header) if looks_like_date(cell)]
    series: dict[str, Row] = {}
    rejects = [_note(row) for row in rows[:at]]
    for row in rows[at + 1 :]:
        name = " ".join(
            cell for column, cell in enumerate(row.cells) if cell and column not in dated
        )
        values = [row.cells[column] for column in dated if column < len(row.cells)]
        if not any(values):
            rejects.append(_note(row))
        elif any(map(is_number, values)):
            series.setdefault(name or f"row {row.line}", row)
        else:
            rejects.append(LineReject(row.line, f"expected numbers, found {_show(row)}"))
    column, others = choose_column(tuple(series), source.value_headers, value_column)
    row = series[column]
    entries = [
        Entry(row.line, header[place], row.cells[place] if place < len(row.cells) else "")
        for place in dated
    ]
    return Found(entries, rejects, column, others)


def _upright(rows: Sequence[Row], source: TimeSeriesSource, value_column: str) -> Found:
    date_at = _date_column(rows, source)
    if date_at is None:
        named = _header_row(rows[:1], 0, source)
        return Found((), [LineReject(row.line, _no_date(row)) for row in rows[named == 0 :]])
    is_date = _cell_test(date_at, looks_like_date)
    first = next(place for place, row in enumerate(rows) if is_date(row))
    header_at = _header_row(rows[:first], date_at, source)
    names = list(rows[header_at].cells) if header_at is not None else []
    data = [row for place, row in enumerate(rows) if place >= first or not _is_text(row)]
    rejects = [
        _note(row) for place, row in enumerate(rows[:first]) if place != header_at and _is_text(row)
    ]
    numeric = _numeric_columns(data, date_at, names)
    column, others = choose_column(tuple(numeric), source.value_headers, value_column)
    value_at = numeric[column]
    entries = []
    for row in data:
        if not is_date(row) and _is_text(row):
            rejects.append(_note(row))
        elif len(row.cells) <= max(date_at, value_at):
            reason = f"expected a date and a value, found {len(row.cells)} columns"
            rejects.append(LineReject(row.line, reason))
        else:
            entries.append(Entry(row.line, row.cells[date_at], row.cells[value_at]))
    return Found(entries, rejects, column, others)


def _cell_test(column: int, test: Callable[[str], bool]) -> Callable[[Row], bool]:
    return lambda row: column < len(row.cells) and test(row.cells[column])


def _is_text(row: Row) -> bool:
    """Whether no cell is a number: a note or a header."""
    return not any(map(is_number, row.cells))


def _note(row: Row) -> LineReject:
    return LineReject(row.line, f"a note, no date and no value: {_show(row)}", is_bad=False)


def _no_date(row: Row) -> str:
    if len(row.cells) < 2:
        return f"expected a date and a value, found {len(row.cells)} columns"
    try:
        parse_date(row.cells[0])
    except ValueError as error:
        return str(error)
    return f"expected a date and a value, found {_show(row)}"


def _show(row: Row) -> str:
    text = ", ".join(filter(None, row.cells))
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _date_column(rows: Sequence[Row], source: TimeSeriesSource) -> int | None:
    """The column with most dates; of several the one that is named so, else the first."""
    width = max((len(row.cells) for row in rows), default=0)
    named = {name_key(name) for name in source.date_headers}
    best: tuple[float, int | None] = (0.0, None)
    for column in range(width):
        cells = [row.cells[column] for row in rows if column < len(row.cells) and row.cells[column]]
        # Years alone may be any numbers.
        score = sum(looks_like_date(cell) and not is_year(cell) for cell in cells)
        score += sum(map(_is_plainly_date, cells))
        if score and any(name_key(cell) in named for cell in cells[:_HEADER_ROWS_SOUGHT]):
            score += 2 * len(rows)
        if score > best[0]:
            best = (score, column)
    return best[1]


def _header_row(rows: Sequence[Row], date_at: int, source: TimeSeriesSource) -> int | None:
    """The row of names above the first date: one with names that are known, else the last."""
    known = {name_key(name) for name in (*source.date_headers, *source.value_headers)}
    candidates = [
        place
        for place, row in enumerate(rows)
        if _is_text(row) and any(cell for at, cell in enumerate(row.cells) if at != date_at)
    ]
    named = [
        place for place in candidates if any(name_key(cell) in known for cell in rows[place].cells)
    ]
    return next(iter(named or candidates[-1:]), None)


def _numeric_columns(data: Sequence[Row], date_at: int, names: Sequence[str]) -> dict[str, int]:
    """Columns whose values are numbers, by name; those that only count rows are left out."""
    width = max(len(row.cells) for row in data)
    found: dict[str, int] = {}
    counters: dict[str, int] = {}
    for column in range(width):
        cells = [row.cells[column] for row in data if column < len(row.cells)]
        given = [cell for cell in cells if not is_no_value(cell)]
        if column == date_at or 2 * sum(map(is_number, given)) < max(1, len(given)):
            continue
        given_name = names[column] if column < len(names) else ""
        name = given_name or f"column {column + 1}"
        name = name if name not in found else f"{name} ({column + 1})"
        is_counter = name_key(given_name) in _ROW_NUMBERS or (not given_name and _counts_up(given))
        (counters if is_counter else found)[name] = column
    if not found and not counters:
        # So that every row says what was found in the place of a value.
        column = 1 if date_at == 0 and width > 1 else 0
        if column == date_at:
            raise DataError(f"expected a date and a value in each row, found {_show(data[0])}")
        name = names[column] if column < len(names) and names[column] else f"column {column + 1}"
        return {name: column}
    return found or counters


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether a column is the number of the row, from 0 or 1, and no measurement."""
    start = cells[0]
    if start not in ("0", "1") or len(cells) < 2:
        return False
    return all(cell == str(int(start) + place) for place, cell in enumerate(cells))


def is_quarterly(entries: Sequence[Entry]) -> bool:
    """Tells whether most of the dates are quarters."""
    return 2 * sum(is_quarter(entry.date) for entry in entries) > len(entries)
