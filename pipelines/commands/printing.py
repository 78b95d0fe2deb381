"""Texts beside their names, in terminals of any width, and in pipes a line each."""

from __future__ import annotations

import math
from typing import TextIO

from rich.console import Console
from rich.text import Text

_LEAST_WIDTH = 24
_STYLES = {"pushed": "green", "done": "green", "refused": "yellow", "failed": "red"}
_STYLES |= {"running": "cyan", "stopped": "cyan", "cached": "cyan", "served": "green"}
_STYLES |= {"checked": "green"}


class Printer:
    """Prints, in colour where that is to a terminal and NO_COLOR is not set."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Looks at the terminal.

        Args:
            stream: Where to print; standard output where not given.
        """
        self._console = Console(file=stream, highlight=False)

    def line(self, text: str = "", style: str = "", indent: int = 0, begin: str = "") -> None:
        """Prints a text; what does not fit in the terminal goes on below its beginning.

        Args:
            text: The text.
            style: Its colour.
            indent: Where it begins, in columns.
            begin: What stands before it, on a line of its own where it is too long for that.
        """
        width = self._console.width - indent
        whole = Text(text, style=style)
        if not self._console.is_terminal or width < _LEAST_WIDTH:
            lines = list(whole.split())
        else:
            lines = list(whole.wrap(self._console, width))
        if len(begin) > indent - 1 >= 0:
            self._console.print(Text(begin), soft_wrap=True)
            begin = ""
        before = begin.ljust(indent)
        for each in lines or [Text()]:
            printed = Text(before) + each
            printed.rstrip()
            self._console.print(printed, soft_wrap=True)
            before = " " * indent

    def state_line(self, begin: str, state: str, rest: str = "") -> None:
        """Prints a line with a state in its colour.

        Args:
            begin: What stands before it.
            state: The state.
            rest: What stands after it.
        """
        printed = Text(begin)
        printed.append(state, style=style_of(state))
        printed.append(rest)
        printed.rstrip()
        self._console.print(printed, soft_wrap=True)


def style_of(state: str) -> str:
    """Gives the colour of a state."""
    return _STYLES.get(state, "")


def word_seconds(seconds: float) -> str:
    """Says how long something took: `0.4 s`, `52 s`, `3 min 05 s`, `1 h 02 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = math.floor(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
