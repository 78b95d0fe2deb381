"""Writes SVG: shapes and texts, escaped, with a title and a description."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

COLOURS = {
    "ink": "#1f2937",
    "quiet": "#56606e",
    "grid": "#d5dae1",
    "paper": "#ffffff",
    "1": "#0a5c9e",
    "2": "#b3470a",
    "3": "#5b3f9c",
    "good": "#1a6b3c",
    "bad": "#b3261e",
}
"""Colours by the ends of the names of their variables; each is readable on `paper`."""

FONT_PX = 12
Point = tuple[float, float]


def colour(name: str) -> str:
    """Gives a colour as CSS writes it, such as `var(--draw-ink,#1f2937)`.

    Args:
        name: A key of `COLOURS`.
    """
    return f"var(--draw-{name},{COLOURS[name]})"


def text_width(text: str, font_px: float = FONT_PX) -> float:
    """Estimates how wide a text is set, in pixels: wide characters count as two.

    Args:
        text: One line.
        font_px: Size of the type.
    """
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return font_px * (0.58 * (len(text) - wide) + wide)


def shorten(text: str, width: float, font_px: float = FONT_PX) -> str:
    """Cuts a text to a width, with an ellipsis where something is cut.

    Args:
        text: One line.
        width: In pixels.
        font_px: Size of the type.
    """
    if text_width(text, font_px) <= width:
        return text
    while text and text_width(text + "…", font_px) > width:
        text = text[:-1]
    return text + "…"


class Drawing:
    """A picture that is being made. Later shapes lie over earlier ones."""

    def __init__(self, width: float, height: float, title: str, description: str = "") -> None:
        """Begins an empty picture.

        Args:
            width: In pixels; where there is less room, the picture is scaled down.
            height: Likewise.
            title: What it shows, in a few words.
            description: What is to be seen, for those who do not see it.
        """
        self.width, self.height = width, height
        self._title, self._description = title, description
        self._parts: list[str] = []

    def line(
        self, start: Point, end: Point, stroke: str = "grid", width: float = 1, dash: str = ""
    ) -> None:
        """Draws a straight line; `dash` is as SVG writes it, such as `4 3`."""
        ends = f'x1="{_n(start[0])}" y1="{_n(start[1])}" x2="{_n(end[0])}" y2="{_n(end[1])}"'
        self._parts.append(f"<line {ends} {_look('', 1, stroke, width, dash)}/>")

    def polyline(
        self, points: Iterable[Point], stroke: str = "1", width: float = 2, dash: str = ""
    ) -> None:
        """Draws lines from point to point."""
        look = _look("", 1, stroke, width, dash)
        self._parts.append(f'<polyline points="{_path(points)}" {look}/>')

    def polygon(self, points: Iterable[Point], fill: str = "1", opacity: float = 1) -> None:
        """Fills what is within the points."""
        self._parts.append(f'<polygon points="{_path(points)}" {_look(fill, opacity)}/>')

    def rectangle(
        self,
        corner: Point,
        size: Point,
        fill: str = "1",
        stroke: str = "",
        opacity: float = 1,
        radius: float = 0,
        dash: str = "",
    ) -> None:
        """Draws a rectangle from its upper left corner."""
        place = f'x="{_n(corner[0])}" y="{_n(corner[1])}"'
        extent = f'width="{_n(max(size[0], 0))}" height="{_n(max(size[1], 0))}"'
        rounded = f' rx="{_n(radius)}"' if radius else ""
        look = _look(fill, opacity, stroke, 1.5, dash)
        self._parts.append(f"<rect {place} {extent}{rounded} {look}/>")

    def rectangles(self, boxes: Sequence[tuple[float, ...]], fill: str, opacity: float = 1) -> None:
        """Draws many rectangles of one colour, each x, y, width and height, as one path."""
        path = "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in boxes)
        if path:
            self._parts.append(f'<path d="{path}" {_look(fill, opacity)}/>')

    def dot(
        self, place: Point, radius: float = 3, fill: str = "1", is_hollow: bool = False
    ) -> None:
        """Draws a point; a hollow one has a rim only."""
        look = _look("paper", 1, fill, 1.8) if is_hollow else _look(fill)
        x, y = place
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" {look}/>')

    def text(
        self,
        place: Point,
        text: str,
        anchor: str = "start",
        fill: str = "ink",
        font_px: float = FONT_PX,
        is_bold: bool = False,
        is_over: bool = False,
    ) -> None:
        """Writes a line; `place` is on its base line, and `anchor` start, middle or end of it.

        One that `is_over` other shapes has a rim by which it is read.
        """
        rim = f";paint-order:stroke;stroke:{colour('paper')};stroke-width:4" if is_over else ""
        look = f'text-anchor="{anchor}" font-size="{_n(font_px)}" style="fill:{colour(fill)}{rim}"'
        weight = ' font-weight="600"' if is_bold else ""
        at = f'x="{_n(place[0])}" y="{_n(place[1])}"'
        self._parts.append(f"<text {at} {look}{weight}>{escape(text)}</text>")

    def render(self) -> str:
        """Gives the whole picture, to stand within HTML."""
        described = f"<desc>{escape(self._description)}</desc>" if self._description else ""
        size = f'viewBox="0 0 {_n(self.width)} {_n(self.height)}"'
        look = f'style="width:100%;max-width:{_n(self.width)}px;height:auto"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} {look} '
            f'font-family="inherit" aria-label="{escape(self._title)}">'
            f"<title>{escape(self._title)}</title>{described}{''.join(self._parts)}</svg>"
        )


def _n(number: float) -> str:
    """Writes a number with what a screen can show of it."""
    rounded = round(float(number), 1)
    return f"{rounded:.0f}" if rounded == int(rounded) else f"{rounded:.1f}"


def _path(points: Iterable[Point]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _look(fill: str, opacity: float = 1, stroke: str = "", width: float = 1, dash: str = "") -> str:
    """Writes how a shape is filled and edged: as a style, since an attribute takes no variable."""
    style = [f"fill:{colour(fill)}" if fill else "fill:none"]
    if opacity < 1:
        style.append(f"fill-opacity:{opacity:g}")
    if stroke:
        style += [f"stroke:{colour(stroke)}", f"stroke-width:{_n(width)}"]
    if dash:
        style.append(f"stroke-dasharray:{dash}")
    return f'style="{";".join(style)}"'
