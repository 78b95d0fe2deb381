"""Columns of dates, some of which can be read in two ways alone: the other dates settle which.

`03/04/2005` is a day of March or of April. `2012.1` is January, or October where a program took it
for a number and dropped the zero; `2012.0833` is a decimal year. Every reading of the column is
tried. One that leaves dates evenly spaced, while no other does, is taken; otherwise the dates are
refused with both readings.
"""

from __future__ import annotations

import datetime
import math
import re
import statistics
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from modules.common.runtime.errors import DataError
from modules.common.series.dates import TIME, parse_date

AUTO = "auto"
DATE_ORDERS = (AUTO, "dmy", "mdy")
"""Values of the setting `date_order`: day, month, year, or month, day, year."""

Parsed = datetime.date | str
"""A date, or the reason why a cell is none."""

_DAY_AND_MONTH = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){TIME}")
_YEAR_AND_FRACTION = re.compile(r"(\d{4})(?:\.(\d{0,9}))?")
_QUARTER = re.compile(
    r"\d{4}\s*[-/. ]?\s*q\s*[1-4]|q\s*[1-4]\s*[-/. ]?\s*\d{4}"
    r"|\d{4}\s*年?\s*第?\s*[1-4一二三四]\s*季度?|\d{4}\s*年?\s*[1-4一二三四]季"
)
_YEAR = re.compile(r"\d{4}\s*年?")
_FEW = 0.05
# Of those that a number such as 8895.12 is not mistaken for.
_YEARS = range(1700, 2200)


def is_quarter(text: str) -> bool:
    """Tells whether a cell names a quarter, such as `2000Q1` or `2000年第1季度`."""
    return bool(_QUARTER.fullmatch(_plain(text)))


def is_year(text: str) -> bool:
    """Tells whether a cell is a year alone."""
    return bool(_YEAR.fullmatch(_plain(text)))


def looks_like_date(text: str) -> bool:
    """Tells whether a cell is a date in any reading, or a quarter."""
    plain = _plain(text)
    if not plain[:1].isalnum() or len(plain) > 40:
        return False
    if is_quarter(plain) or _year_fraction(plain) is not None:
        return True
    found = [_plainly(plain), *(_read(plain, how) for how in _ORDERS.values())]
    return any(isinstance(date, datetime.date) and date.year in _YEARS for date in found)


def parse_dates(cells: Sequence[str], order: str = AUTO) -> list[Parsed]:
    """Reads a column of dates.

    Args:
        cells: All of the column, in its order.
        order: One of `DATE_ORDERS`; other than `auto` it settles the order of day and month.

    Returns:
        For each cell its date, the first of the month where no day is written, or why it is none.

    Raises:
        DataError: If dates can be read in two ways, and nothing settles which.
    """
    plain = [_plain(cell) for cell in cells]
    dates = [_plainly(text, cell.strip()) for text, cell in zip(plain, cells, strict=True)]
    orders = [place for place, text in enumerate(plain) if _DAY_AND_MONTH.fullmatch(text)]
    if orders:
        ways = _ORDERS if order == AUTO else {order: _ORDERS[order]}
        found = {name: [_read(plain[place], how) for place in orders] for name, how in ways.items()}
        advice = "--set date_order=dmy or --set date_order=mdy says it"
        dates = _settle_order(cells, dates, orders, found, advice)
    fractions = [place for place, text in enumerate(plain) if _year_fraction(text) is not None]
    # Years alone are decimal years only beside others.
    if any(_year_fraction(plain[place]) for place in fractions):
        texts = [plain[place] for place in fractions]
        found = {name: how(texts) for name, how in _FRACTIONS.items()}
        dates = _settle_order(cells, dates, fractions, found, "write them as 2012-01 or 2012-10")
    return dates


def _settle_order(
    cells: Sequence[str],
    dates: list[Parsed],
    places: Sequence[int],
    readings: Mapping[str, Sequence[Parsed]],
    advice: str,
) -> list[Parsed]:
    """Puts the best reading of some places into the column, or says why there is none."""
    columns = {
        name: _with(dates, places, found)
        for name, found in readings.items()
        if any(not isinstance(item, str) for item in found)
    }
    if not columns:
        return _with(dates, places, next(iter(readings.values())))
    faults = {name: _faults(column) for name, column in columns.items()}
    best, *others = sorted(columns, key=lambda name: faults[name])
    is_few = len(places) <= _FEW * len(cells)
    # A few among others must fit between them.
    is_told = not is_few or faults[best] < _faults(dates)
    margin = max(1.0, 0.1 * len(places))
    for rival in others:
        if columns[rival] == columns[best]:
            continue
        if is_told and faults[rival] - faults[best] >= margin:
            continue
        at = next(place for place in places if columns[rival][place] != columns[best][place])
        shown = sorted({str(columns[name][at]) for name in (best, rival)})
        reason = (
            f"{cells[at].strip()!r} can be read as {' or as '.join(shown)}, and the other dates of "
            f"the column do not settle which; {advice}"
        )
        if not is_few:
            raise DataError(reason)
        return _with(dates, places, [reason] * len(places))
    return columns[best]


def _with(dates: list[Parsed], places: Sequence[int], found: Sequence[Parsed]) -> list[Parsed]:
    changed = list(dates)
    for place, item in zip(places, found, strict=True):
        changed[place] = item
    return changed


def _faults(column: Sequence[Parsed]) -> float:
    """Counts what keeps a column from being evenly spaced: cells that are none, repeats, gaps."""
    dates = [item for item in column if not isinstance(item, str)]
    days = sorted(set(dates))
    spaces = [(b - a).days for a, b in zip(days, days[1:])]  # noqa: B905 - neighbours
    missing = 0.0
    if spaces:
        usual = statistics.median(spaces)
        missing = sum(max(0, round(space / usual) - 1) for space in spaces)
    return len(column) - len(days) + min(missing, len(column))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _plainly(plain: str, shown: str = "") -> Parsed:
    """Reads what can be read in one way only; `shown` is the cell as it was written."""
    if _DAY_AND_MONTH.fullmatch(plain) or _year_fraction(plain):
        return f"{plain!r} can be read in two ways"
    try:
        return parse_date(shown or plain)
    except ValueError as error:
        return str(error)


def _read(plain: str, order: Callable[[int, int], tuple[int, int]]) -> Parsed:
    match = _DAY_AND_MONTH.fullmatch(plain)
    if not match:
        return f"expected a day, a month and a year, found {plain!r}"
    month, day = order(int(match[1]), int(match[3]))
    return _date(plain, int(match[4]), month, day)


def _date(text: str, year: int, month: int, day: int = 1) -> Parsed:
    try:
        return datetime.date(year, month, day)
    except ValueError as error:
        return f"there is no date {text!r}: {error}"


_ORDERS: Mapping[str, Callable[[int, int], tuple[int, int]]] = {
    "dmy": lambda first, second: (second, first),
    "mdy": lambda first, second: (first, second),
}


def _year_fraction(plain: str) -> str | None:
    """What is behind the point of a year, empty where nothing is; `None` for anything else."""
    match = _YEAR_AND_FRACTION.fullmatch(plain)
    if not match or int(match[1]) not in _YEARS:
        return None
    return match[2] or ""


def _as_text(texts: Sequence[str]) -> list[Parsed]:
    """Reads `2012.1` and `2012.01` as January, `2012.10` as October."""
    return [
        _date(text, int(year), int(month))
        if 1 <= len(month) <= 2
        else f"expected a month behind the point, found {text!r}"
        for text in texts
        for year, _, month in [text.partition(".")]
    ]


def _as_numbers(texts: Sequence[str]) -> list[Parsed]:
    """Reads `2012.1` as October and `2012.01` as January: numbers of two decimals, zeros lost."""
    found: list[Parsed] = []
    for text in texts:
        year, _, month = text.partition(".")
        if month == "1":
            found.append(_date(text, int(year), 10))
        elif len(month) == 2 and month != "10":
            found.append(_date(text, int(year), int(month)))
        else:
            found.append(f"expected two decimals, found {text!r}")
    return found


def _as_bare_numbers(texts: Sequence[str]) -> list[Parsed]:
    """Reads `2012.1` as January or October by its neighbours: months without zeros, as numbers."""
    found: list[Parsed] = []
    for place, text in enumerate(texts):
        year, _, month = text.partition(".")
        if month == "1":
            beside = {texts[at] for at in (place - 1, place + 1) if 0 <= at < len(texts)}
            is_october = bool(beside & {f"{year}.9", f"{year}.11"})
            found.append(_date(text, int(year), 10 if is_october else 1))
        elif re.fullmatch("[2-9]|1[12]", month):
            found.append(_date(text, int(year), int(month)))
        else:
            found.append(f"expected the number of a month, found {text!r}")
    return found


def _as_decimal_years(texts: Sequence[str]) -> list[Parsed]:
    """Reads `2012.0833` as February: a year begins with .0, and .5 is July."""
    found: list[Parsed] = []
    for text in texts:
        year, _, fraction = text.partition(".")
        digits = len(fraction)
        # Two decimals of a twelfth may be a little below it.
        month = math.floor(float(f"0.{fraction or 0}") * 12 + (0.1 if digits <= 2 else 0.02)) + 1
        found.append(_date(text, int(year), month))
    return found


_FRACTIONS: Mapping[str, Callable[[Sequence[str]], list[Parsed]]] = {
    "text": _as_text,
    "numbers": _as_numbers,
    "bare numbers": _as_bare_numbers,
    "decimal years": _as_decimal_years,
}
