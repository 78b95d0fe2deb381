"""Lines of a table to cells, where a quotation mark may be missing or just be meant.

Python's reader lets a quote that is never closed take all that follows into one cell. Here a line
with an odd number of them goes on only where the next lines are no rows of their own.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MAX_JOINED_LINES = 20


class Line(NamedTuple):
    """A line of a table.

    Attributes:
        where: Its place, such as `line 12`.
        text: What it says, its ending left out.
    """

    where: str
    text: str


def split(line: str, mark: str) -> list[str]:
    """Takes a line apart, quotes around cells minded where they are in pairs.

    Args:
        line: A line of a table.
        mark: What parts its cells; a blank stands for any white space. A tab is never meant in a
            cell, not even between quotes.
    """
    if mark == " ":
        return line.split()
    if mark != "\t" and '"' in line and not _is_odd(line):
        try:
            cells = next(csv.reader([line], delimiter=mark, skipinitialspace=True))
            return [cell.strip() for cell in cells]
        except csv.Error:
            pass  # A field longer than the reader allows.
    return [_unquote(cell.strip()) for cell in line.split(mark)]


def join(lines: Iterable[Line], mark: str, count: int) -> Iterator[Line]:
    """Makes one line of those that a quoted cell goes over.

    Args:
        lines: Of a table, blank ones left out.
        mark: What parts their cells.
        count: How many cells a row has.
    """
    coming = iter(lines)
    ahead: deque[Line] = deque()
    while True:
        line = ahead.popleft() if ahead else next(coming, None)
        if line is None:
            return
        if _is_odd(line.text):
            while len(ahead) < _MAX_JOINED_LINES and (following := next(coming, None)):
                ahead.append(following)
            parts = _continuation(ahead, mark, count)
            for _ in parts:
                ahead.popleft()
            line = Line(line.where, " ".join([line.text, *parts]))
        yield line


def _continuation(ahead: Iterable[Line], mark: str, count: int) -> list[str]:
    """The lines that a quoted cell goes over, to that which ends it; none where no line does."""
    parts = []
    for _, text in ahead:
        parts.append(text)
        if _is_odd(text):
            return parts if _ends_a_cell(text, mark) else []
        if len(split(text, mark)) >= count:
            return []
    return []


def _unquote(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell.strip('"').strip()


def _is_odd(text: str) -> bool:
    return text.count('"') % 2 == 1


def _ends_a_cell(text: str, mark: str) -> bool:
    """Whether the first quote of a line ends a cell, and begins none."""
    before, _, after = text.partition('"')
    begins = not before.strip() or before.rstrip().endswith(mark)
    return not (begins and after.strip()) and (not after.strip() or after.lstrip().startswith(mark))
