"""Scales and axes: round ticks, numbers as people read them, and a frame to draw in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gallery.drawing.svg import Drawing, text_width

_STEPS = (1, 2, 2.5, 5, 10)


def find_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Chooses round numbers that span a range, from at or below `low` to at or above `high`.

    Args:
        low: Least value.
        high: Greatest value.
        most: About how many; there may be two more.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"expected a range of finite numbers, found {low} to {high}")
    if high <= low:
        # One value alone still has an axis.
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread, high + spread
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = power * next(each for each in _STEPS if each * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def write_number(value: float) -> str:
    """Writes a number shortly: four digits of it, thousands by commas."""
    if not math.isfinite(value):
        return "none" if math.isnan(value) else f"{value}"
    if abs(value) >= 1e7 or 0 < abs(value) < 1e-4:
        return f"{value:.3g}"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where within a drawing values are, and what the numbers of its edges mean.

    Attributes:
        left: Left edge, in pixels.
        right: Right edge.
        top: Upper edge.
        bottom: Lower edge.
        x: Least and greatest value to the right.
        y: Least and greatest value upwards.
    """

    left: float
    right: float
    top: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Gives the place of a value, in pixels."""
        return self.at_x(x), self.at_y(y)

    def at_x(self, value: float) -> float:
        """Gives a value's place to the right."""
        low, high = self.x
        return self.left + (self.right - self.left) * (value - low) / ((high - low) or 1)

    def at_y(self, value: float) -> float:
        """Gives a value's place from the top."""
        low, high = self.y
        return self.bottom - (self.bottom - self.top) * (value - low) / ((high - low) or 1)


def draw_frame(
    drawing: Drawing,
    xs: Iterable[float],
    ys: Iterable[float],
    x_label: str,
    *,
    top: float = 10,
    from_zero: bool = False,
    x_ticks: Sequence[tuple[float, str]] = (),
    y_text: Callable[[float], str] = write_number,
) -> Frame:
    """Draws a grid with numbers at its edges.

    Args:
        drawing: Where.
        xs: The values to the right that must be within; at least one.
        ys: Those upwards; what is no finite number is passed over.
        x_label: What is counted to the right.
        top: What is left free at the top, in pixels.
        from_zero: Whether the numbers upwards begin at zero.
        x_ticks: Values to the right with their words, in place of round numbers.
        y_text: Writes a number of the edge.
    """
    across = list(xs)
    upwards = [value for value in ys if math.isfinite(value)] or [0.0, 1.0]
    y_ticks = find_ticks(min(0, *upwards) if from_zero else min(upwards), max(upwards))
    words = [y_text(tick) for tick in y_ticks]
    low, high = min(across), max(across)
    if low == high:
        low, high = low - 0.5, high + 0.5
    frame = Frame(
        left=max(map(text_width, words)) + 12,
        right=drawing.width - 14,
        top=top,
        bottom=drawing.height - 40,
        x=(low, high),
        y=(y_ticks[0], y_ticks[-1]),
    )
    for tick, word in zip(y_ticks, words, strict=True):
        y = frame.at_y(tick)
        drawing.line((frame.left, y), (frame.right, y))
        drawing.text((frame.left - 6, y + 4), word, anchor="end", fill="quiet")
    usual = [(tick, write_number(tick)) for tick in find_ticks(low, high) if low <= tick <= high]
    for tick, word in x_ticks or usual:
        x = frame.at_x(tick)
        drawing.line((x, frame.bottom), (x, frame.bottom + 4), stroke="quiet")
        is_last = x + text_width(word) / 2 > drawing.width
        anchor = "end" if is_last else "middle"
        place = (drawing.width if is_last else x, frame.bottom + 17)
        drawing.text(place, word, anchor=anchor, fill="quiet")
    middle = (frame.left + frame.right) / 2
    drawing.text((middle, drawing.height - 6), x_label, anchor="middle", fill="quiet")
    return frame


def draw_legend(drawing: Drawing, entries: Sequence[tuple[str, str, str]], top: float) -> None:
    """Names lines in a row.

    Args:
        drawing: Where.
        entries: Name, colour and dashes of each.
        top: Where the row begins, in pixels.
    """
    x = 12.0
    for name, stroke, dash in entries:
        drawing.line((x, top + 8), (x + 22, top + 8), stroke=stroke, width=2.5, dash=dash)
        drawing.text((x + 28, top + 12), name)
        x += 28 + text_width(name) + 18
