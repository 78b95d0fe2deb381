"""Tables in text files: what parts their columns, and their rows. No files here, nothing heavy."""

from __future__ import annotations

import csv
import functools
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

DELIMITERS = ("\t", ";", "|", ",", "，")
"""What may part columns, the least usual in other roles first."""

_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(\\t|[^"\r\n])"?[\r\n]*', re.IGNORECASE)
_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_AROUND = " \t\r\n\v\f\u3000\xa0\ufeff\u200b\u200c\u200d\u2060"
_SNIFFED_ROWS = 300
_UNDECODABLE = "\ufffd"


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes:
        delimiter: What parts the columns.
        has_separator_line: Whether its first line is Excel's `sep=;`.
    """

    delimiter: str
    has_separator_line: bool = False


class Row(NamedTuple):
    """A row, or what is in its place.

    Attributes:
        line: Its first line in the file, from 1.
        last_line: Its last; a quote that is missing makes one row of many lines.
        cells: What it holds, without blanks around.
        fault: Why it cannot be read; empty for a good row.
    """

    line: int
    last_line: int
    cells: Sequence[str]
    fault: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in it, as in those that Excel leaves behind: `,,,`."""
        return not self.fault and not any(self.cells)


def sniff(head: str, is_whole: bool = True) -> Dialect:
    """Finds what parts the columns: what makes the most rows of one width.

    Args:
        head: The beginning of a table.
        is_whole: Whether it is all of it, so that its last line is a whole one.
    """
    lines = lines_of(head)
    if said := separator_line(lines[0] if lines else ""):
        return said
    if not is_whole and len(lines) > 1:
        lines.pop()
    evenness = {
        delimiter: _evenness(lines, delimiter) if delimiter in head else 0.0
        for delimiter in DELIMITERS
    }
    # The first is the likeliest where several do equally well.
    return Dialect(max(DELIMITERS, key=evenness.__getitem__) if any(evenness.values()) else ",")


def separator_line(line: str) -> Dialect | None:
    """Reads Excel's `sep=;`; `None` where a line is no such."""
    match = _SEPARATOR_LINE.fullmatch(line)
    if not match:
        return None
    return Dialect("\t" if match[1] == "\\t" else match[1], has_separator_line=True)


def lines_of(text: str) -> list[str]:
    """Parts a text into lines as files are, at LF, CR or both; endings are kept."""
    return list(io.StringIO(text, newline=""))


def read_rows(lines: Iterable[str], dialect: Dialect) -> Iterator[Row]:
    """Reads rows, blank ones too.

    Args:
        lines: Of a table, endings kept, the first without a byte order mark.
        dialect: How it is written.
    """
    # Python 3.10's reader fails on NUL; the cell is rejected as undecodable instead.
    reader = csv.reader(
        (line.replace("\0", _UNDECODABLE) for line in lines), delimiter=dialect.delimiter
    )
    if dialect.has_separator_line:
        next(reader, None)
    while True:
        line = reader.line_num + 1
        try:
            cells = [clean(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, reader.line_num, (), str(error))
            continue
        yield Row(line, reader.line_num, cells)


def clean(cell: str) -> str:
    """Takes blanks and invisible characters off the ends, and Excel's `="…"` from around."""
    if cell.isalnum():
        return cell
    cell = cell.strip(_AROUND)
    if cell.startswith('="') and (match := _EXCEL_TEXT.fullmatch(cell)):
        return match[1].strip(_AROUND)
    return cell


@functools.lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Makes one key of the spellings of a column's name: widths, cases, brackets and blanks."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _evenness(lines: Sequence[str], delimiter: str) -> float:
    """Share of the rows that have the commonest number of columns, two or more."""
    reader = csv.reader(lines, delimiter=delimiter)
    widths: Counter[int] = Counter()
    rows = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows += 1
                widths[len(cells)] += 1
            if rows == _SNIFFED_ROWS:
                break
    except csv.Error:
        pass
    return max((count for width, count in widths.items() if width > 1), default=0) / max(rows, 1)
