"""Brings a weekly or daily series to months."""

from __future__ import annotations

import calendar
import datetime
from collections import defaultdict

from modules.common.runtime.errors import DataError
from modules.common.series.time_series import TimeSeries

_DAYS = {"weekly": 7, "daily": 1}


def to_months(series: TimeSeries, combine: str) -> TimeSeries:
    """Adds up or averages the days of each month; months that are not whole are left out.

    A week's value is spread evenly over the seven days that begin with its date.

    Args:
        series: Monthly series are given back unchanged.
        combine: `sum` for counts, `mean` for levels such as prices.

    Raises:
        DataError: If no month is whole, or `combine` is neither.
    """
    if combine not in ("sum", "mean"):
        raise DataError(f"combine must be 'sum' or 'mean', found {combine!r}")
    if series.frequency == "monthly":
        return series
    span_days = _DAYS[series.frequency]
    totals: dict[tuple[int, int], float] = defaultdict(float)
    days: dict[tuple[int, int], int] = defaultdict(int)
    # A week's sum is shared out among its days; a week's mean is the mean of each.
    scale = span_days if combine == "sum" else 1
    for date, value in zip(series.dates, series.values, strict=True):
        for offset in range(span_days):
            day = date + datetime.timedelta(days=offset)
            totals[day.year, day.month] += value / scale
            days[day.year, day.month] += 1
    whole = [key for key in sorted(days) if days[key] == calendar.monthrange(*key)[1]]
    if not whole:
        raise DataError(f"the {series.frequency} series does not hold one whole month")
    return TimeSeries(
        dates=tuple(datetime.date(year, month, 1) for year, month in whole),
        values=tuple(totals[key] / (days[key] if combine == "mean" else 1) for key in whole),
        frequency="monthly",
    )
