"""Cuts a monthly series into examples: windows to train on, and the origins of the backtest.

An origin is the month after which a forecast begins. The last one leaves the last twelve months
to be forecast, the others lie `origin_step` months apart before it. No TensorFlow here.
"""

from __future__ import annotations

from collections.abc import Iterator

from modules.common.declaring.sources import RawFeatures
from modules.common.runtime.errors import DataError
from modules.common.series.time_series import TimeSeries
from modules.railway_forecast.calendar_effects import (
    FIRST_MONTH,
    LAST_MONTH,
    month_index,
    month_text,
)
from modules.railway_forecast.monthly import to_months
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, MIN_HISTORY, WINDOW, Settings


def origin_offsets(settings: Settings) -> tuple[int, ...]:
    """How many months before the series' end each origin lies, the oldest first.

    The first `calibration_origins` are older than the backtest and only set the width of its
    intervals; then come the `origins` of the backtest; the last, 0, forecasts the future.
    """
    count = settings.calibration_origins + settings.origins
    step = settings.origin_step
    return (*(HORIZON + step * back for back in reversed(range(count))), 0)


def windows(series: TimeSeries, settings: Settings) -> Iterator[tuple[str, RawFeatures]]:
    """Cuts a series into examples; see `TimeSeriesSource.windower`.

    A training example may be any window, also one of the backtest's time: the model sees to it
    that the parameters of an origin learn from months before it only.

    Args:
        series: Monthly, or brought to months as `combine` says.
        settings: Resolved settings.

    Yields:
        Split and raw features: `train` for each month that has `MIN_HISTORY` before it, `eval`
        for each origin of the backtest.

    Raises:
        DataError: If the series is too short, not positive, or out of the calendar's range.
    """
    monthly = to_months(series, settings.combine)
    backtest = origin_offsets(settings)[settings.calibration_origins : -1]
    _check(monthly, backtest, settings)
    months = len(monthly.values)
    for length in range(MIN_HISTORY, months):
        yield "train", _example(monthly, length, is_backtest=False)
    for offset in backtest:
        yield "eval", _example(monthly, months - offset, is_backtest=True)


def _check(series: TimeSeries, backtest: tuple[int, ...], settings: Settings) -> None:
    needed = backtest[0] + MIN_HISTORY + HORIZON
    if len(series.values) < needed:
        raise DataError(
            f"the series has {len(series.values)} months; {settings.origins} origins "
            f"{settings.origin_step} months apart need {needed}: give a longer series, or fewer "
            f"origins with --set origins=2"
        )
    bad = [
        f"{date:%Y-%m} ({value:g})"
        for date, value in zip(series.dates, series.values, strict=True)
        if value <= 0
    ]
    if bad:
        raise DataError(
            f"expected values above zero, since their logarithm is forecast; found {len(bad)} "
            f"others: {', '.join(bad[:6])}"
        )
    first, last = month_index(series.dates[0]), month_index(series.dates[-1])
    if first - WINDOW < FIRST_MONTH or last + HORIZON > LAST_MONTH:
        raise DataError(
            f"expected months from {month_text(FIRST_MONTH + WINDOW)} to "
            f"{month_text(LAST_MONTH - HORIZON)}, found {month_text(first)} to {month_text(last)}"
        )


def _example(series: TimeSeries, length: int, is_backtest: bool) -> RawFeatures:
    """Makes the raw features of the window that ends after `length` months."""
    history = series.values[max(0, length - MAX_HISTORY) : length]
    target = series.values[length : length + HORIZON]
    end = month_index(series.dates[-1])
    last_month = month_index(series.dates[0]) + length - 1
    return {
        "history": [0.0] * (MAX_HISTORY - len(history)) + [float(value) for value in history],
        "history_length": len(history),
        "last_month": last_month,
        "series_end": end,
        "is_backtest": int(is_backtest),
        "origin": month_text(last_month),
        "target": [float(value) for value in target] + [0.0] * (HORIZON - len(target)),
        "target_length": len(target),
    }
