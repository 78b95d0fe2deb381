"""railway_forecast: a person has a CSV file, and wants a table and a picture. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

from modules.common.asking.asking import Answer, Asking, Request, Said
from modules.common.asking.questions import field_of
from modules.common.asking.request_files import find_named_file
from modules.common.runtime.errors import DataError
from modules.common.series.time_series import parse
from modules.railway_forecast.calendar_effects import month_index, month_text
from modules.railway_forecast.monthly import to_months
from modules.railway_forecast.report import draw_forecast, parse_month
from modules.railway_forecast.task import MIN_HISTORY, SOURCE, TASK

# What the file may not tell, as in training.
_OPTIONS = ("value_column", "decimal_mark", "combine", "date_order")


def read(path_text: str, said: Said) -> Request:
    """Reads a series.

    Args:
        path_text: Path of a CSV file in a layout that the task trains on; weekly and daily
            series are brought to months.
        said: As the options say.

    Returns:
        `history` and `last_month`, a batch of one.

    Raises:
        DataError: If there is no such file, or its series cannot be forecast.
    """
    path = find_named_file("railway_forecast", "a CSV file with dates and values", path_text)
    settings = TASK.resolve(said)
    series, _ = parse(path.read_bytes(), SOURCE, settings)
    monthly = to_months(series, settings.combine)
    if len(monthly.values) < MIN_HISTORY:
        raise DataError(
            f"{path}: expected {MIN_HISTORY} months or more, found {len(monthly.values)}"
        )
    last_month = month_text(month_index(monthly.dates[-1]))
    return {"history": [list(monthly.values)], "last_month": [last_month]}


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    """Writes the forecast as a table, and draws it.

    Args:
        request: What `read` gave.
        answer: The signature's outputs, a batch of one.
        out: The picture's path.
        said: Not used.
    """
    path = out or Path("railway_forecast.png")
    [history], [last_month] = request["history"], request["last_month"]
    forecast, lower, upper = (answer[name][0] for name in ("forecast", "lower", "upper"))
    draw_forecast(history, last_month, forecast, lower, upper, path)
    first = parse_month(last_month) + 1
    rows = [f"{'month':<9}{'forecast':>12}{'lower':>12}{'upper':>12}"]
    for month, (middle, low, high) in enumerate(zip(forecast, lower, upper, strict=True), first):
        rows.append(f"{month_text(month):<9}{middle:>12,.0f}{low:>12,.0f}{high:>12,.0f}")
    return "\n".join([*rows, f"80 % intervals; drawn to {path}"])


ASKING = Asking(
    options=tuple(field_of(each) for each in TASK.declared if each.name in _OPTIONS),
    takes="paths of CSV files, each with a series",
    takes_files=True,
    reads=(".csv",),
    # With no input it goes on from the series that it was trained on.
    may_be_left_out=True,
    read=read,
    show=show,
    writes=".png",
)
