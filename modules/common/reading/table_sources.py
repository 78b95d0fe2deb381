"""What layouts of tables share, as tasks declare them. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from modules.common.declaring.sources import RawValue, Source

# In either case.
_TABLES = ("*.[cC][sS][vV]", "*.[tT][sS][vV]")


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How tables write values of a kind, which a single one does not always tell.

    All columns of a kind, of all files, are looked at together.

    Attributes:
        name: Of the kind, and of the setting that settles the matter.
        settle: A function `(how often each cell comes, the setting, delimiters of the tables) ->
            how they are written`, a word that `parse` understands. It raises `DataError` with both
            readings where that can be read in two ways.
        parse: Turns a cell's text into the feature's value, told that word.
    """

    name: str
    settle: Callable[[Mapping[str, int], str, Collection[str]], str]
    parse: Callable[[str, str], RawValue]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a CSV file.

    Attributes:
        feature: Name of the raw feature that it becomes.
        headers: Header names that it goes by, the usual one first.
        parse: Turns the cell's text into the feature's value; raises `ValueError` with the
            reason where it cannot, and the row is quarantined with it.
        convention: What parses in its place, where a cell alone does not tell how it is meant.
        recognizes: Tells whether a cell can be of this column alone. Where all columns have it, a
            table of so many columns without a header is read if there is no doubt.
    """

    feature: str
    headers: tuple[str, ...]
    parse: Callable[[str], RawValue] = str.strip
    convention: Convention | None = None
    recognizes: Callable[[str], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class TableSource(Source):
    """Tables in text files, whose names end in `.csv` or `.tsv`.

    In any encoding that `text_encodings` tells, with comma, semicolon, tab or `|` between the
    columns.
    """

    pattern: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the tables; `pattern` alone where the task sets it."""
        return (self.pattern,) if self.pattern else _TABLES
