"""Reads a time series from a CSV file: one date and one value in each row, evenly spaced.

The spacing (monthly, weekly or daily) is inferred from the dates. Rows that cannot be read, dates
that come twice and dates that are missing are reported with their line; a short gap is filled, a
long one is an error. No TensorFlow here.
"""

from __future__ import annotations

import csv
import datetime
import io
import math
import statistics
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from modules.common.dates import parse_date
from modules.common.errors import DataError
from modules.common.file_formats import describe_other_format
from modules.common.sources import TimeSeriesSource
from modules.common.text_encodings import decode

Frequency = Literal["monthly", "weekly", "daily"]

MAX_FILLED_GAP = 2
_SEASON = {"monthly": 12, "weekly": 52, "daily": 7}
_SHOWN = 12


@dataclass(frozen=True)
class TimeSeries:
    """An evenly spaced series without gaps.

    Attributes:
        dates: The first day of each period, rising.
        values: One for each date.
        frequency: The spacing.
    """

    dates: tuple[datetime.date, ...]
    values: tuple[float, ...]
    frequency: Frequency


@dataclass(frozen=True)
class LineReject:
    """A row that was set aside, or a gap that was filled.

    Attributes:
        line: Line of the file, from 1; for a gap, of the row that follows it.
        reason: What was expected, what was found, what was done.
    """

    line: int
    reason: str


@dataclass(frozen=True)
class _Row:
    line: int
    date: datetime.date
    value: float


def parse(content: bytes, source: TimeSeriesSource) -> tuple[TimeSeries, list[LineReject]]:
    """Reads a series.

    Args:
        content: The file, in any encoding that `text_encodings` tells; comma, semicolon or tab
            between the columns; with or without a header.
        source: Names the columns.

    Returns:
        The series, and what was set aside or filled, by line.

    Raises:
        DataError: If fewer than three rows can be read, the spacing is uneven, or a gap is longer
            than `MAX_FILLED_GAP` periods.
    """
    if what := describe_other_format(content):
        raise DataError(f"expected {source.layout}; the file is {what}")
    rejects: list[LineReject] = []
    rows = list(_rows(decode(content), source, rejects))
    if len({row.date for row in rows}) < 3:
        told = "".join(f"\n  line {item.line}: {item.reason}" for item in rejects[:_SHOWN])
        raise DataError(
            f"expected {source.layout}; found {len(rows)} rows with a date and a value, "
            f"and a series has at least three different dates{told}"
        )
    frequency = _frequency(rows)
    placed = _place(rows, frequency, rejects)
    values, lines = [], []
    for slot in range(max(placed) + 1):
        row = placed.get(slot)
        values.append(row.value if row else math.nan)
        lines.append(row.line if row else 0)
    first = placed[0].date
    dates = tuple(_date_of(first, slot, frequency) for slot in range(len(values)))
    filled = _fill(values, lines, dates, frequency, rejects)
    rejects.sort(key=lambda item: item.line)
    return TimeSeries(dates, tuple(filled), frequency), rejects


def _rows(text: str, source: TimeSeriesSource, rejects: list[LineReject]) -> Iterator[_Row]:
    """Parses row by row; the first row is a header unless it holds a date and a value."""
    first_line = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: tuple[int, int] | None = None
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            header = _header(cells, source)
            columns = header or (0, 1)
            if header:
                continue
        try:
            yield _row(cells, columns, reader.line_num)
        except ValueError as error:
            rejects.append(LineReject(reader.line_num, str(error)))


def _header(cells: Sequence[str], source: TimeSeriesSource) -> tuple[int, int] | None:
    """Finds both columns in a header; `None` if the first row is data already."""
    names = [cell.strip().lower() for cell in cells]
    date = [i for i, name in enumerate(names) if name in _lower(source.date_headers)]
    value = [i for i, name in enumerate(names) if name in _lower(source.value_headers)]
    if date or value:
        date_at = date[0] if date else next(i for i in (0, 1) if i not in value[:1])
        return date_at, value[0] if value else (1 if date_at == 0 else 0)
    return None if any(character.isdigit() for character in names[0]) else (0, 1)


def _lower(names: Sequence[str]) -> set[str]:
    return {name.lower() for name in names}


def _row(cells: Sequence[str], columns: tuple[int, int], line: int) -> _Row:
    if len(cells) <= max(columns):
        raise ValueError(f"expected a date and a value, found {len(cells)} columns")
    return _Row(line, parse_date(cells[columns[0]]), parse_value(cells[columns[1]]))


def parse_value(text: str) -> float:
    """Reads a number; thousands separators and full-width digits are allowed.

    Raises:
        ValueError: If it is not a finite number.
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", "").replace(" ", "")
    try:
        value = float(plain)
    except ValueError:
        raise ValueError(f"expected a number, found {text.strip()!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {text.strip()!r}")
    return value


def _frequency(rows: Sequence[_Row]) -> Frequency:
    """Infers the spacing from the commonest distance between neighbouring dates."""
    days = sorted({row.date for row in rows})
    step = statistics.median((b - a).days for a, b in zip(days, days[1:], strict=False))
    if step == 1:
        return "daily"
    if step == 7:
        return "weekly"
    if 28 <= step <= 31:
        return "monthly"
    raise DataError(
        f"expected monthly, weekly or daily dates, found dates {step:g} days apart "
        f"(from {days[0]} to {days[-1]})"
    )


def _place(
    rows: Sequence[_Row], frequency: Frequency, rejects: list[LineReject]
) -> dict[int, _Row]:
    """Gives each row its place in the series; duplicates and rows off the grid are rejected."""
    first = min(row.date for row in rows)
    placed: dict[int, _Row] = {}
    for row in rows:
        slot = _slot(first, row.date, frequency)
        if slot is None:
            reason = f"{row.date} is not a whole number of weeks after {first}; left out"
        elif slot not in placed:
            placed[slot] = row
            continue
        else:
            kept = placed[slot]
            same = "the same" if kept.value == row.value else "another"
            reason = (
                f"{_label(row.date, frequency)} again with {same} value {row.value:g}; "
                f"line {kept.line} with {kept.value:g} is kept"
            )
        rejects.append(LineReject(row.line, reason))
    return placed


def _slot(first: datetime.date, date: datetime.date, frequency: Frequency) -> int | None:
    if frequency == "monthly":
        return (date.year - first.year) * 12 + date.month - first.month
    weeks, rest = divmod((date - first).days, 7)
    if frequency == "weekly":
        return None if rest else weeks
    return (date - first).days


def _date_of(first: datetime.date, slot: int, frequency: Frequency) -> datetime.date:
    if frequency == "monthly":
        years, month = divmod(first.month - 1 + slot, 12)
        return datetime.date(first.year + years, month + 1, 1)
    return first + datetime.timedelta(days=slot * (7 if frequency == "weekly" else 1))


def _label(date: datetime.date, frequency: Frequency) -> str:
    return f"{date:%Y-%m}" if frequency == "monthly" else str(date)


def _fill(
    values: list[float],
    lines: Sequence[int],
    dates: Sequence[datetime.date],
    frequency: Frequency,
    rejects: list[LineReject],
) -> list[float]:
    """Fills short gaps, log-linearly between the neighbours' ratios to a season before."""
    gaps = list(_gaps(values))
    long = [gap for gap in gaps if len(gap) > MAX_FILLED_GAP]
    if long:
        missing = [_label(dates[slot], frequency) for gap in long for slot in gap]
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise DataError(
            f"the series is {frequency} and these dates are missing: "
            f"{', '.join(missing[:_SHOWN])}{more}; gaps of up to {MAX_FILLED_GAP} are filled, "
            f"longer ones need values"
        )
    filled = list(values)
    for gap in gaps:
        for slot in gap:
            filled[slot] = _interpolate(filled, gap, slot, _SEASON[frequency])
            reason = (
                f"{_label(dates[slot], frequency)} is missing before this line; "
                f"{filled[slot]:.6g} was interpolated"
            )
            rejects.append(LineReject(lines[gap.stop], reason))
    return filled


def _gaps(values: Sequence[float]) -> Iterator[range]:
    slot = 0
    while slot < len(values):
        if math.isnan(values[slot]):
            stop = slot
            while math.isnan(values[stop]):
                stop += 1
            yield range(slot, stop)
            slot = stop
        slot += 1


def _interpolate(values: Sequence[float], gap: range, slot: int, season: int) -> float:
    before, after = gap.start - 1, gap.stop
    share = (slot - before) / (after - before)
    base = [1.0, 1.0, 1.0]
    if before >= season:
        base = [values[i - season] for i in (before, slot, after)]
    if min(values[before], values[after], *base) <= 0:
        return values[before] + share * (values[after] - values[before])
    low, high = math.log(values[before] / base[0]), math.log(values[after] / base[2])
    return base[1] * math.exp(low + share * (high - low))
