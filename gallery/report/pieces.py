"""What a section of a report is made of; `templates/pieces.html.j2` writes each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup


@dataclass(frozen=True, kw_only=True)
class Text:
    """Words, escaped where they are written."""

    text: str
    is_quiet: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, whole in the page.

    Attributes:
        uri: Data URI.
        alt: What is to be seen.
        width: In pixels.
        height: In pixels.
        is_small: Whether it is so small that it is enlarged, its pixels as they are.
    """

    uri: str
    alt: str
    width: int
    height: int
    is_small: bool = False
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sound to play, whole in the page.

    Attributes:
        uri: Data URI.
        label: What is to be heard.
        note: What of it was left out, or nothing.
        drawing: Its waveform, or nothing.
    """

    uri: str
    label: str
    note: str = ""
    drawing: Markup = Markup("")
    kind: Literal["sound"] = "sound"


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawing."""

    svg: Markup
    kind: Literal["drawn"] = "drawn"


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Names with probabilities, which bars show.

    Attributes:
        rows: Each name with its share, 0 to 1, the greatest first.
    """

    rows: tuple[tuple[str, float], ...]
    kind: Literal["shares"] = "shares"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Lines, the best first."""

    lines: tuple[str, ...]
    kind: Literal["listed"] = "listed"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Pieces side by side."""

    pieces: tuple[Text | Picture, ...]
    kind: Literal["row"] = "row"


Piece = Text | Picture | Sound | Drawn | Shares | Listed | Row


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        head: The columns.
        rows: Cells, each a text or a piece; the first names the row.
        numeric: Places of the columns that hold numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[Sequence[Piece | str], ...]
    numeric: frozenset[int] = frozenset()
