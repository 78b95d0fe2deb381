"""Brackets, commas and indents around the values of a tensor.

Values are written some thousands at a time, so an answer of any size needs little more memory
than its text.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_CHUNK = 16_384


def indent(level: int) -> str:
    """Gives the white space before a line.

    Args:
        level: How many brackets are around it.
    """
    return " " * (4 * level)


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where lines are broken.

    Attributes:
        level: How many brackets are around the outermost list.
        is_broken: Whether every item has its own line.
    """

    level: int
    is_broken: bool

    def opened(self, depth: int, rank: int) -> str:
        """Opens the lists from a depth down to the values."""
        if not self.is_broken:
            return "[" * (rank - depth)
        return "".join(f"[\n{indent(self.level + at + 1)}" for at in range(depth, rank))

    def closed(self, depth: int, rank: int) -> str:
        """Closes the lists from the values up to a depth."""
        if not self.is_broken:
            return "]" * (rank - depth)
        return "".join(f"\n{indent(self.level + at)}]" for at in range(rank - 1, depth - 1, -1))

    def comma(self, depth: int) -> str:
        """Parts two items of a list at a depth."""
        return f",\n{indent(self.level + depth + 1)}" if self.is_broken else ", "


def LINES(level: int) -> Layout:
    """A line for each item.

    Args:
        level: How many brackets are around the outermost list.
    """
    return Layout(level, True)


def ONE_LINE(level: int) -> Layout:
    """All on one line.

    Args:
        level: How many brackets are around the outermost list.
    """
    return Layout(level, False)


def join_nested(
    values: np.ndarray,
    dims: tuple[int, ...],
    write: Callable[[Any], list[str]],
    layout: Layout,
    row_comma: str | None = None,
    is_open: bool = False,
) -> Iterator[str]:
    """Writes a tensor as nested lists.

    Args:
        values: [n] values in order.
        dims: Shape of the tensor.
        write: Writes some of the values.
        layout: Where lines are broken.
        row_comma: What parts the items of the outermost list, if not a comma.
        is_open: Whether to leave away the outermost brackets.

    Returns:
        Parts of the text.
    """
    rank = len(dims)
    if 0 in dims:
        return iter([_write_empty(dims, 0, layout, row_comma, is_open)])
    seam = [layout.comma(depth) for depth in range(rank)]
    if row_comma is not None and rank:
        seam[0] = row_comma
    outer = 1 if is_open else 0
    parts = _join(values, dims, write, layout, seam)
    opened, closed = layout.opened(outer, rank), layout.closed(outer, rank)
    return _surround(opened, parts, closed)


def _surround(opened: str, parts: Iterator[str], closed: str) -> Iterator[str]:
    yield opened
    yield from parts
    yield closed


def _join(
    values: np.ndarray,
    dims: tuple[int, ...],
    write: Callable[[Any], list[str]],
    layout: Layout,
    seam: list[str],
) -> Iterator[str]:
    rank, count = len(dims), len(values)
    for start in range(0, count, _CHUNK):
        texts = write(values[start : start + _CHUNK])
        if rank:
            seams = [seam[-1]] * len(texts)
            for depth in range(rank - 2, -1, -1):
                size = math.prod(dims[depth + 1 :])
                first = -(start + 1) % size
                ends = layout.closed(depth + 1, rank) + seam[depth] + layout.opened(depth + 1, rank)
                seams[first::size] = [ends] * len(range(first, len(texts), size))
            if start + len(texts) == count:
                seams[-1] = ""
            both = [""] * (2 * len(texts))
            both[::2], both[1::2] = texts, seams
            texts = both
        yield "".join(texts)


def _write_empty(
    dims: tuple[int, ...], depth: int, layout: Layout, row_comma: str | None, is_open: bool
) -> str:
    """Writes lists that hold no value in the end."""
    if not dims[depth]:
        return "" if is_open else "[]"
    item = _write_empty(dims, depth + 1, layout, None, False)
    comma = layout.comma(depth) if row_comma is None else row_comma
    text = comma.join([item] * dims[depth])
    if is_open:
        return text
    return layout.opened(depth, depth + 1) + text + layout.closed(depth, depth + 1)
