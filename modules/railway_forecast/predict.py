"""railway_forecast: what `lianxi predict railway_forecast` takes and shows. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import named_file
from modules.common.runtime.errors import DataError
from modules.common.series.time_series import parse
from modules.railway_forecast.calendar_effects import month_index, month_text
from modules.railway_forecast.monthly import to_months
from modules.railway_forecast.report import draw_forecast, parse_month
from modules.railway_forecast.task import MIN_HISTORY, SOURCE, TASK

TAKES = "paths of CSV files, each with a series"
# With no input it goes on from the series that it was trained on.
DEFAULTS_TO_DATA = True
WRITES = ".png"
OPTIONS = {
    "value_column": "name of the column that holds the values, where there are several",
    "decimal_mark": "point or comma: what stands before the decimals, where the file does not tell",
    "combine": "sum or mean: how weeks and days become months",
    "date_order": "dmy or mdy: the order of day, month and year, where the file does not tell",
}


def read_request(
    text_or_path: str,
    *,
    value_column: str = "",
    decimal_mark: str = "",
    date_order: str = "",
    combine: str = "",
) -> tuple[str, dict[str, Any]]:
    """Reads a series.

    Args:
        text_or_path: Path of a CSV file in a layout that the task trains on; weekly and daily
            series are brought to months.
        value_column: As `OPTIONS` says.
        decimal_mark: See `OPTIONS`.
        date_order: See `OPTIONS`.
        combine: See `OPTIONS`.

    Returns:
        The signature, and `history` and `last_month`, a batch of one.

    Raises:
        DataError: If there is no such file, or its series cannot be forecast.
    """
    path = named_file("railway_forecast", "a CSV file with dates and values", text_or_path)
    given = {
        "value_column": value_column,
        "decimal_mark": decimal_mark,
        "date_order": date_order,
        "combine": combine,
    }
    settings = TASK.resolve({name: text for name, text in given.items() if text})
    series, _ = parse(path.read_bytes(), SOURCE, settings)
    monthly = to_months(series, str(settings["combine"]))
    if len(monthly.values) < MIN_HISTORY:
        raise DataError(
            f"{path}: expected {MIN_HISTORY} months or more, found {len(monthly.values)}"
        )
    last_month = month_text(month_index(monthly.dates[-1]))
    return "serving_default", {"history": [list(monthly.values)], "last_month": [last_month]}


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path) -> str:
    """Writes the forecast as a table, and draws it.

    Args:
        request: What `read_request` gave.
        answer: The signature's outputs, a batch of one.
        out: The picture's path.
    """
    [history], [last_month] = request["history"], request["last_month"]
    forecast, lower, upper = (answer[name][0] for name in ("forecast", "lower", "upper"))
    draw_forecast(history, last_month, forecast, lower, upper, out)
    first = parse_month(last_month) + 1
    rows = [f"{'month':<9}{'forecast':>12}{'lower':>12}{'upper':>12}"]
    for month, (middle, low, high) in enumerate(zip(forecast, lower, upper, strict=True), first):
        rows.append(f"{month_text(month):<9}{middle:>12,.0f}{low:>12,.0f}{high:>12,.0f}")
    return "\n".join([*rows, f"80 % intervals; drawn to {out}"])
