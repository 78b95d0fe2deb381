"""What a month's calendar does to travel: its length, and the Chinese New Year travel season.

Months are counted from year 0: `year * 12 + month - 1`. No TensorFlow here.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import math

import numpy as np
from lunardate import LunarDate

SEASON_DAYS_BEFORE = 15
SEASON_DAYS_AFTER = 25
FIRST_MONTH = 1901 * 12
# The last New Year that lunardate knows is that of 2099.
LAST_MONTH = 2099 * 12 + 11
_MEAN_MONTH_DAYS = 30.4375


def month_index(date: datetime.date) -> int:
    """Counts the months from year 0."""
    return date.year * 12 + date.month - 1


def month_text(index: int) -> str:
    """Writes a month, `2016-10`."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def new_year(year: int) -> datetime.date:
    """Gives the first day of the lunar year, 1900 to 2099."""
    date: datetime.date = LunarDate(year, 1, 1).to_solar_date()
    return date


def travel_season_shares() -> np.ndarray:
    """Shares of the New Year travel season (春运) by month.

    The season has 40 days: 15 before New Year's Day to 24 after it, both included, as the
    Ministry of Transport counts them.

    Returns:
        float64 `[months]`, from `FIRST_MONTH` to `LAST_MONTH`; each year's shares add up to 1.
    """
    days = SEASON_DAYS_BEFORE + SEASON_DAYS_AFTER
    shares = np.zeros(LAST_MONTH - FIRST_MONTH + 1)
    for year in range(FIRST_MONTH // 12, LAST_MONTH // 12 + 1):
        first = new_year(year) - datetime.timedelta(days=SEASON_DAYS_BEFORE)
        for offset in range(days):
            month = month_index(first + datetime.timedelta(days=offset))
            shares[month - FIRST_MONTH] += 1 / days
    return shares


@functools.cache
def calendar_table() -> np.ndarray:
    """Calendar features by month.

    Returns:
        float32 `[months, 4]`, from `FIRST_MONTH` to `LAST_MONTH`: the travel season's share, the
        log of the month's length relative to the mean, sine and cosine of the month in the year.
    """
    months = np.arange(FIRST_MONTH, LAST_MONTH + 1)
    lengths = [
        math.log(calendar.monthrange(month // 12, month % 12 + 1)[1] / _MEAN_MONTH_DAYS)
        for month in months.tolist()
    ]
    angle = 2 * np.pi * (months % 12) / 12
    table = np.stack([travel_season_shares(), lengths, np.sin(angle), np.cos(angle)], axis=1)
    return table.astype(np.float32)
