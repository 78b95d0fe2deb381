"""Draws a series, how it is forecast to go on, and how it did."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.drawing.axes import Frame, draw_frame, draw_legend, write_number
from gallery.drawing.svg import Drawing, text_width

_WIDTH, _HEIGHT, _LEGEND = 640, 300, 26
_MOST_HISTORY = 60


def draw_forecast(
    title: str,
    history: Sequence[float],
    forecast: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    *,
    dates: Sequence[str] = (),
    actual: Sequence[float] = (),
    most_history: int = _MOST_HISTORY,
) -> str:
    """Draws the end of a series, its forecast with the interval, and what came.

    Args:
        title: What is to be seen.
        history: Values up to now, the oldest first; at least one.
        forecast: Those that are expected to follow.
        lower: Lower ends of their interval; may be empty.
        upper: Upper ends.
        dates: Names of all steps, those of the history first; else they are counted from now.
        actual: What came in place of the forecast, as far as it is known.
        most_history: How much of the history is shown.

    Returns:
        SVG.
    """
    drawing = Drawing(_WIDTH, _HEIGHT, title, _describe(history, forecast, lower, upper, actual))
    past = list(history)[-most_history:]
    ys = [*past, *forecast, *lower, *upper, *actual]
    xs = range(-len(past) + 1, len(forecast) + 1)
    names = list(dates)[len(history) - len(past) :]
    ticks = _choose_ticks(names, xs) if names else ()
    frame = draw_frame(
        drawing,
        [xs[0], xs[-1]],
        ys,
        "" if names else "steps from now",
        top=_LEGEND + 10,
        from_zero=min(ys) < 0.4 * max(ys),
        x_ticks=ticks,
    )
    _draw_ahead(drawing, frame, past[-1], forecast, lower, upper)
    drawing.polyline([frame.at(x, y) for x, y in zip(xs, past, strict=False)], stroke="1")
    for x, y in enumerate(actual, 1):
        drawing.dot(frame.at(x, y), fill="1", is_hollow=True)
    legend = [("history", "1", ""), ("forecast", "2", "6 4")]
    draw_legend(drawing, legend, 4)
    notes = ["band: interval"] if len(lower) else []
    notes += ["rings: what came"] if len(actual) else []
    drawing.text((_WIDTH - 14, 16), ", ".join(notes), anchor="end", fill="quiet")
    return drawing.render()


def _draw_ahead(
    drawing: Drawing,
    frame: Frame,
    now: float,
    forecast: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
) -> None:
    """Draws the forecast with its interval; both begin at the last known value."""
    ahead = range(len(forecast) + 1)

    def places(values: Sequence[float]) -> list[tuple[float, float]]:
        return [frame.at(x, y) for x, y in zip(ahead, [now, *values], strict=True)]

    if len(lower) and len(upper):
        band = [*places(upper), *reversed(places(lower))]
        drawing.polygon(band, fill="2", opacity=0.2)
    x_now = frame.at_x(0)
    drawing.line((x_now, frame.top), (x_now, frame.bottom), stroke="quiet", dash="2 3")
    drawing.polyline(places(forecast), stroke="2", dash="6 4")


def _choose_ticks(names: Sequence[str], xs: range) -> list[tuple[float, str]]:
    """Chooses steps whose names have room side by side."""
    room = _WIDTH / (max(map(text_width, names)) + 22)
    apart = next(
        (each for each in (1, 2, 3, 6, 12, 24, 60) if len(names) / each <= room), len(names)
    )
    places = list(zip(xs, names, strict=False))
    return [(float(x), name) for x, name in places[::-1][::apart][::-1]]


def _describe(
    history: Sequence[float],
    forecast: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    actual: Sequence[float],
) -> str:
    said = f"The last known value is {write_number(history[-1])}. "
    said += f"Forecast: {', '.join(map(write_number, forecast))}."
    if len(lower):
        said += f" The interval of the last step is {write_number(lower[-1])} to "
        said += f"{write_number(upper[-1])}."
    if len(actual):
        said += f" What came: {', '.join(map(write_number, actual))}."
    return said
