"""Draws bars beside their names, with the value at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gallery.drawing.axes import write_number
from gallery.drawing.svg import Drawing, shorten, text_width

_WIDTH, _ROW = 420, 26
_MOST_NAME = 150


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar.

    Attributes:
        name: What it is of.
        value: How long it is; what is no finite number is no bar.
        text: The value in words; as a number is written if empty.
        error: Half of the whisker's length at its end; none where 0.
        is_main: Whether it is what the others are held against.
    """

    name: str
    value: float
    text: str = ""
    error: float = 0.0
    is_main: bool = False

    @property
    def words(self) -> str:
        """The value in words."""
        return self.text or write_number(self.value)


def draw_bars(
    title: str,
    bars: Sequence[Bar],
    *,
    mark: float | None = None,
    mark_name: str = "",
    most: float | None = None,
) -> str:
    """Draws bars, a row each.

    Args:
        title: What is to be seen.
        bars: At least one.
        mark: A value at which a line stands, such as a gate's floor.
        mark_name: What the line is, which is written below.
        most: What a bar of full length is; the greatest value where not given.

    Returns:
        SVG.
    """
    is_marked = mark is not None and math.isfinite(mark)
    height = _ROW * len(bars) + 8 + (18 if is_marked else 0)
    said = "; ".join(f"{bar.name}: {bar.words}" for bar in bars)
    drawing = Drawing(_WIDTH, height, title, said + (f"; {mark_name}" if is_marked else ""))
    names = [shorten(bar.name, _MOST_NAME) for bar in bars]
    # Bold type is wider.
    left = 1.12 * max(map(text_width, names)) + 12
    right = _WIDTH - 1.12 * max(text_width(bar.words) for bar in bars) - 12
    values = [bar.value for bar in bars if math.isfinite(bar.value)]
    ends = [bar.value + bar.error for bar in bars if math.isfinite(bar.value)]
    low = min([0.0, *values])
    high = max([0.0, *ends, *([mark] if mark is not None and is_marked else [])])
    high = most if most is not None and most >= high else high
    scale = (right - left) / ((high - low) or 1)
    zero = left - low * scale
    for row, bar in enumerate(bars):
        _draw_bar(drawing, bar, zero, scale, 8 + row * _ROW)
    if mark is not None and is_marked:
        x, bottom = zero + mark * scale, 6 + _ROW * len(bars)
        drawing.line((x, 2), (x, bottom), stroke="2", width=2, dash="4 3")
        anchor = "end" if x > _WIDTH / 2 else "start"
        drawing.text((x, bottom + 14), mark_name, anchor=anchor, fill="2")
    for row, (bar, name) in enumerate(zip(bars, names, strict=True)):
        y = 21 + row * _ROW
        drawing.text((left - 8, y), name, anchor="end", is_bold=bar.is_main)
        _write_value(drawing, bar, zero, scale, y)
    return drawing.render()


def draw_histogram(title: str, edges: Sequence[float], counts: Sequence[float]) -> str:
    """Draws how often values are where, small enough for a cell of a table.

    Args:
        title: Whose values they are.
        edges: Ends of the bins, one more than there are bins.
        counts: How many values are in each.

    Returns:
        SVG.
    """
    width, height = 150, 40
    said = f"from {write_number(edges[0])} to {write_number(edges[-1])}"
    drawing = Drawing(width, height, title, said)
    low, span = edges[0], (edges[-1] - edges[0]) or 1
    tallest = max([*counts, 1e-12])
    boxes = []
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        x = 2 + (width - 4) * (left - low) / span
        tall = (height - 4) * count / tallest
        boxes.append(
            (x, height - 2 - tall, max((width - 4) * (right - left) / span - 0.6, 0.5), tall)
        )
    drawing.rectangles(boxes, "1", opacity=0.75)
    drawing.line((2, height - 2), (width - 2, height - 2), stroke="quiet")
    return drawing.render()


def _draw_bar(drawing: Drawing, bar: Bar, zero: float, scale: float, top: float) -> None:
    if not math.isfinite(bar.value):
        return
    end = bar.value * scale
    drawing.rectangle(
        (zero + min(0, end), top),
        (max(abs(end), 1), _ROW - 10),
        fill="1" if bar.is_main else "quiet",
        opacity=1 if bar.is_main else 0.55,
    )


def _write_value(drawing: Drawing, bar: Bar, zero: float, scale: float, base: float) -> None:
    """Writes a bar's value behind its end, with the whisker."""
    if not math.isfinite(bar.value):
        drawing.text((zero + 6, base), "none", fill="quiet")
        return
    if bar.error:
        _draw_whisker(drawing, zero + bar.value * scale, bar.error * scale, base - 5)
    place = (zero + (max(bar.value, 0) + bar.error) * scale + 6, base)
    drawing.text(place, bar.words, is_bold=bar.is_main, is_over=True)


def _draw_whisker(drawing: Drawing, x: float, half: float, y: float) -> None:
    for stroke, width in (("paper", 4.0), ("ink", 1.5)):
        drawing.line((x - half, y), (x + half, y), stroke=stroke, width=width)
        for end in (x - half, x + half):
            drawing.line((end, y - 5), (end, y + 5), stroke=stroke, width=width)
