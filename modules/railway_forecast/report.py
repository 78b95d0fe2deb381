"""railway_forecast: draws a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modules.railway_forecast.calendar_effects import month_index, month_text

_SHOWN_MONTHS = 60
_PAST_COLOUR = "#3b4252"
_FORECAST_COLOUR = "#c2410c"


def draw_forecast(
    history: Sequence[float],
    last_month: str,
    forecast: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    path: Path,
) -> None:
    """Draws the last five years, the forecast and its interval to a PNG.

    Args:
        history: Monthly values, the oldest first.
        last_month: Month of the last value, `2016-10`.
        forecast: float `[months]`.
        lower: Lower end of the 80 % interval, `[months]`.
        upper: Upper end, `[months]`.
        path: Where to; overwritten.
    """
    # Without pyplot there is no global state and no display is looked for.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    past = np.asarray(history, float)[-_SHOWN_MONTHS:]
    last = parse_month(last_month)
    # The curve of the forecast begins at the last known value.
    ahead = np.arange(last, last + len(forecast) + 1)
    middle, low, high = (np.concatenate([past[-1:], part]) for part in (forecast, lower, upper))

    figure = Figure(figsize=(10, 4.8), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(np.arange(last - len(past) + 1, last + 1), past, color=_PAST_COLOUR, label="history")
    axes.fill_between(
        ahead, low, high, color=_FORECAST_COLOUR, alpha=0.18, lw=0, label="80 % interval"
    )
    axes.plot(ahead, middle, color=_FORECAST_COLOUR, marker="o", ms=3, label="forecast")
    axes.axvline(last, color=_PAST_COLOUR, lw=0.8, ls=":")
    ticks = [month for month in range(last - len(past) + 1, last + len(forecast) + 1)]
    ticks = [month for month in ticks if month % (12 if len(past) > 36 else 6) == 0]
    axes.set_xticks(ticks, [month_text(month) for month in ticks])
    axes.set_ylim(bottom=0 if past.min() < 0.4 * past.max() else None)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    first, final = month_text(last + 1), month_text(last + len(forecast))
    axes.set_title(f"Forecast, {first} to {final}", loc="left")
    axes.legend(frameon=False, loc="upper left")
    figure.savefig(path)


def parse_month(text: str) -> int:
    """Reads `2016-10` as months from year 0."""
    import datetime

    return month_index(datetime.date.fromisoformat(f"{text}-01"))
