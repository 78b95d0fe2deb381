"""Dates as people write them in tables: Chinese, ISO, slashes, bare digits, month names."""

from __future__ import annotations

import datetime
import re
import unicodedata

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(?P<name>[a-z]{3,9})\.?"
_YEAR = r"(?P<year>\d{4})"
_MONTH = r"(?P<month>\d{1,2})"
_DAY = r"(?P<day>\d{1,2})"
TIME = r"(?:[t ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?z?)?"
"""Pattern of the time of day behind a date."""
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}\s*年\s*{_MONTH}\s*月(?:\s*{_DAY}\s*[日号])?",
        rf"{_YEAR}(?P<mark>[-/.]){_MONTH}(?:(?P=mark){_DAY}{TIME})?",
        rf"{_YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})?",
        rf"{_YEAR}m{_MONTH}",
        rf"{_MONTH}[-/.]{_YEAR}",
        rf"{_NAME}[ -]?{_YEAR}",
        rf"{_YEAR}[ -]?{_NAME}",
        rf"{_NAME} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}",
        rf"{_DAY}[ -]{_NAME}[ -]{_YEAR}",
    )
)


def parse_date(text: str) -> datetime.date:
    """Reads a date; the first of the month where no day is written.

    Orders that can be misread, such as `3/4/2005`, are refused.

    Args:
        text: For example `2005年1月`, `2005-01`, `2005/1/31`, `200501`, `Jan 2005`, `2005M01`.

    Raises:
        ValueError: With what was found and what can be read.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    for pattern in _PATTERNS:
        found = pattern.fullmatch(plain)
        if found:
            return _to_date(text, found.groupdict())
    raise ValueError(
        f"expected a date such as 2005年1月, 2005-01, 2005/1/31, 200501 or Jan 2005, found {text!r}"
    )


def _to_date(text: str, parts: dict[str, str | None]) -> datetime.date:
    name = parts.get("name")
    if name is not None:
        if name[:3] not in _MONTHS:
            raise ValueError(f"expected the English name of a month, found {text!r}")
        month = _MONTHS.index(name[:3]) + 1
    else:
        month = int(parts["month"] or 0)
    try:
        return datetime.date(int(parts["year"] or 0), month, int(parts.get("day") or 1))
    except ValueError as error:
        raise ValueError(f"there is no date {text!r}: {error}") from None
