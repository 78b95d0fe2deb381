"""Reads a time series from a CSV file: one date and one value in each row, evenly spaced.

The spacing (monthly, weekly or daily) is inferred from the dates. Rows that cannot be read, dates
that come twice and dates that are missing are reported with their line; a short gap is filled, a
long one is an error. No TensorFlow here.
"""

from __future__ import annotations

import datetime
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from modules.common.reading import numbers
from modules.common.reading.file_formats import describe_other_format
from modules.common.reading.tables import Dialect, lines_of, read_rows, sniff
from modules.common.reading.text_encodings import decode
from modules.common.runtime.errors import DataError
from modules.common.series import date_columns
from modules.common.series.series_table import Entry, LineReject, find_series, is_quarterly
from modules.common.series.settings import SeriesSettings
from modules.common.series.sources import TimeSeriesSource

Frequency = Literal["monthly", "weekly", "daily"]

MAX_FILLED_GAP = 2
_DEFAULTS = SeriesSettings()
_SEASON = {"monthly": 12, "weekly": 52, "daily": 7}
_SHOWN = 12
_OTHERS = {"quarterly ": range(88, 94), "half-yearly ": range(180, 186), "yearly ": range(364, 368)}


@dataclass(frozen=True)
class TimeSeries:
    """An evenly spaced series without gaps.

    Attributes:
        dates: The first day of each period, rising.
        values: One for each date.
        frequency: The spacing.
        column: Name of the column that the values are from.
        others: Names of the other columns that hold numbers.
        rows: How many rows of the file the values are from; others were filled in.
    """

    dates: tuple[datetime.date, ...]
    values: tuple[float, ...]
    frequency: Frequency
    column: str = ""
    others: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class _Row:
    line: int
    date: datetime.date
    value: float


def parse(
    content: bytes, source: TimeSeriesSource, settings: SeriesSettings = _DEFAULTS
) -> tuple[TimeSeries, list[LineReject]]:
    """Reads a series.

    Args:
        content: The file, in any encoding that `text_encodings` tells; comma, semicolon, tab or
            `|` between the columns; upright or wide; with or without a header.
        source: Names the columns.
        settings: What a person said of it: `value_column`, `decimal_mark`, `date_order`.

    Returns:
        The series, and what was set aside or filled, by line.

    Raises:
        DataError: If fewer than three rows can be read, the spacing is uneven, a gap is longer
            than `MAX_FILLED_GAP` periods, or something can be read in two ways.
    """
    if what := describe_other_format(content):
        raise DataError(f"expected {source.layout}; the file is {what}")
    text = decode(content)
    dialect = sniff(text)
    table = [row for row in read_rows(lines_of(text), dialect) if not row.is_blank]
    found = find_series(table, source, settings.value_column)
    rejects = found.rejects
    rows = _read_entries(found.entries, dialect, settings, rejects)
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
    series = TimeSeries(dates, tuple(filled), frequency, found.column, found.others, len(placed))
    return series, rejects


def _read_entries(
    entries: Sequence[Entry],
    dialect: Dialect,
    settings: SeriesSettings,
    rejects: list[LineReject],
) -> list[_Row]:
    """Reads dates and values, each column as a whole."""
    if is_quarterly(entries):
        raise DataError(
            f"expected monthly, weekly or daily dates, found quarters, such as {entries[0].date!r}"
        )
    order = settings.date_order
    dates = date_columns.parse_dates([entry.date for entry in entries], order)
    values = [entry.value for entry in entries]
    if all(value.endswith("%") for value in values if not numbers.is_no_value(value)):
        values = [value.removesuffix("%") for value in values]
    mark = numbers.settle_numbers(Counter(values), settings.decimal_mark, {dialect.delimiter})
    rows = []
    for entry, date, value in zip(entries, dates, values, strict=True):
        if isinstance(date, str):
            rejects.append(LineReject(entry.line, date))
        elif numbers.is_no_value(value):
            reason = f"{entry.date} has no value, found {value!r}"
            rejects.append(LineReject(entry.line, reason, is_bad=False))
        else:
            try:
                rows.append(_Row(entry.line, date, numbers.parse_number(value, mark)))
            except ValueError as error:
                rejects.append(LineReject(entry.line, str(error)))
    return rows


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
    named = next((name for name, days in _OTHERS.items() if step in days), "")
    raise DataError(
        f"expected monthly, weekly or daily dates, found {named}dates {step:g} days apart "
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
