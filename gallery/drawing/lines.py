"""Draws lines over a common axis, such as a learning curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gallery.drawing.axes import Frame, draw_frame, draw_legend, find_ticks, write_number
from gallery.drawing.svg import Drawing

_WIDTH, _HEIGHT, _LEGEND = 420, 260, 26
_LOOKS = (("1", ""), ("2", "6 4"), ("3", "2 3"))
_FEW = 12


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line.

    Attributes:
        name: What it is.
        xs: Where its points are; ascending.
        ys: Their values; what is no finite number leaves a gap.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]


def draw_lines(
    title: str,
    lines: Sequence[Line],
    x_label: str,
    *,
    y_text: Callable[[float], str] = write_number,
    from_zero: bool = False,
    are_whole: bool = False,
) -> str:
    """Draws up to three lines, told apart by colour and dashes.

    Args:
        title: What is to be seen.
        lines: At least one with at least one point.
        x_label: What is counted to the right.
        y_text: Writes a number of the left edge.
        from_zero: Whether the left edge begins at zero.
        are_whole: Whether only whole numbers are counted to the right.

    Returns:
        SVG.
    """
    drawing = Drawing(_WIDTH, _HEIGHT, title, _describe(lines, x_label, y_text))
    xs = [x for line in lines for x in line.xs]
    ys = [y for line in lines for y in line.ys]
    ticks = find_ticks(min(xs), max(xs)) if are_whole else []
    frame = draw_frame(
        drawing,
        xs,
        ys,
        x_label,
        top=_LEGEND + 10,
        from_zero=from_zero,
        y_text=y_text,
        x_ticks=[
            (tick, write_number(tick))
            for tick in ticks
            if tick == int(tick) and min(xs) <= tick <= max(xs)
        ],
    )
    for line, (stroke, dash) in zip(lines, _LOOKS, strict=False):
        _draw(drawing, frame, line, stroke, dash)
    names = [(line.name, stroke, dash) for line, (stroke, dash) in zip(lines, _LOOKS, strict=False)]
    draw_legend(drawing, names, 4)
    return drawing.render()


def draw_calibration(title: str, said: Sequence[float], came: Sequence[float]) -> str:
    """Draws how often what was said to be so likely came true.

    Args:
        title: What is to be seen.
        said: Mean probability of each bin, 0 to 1, ascending.
        came: Share of it that came true.

    Returns:
        SVG.
    """
    line = Line(name="model", xs=[100 * each for each in said], ys=came)
    perfect = Line(name="perfectly calibrated", xs=(0, 100), ys=(0, 1))
    return draw_lines(
        title, [line, perfect], "probability in %", y_text=lambda value: f"{100 * value:.0f}"
    )


def _draw(drawing: Drawing, frame: Frame, line: Line, stroke: str, dash: str) -> None:
    run: list[tuple[float, float]] = []
    runs = [run]
    for x, y in zip(line.xs, line.ys, strict=True):
        if math.isfinite(y):
            run.append(frame.at(x, y))
        elif run:
            run = []
            runs.append(run)
    for points in runs:
        if len(points) > 1:
            drawing.polyline(points, stroke=stroke, dash=dash)
        if len(points) == 1 or len(line.xs) <= _FEW:
            for point in points:
                drawing.dot(point, fill=stroke, is_hollow=bool(dash))


def _describe(lines: Sequence[Line], x_label: str, text: Callable[[float], str]) -> str:
    said = []
    for line in lines:
        known = [(x, y) for x, y in zip(line.xs, line.ys, strict=True) if math.isfinite(y)]
        if known:
            (first_x, first), (last_x, last) = known[0], known[-1]
            said.append(
                f"{line.name}: {text(first)} at {x_label} {write_number(first_x)}, "
                f"{text(last)} at {write_number(last_x)}"
            )
    return "; ".join(said)
