"""What files of conversations and tables of pairs share: lines in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.example_gen.text_files import read_lines


@dataclass
class Tally:
    """Counts lines, or rows, while a file is read.

    Attributes:
        well: Those with which nothing is wrong.
    """

    well: int = 0


def lines_of(path: str, max_chars: int) -> Iterator[tuple[str, bool]]:
    """Reads lines, and tells whether each is only the beginning of a longer one.

    Python would end a line at a lone CR too. In these files it is white space.

    Args:
        path: The file.
        max_chars: Of a longer line so many characters are given.
    """
    pieces = read_lines(path, "\n", max_chars)
    for line in pieces:
        is_cut = len(line) == max_chars and line[-1] != "\n"
        yield line, is_cut
        while is_cut:
            piece = next(pieces, "\n")
            is_cut = piece[-1] != "\n"


def too_long(text: str, is_cut: bool, max_chars: int) -> str:
    """Says that a text is longer than is wanted.

    Args:
        text: As much of it as was read.
        is_cut: Whether there is more.
        max_chars: How long it may be.
    """
    found = "at least " * is_cut + f"{len(text):,}"
    return (
        f"expected at most max_chars={max_chars} characters, found {found}; "
        f"--set max_chars={len(text)} reads it"
    )
