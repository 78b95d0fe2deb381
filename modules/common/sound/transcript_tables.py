"""Lists of recordings and their transcripts: lines to rows, by header or else by values.

No TensorFlow here, and no files: `components.example_gen` reads those.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modules.common.reading.quoted_rows import Line, join, split
from modules.common.sound.transcript_columns import (
    Columns,
    FindRecording,
    by_header,
    by_values,
    refuse_column_in_text,
    role_of,
    show_columns,
)
from modules.common.sound.transcript_json import read_objects
from modules.common.sound.transcripts import SOUND_SUFFIXES, Row, holds_hanzi, without_pinyin

_MARKS = "\t|;,"
_BLANK = " "
_SOUND_FILE = "|".join(suffix[1:] for suffix in SOUND_SUFFIXES)
# The ways to part a recording's name from its text where columns do not, the surest first.
_TWO_COLUMNS = (
    re.compile(r"([^\t]*)\t(.*)"),
    re.compile(rf"(.+?\.(?:{_SOUND_FILE}))\s*[,\s]\s*(.*)", re.IGNORECASE),
    re.compile(r"([^,\s]+)\s*,\s*(.*)"),
    re.compile(r"(\S+)\s+(.*)"),
)
# What a header may hold that is none we know: words without digits, no name of a file.
_HEADER_WORD = re.compile(r"[A-Za-z][A-Za-z _\-()\[\]/]*")
# What Excel writes above a table.
_SEPARATOR = re.compile(r'"?sep=.?"?', re.IGNORECASE)
_NEARLY_ALL, _HALF = 0.9, 0.5
_MIN_LINES, _VALUES_OF_A_TEXT = 3, 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a list, or one object of a manifest.

    Attributes:
        where: Its place, such as `line 12`.
        row: What it says; `None` where it cannot be read.
        fault: Why it cannot.
    """

    where: str
    row: Row | None = None
    fault: str = ""


def read_table(lines: Iterable[str], find: FindRecording) -> list[Entry]:
    """Reads a list: a table with a header or without, or JSON, an object a line or an array.

    A table's columns are parted by tabs, `|`, `;`, commas or blanks. With a header they may be in
    any order. Without one they are `path or ID`, `text` and, after a tab, perhaps `speaker`;
    other orders are read where values leave no doubt. Pinyin after each hanzi is left out.

    Args:
        lines: The list.
        find: Finds recordings by what lists call them.

    Raises:
        UnclearColumns: If columns can be read in more than one way, or in none.
    """
    numbered = [
        Line(f"line {number}", line.strip("\r\n\ufeff"))
        for number, line in enumerate(lines, start=1)
        if line.strip("\r\n\ufeff \t,;") and not _SEPARATOR.fullmatch(line.strip("\r\n\ufeff"))
    ]
    if not numbered:
        return []
    if numbered[0].text.lstrip()[:1] in "{[":
        header, rows, faults = read_objects(numbered)
        return [
            *_with_header(header, rows, find, ""),
            *(Entry(where=where, fault=fault) for where, fault in faults),
        ]
    first, *others = numbered
    mark, header = _header(first.text, find)
    if not header:
        _refuse_unknown_header(first.text, others, find)
        return _without_header(numbered, find)
    if len(header) == 1 or (len(header) == 2 and not _is_parted(others, mark)):
        return _without_header(others, find)
    return _with_header(header, list(_rows(others, mark, header)), find, mark)


def _header(line: str, find: FindRecording) -> tuple[str, list[str]]:
    """Gives the mark and the cells of a header; none where the line is no header.

    Words parted by blanks may be a sentence: at least half of them must be known.
    """
    for mark in (*_MARKS, _BLANK):
        cells = split(line, mark)
        if len(cells) == 1 and mark != _BLANK:
            continue
        known = [role_of(cell) is not None for cell in cells]
        if any(find(cell) is not None for cell in cells):
            continue
        if mark == _BLANK and (not known[0] or 2 * sum(known) < len(known)):
            continue
        in_hanzi = any(
            holds_hanzi(c) for c, is_known in zip(cells, known, strict=True) if not is_known
        )
        if sum(known) > int(in_hanzi):
            return mark, cells
    return "", []


def _refuse_unknown_header(line: str, others: Sequence[Line], find: FindRecording) -> None:
    """Raises `UnclearColumns` for a header of which nothing is known.

    It is one if it holds words alone and all other lines have recordings and hanzi.
    """
    for mark in _MARKS:
        cells = split(line, mark)
        if len(cells) < 2 or not all(map(_HEADER_WORD.fullmatch, cells)):
            continue
        if any(find(cell) is not None for cell in cells):
            continue
        rows = [split(other.text, mark) for other in others]
        alike = [
            row
            for row in rows
            if len(row) >= len(cells)
            and any(find(cell) is not None for cell in row)
            and any(map(holds_hanzi, row))
        ]
        if alike and len(alike) >= _NEARLY_ALL * len(rows):
            by_header(cells, rows, find)


def _is_parted(lines: Sequence[Line], mark: str) -> bool:
    return 2 * sum(len(split(line.text, mark)) > 1 for line in lines) >= len(lines)


def _rows(
    lines: Sequence[Line], mark: str, header: Sequence[str]
) -> Iterator[tuple[str, list[str]]]:
    """Gives place and cells; of words parted by blanks, those of a text that is last are one."""
    text_is_last = role_of(header[-1]) == "text"
    if mark == _BLANK and text_is_last:
        yield from ((line.where, line.text.split(None, len(header) - 1)) for line in lines)
    else:
        for line in join(lines, mark, len(header)):
            yield line.where, split(line.text, mark)


def _with_header(
    header: Sequence[str], rows: Sequence[tuple[str, list[str]]], find: FindRecording, mark: str
) -> list[Entry]:
    columns = by_header(header, [cells for _, cells in rows], find)
    entries = [
        _entry(where, _fit_cells(cells, len(header), columns), len(header), columns)
        for where, cells in rows
        if cells != header
    ]
    if mark == _BLANK:
        _look_for_columns(entries, find)
    return entries


def _fit_cells(cells: list[str], count: int, columns: Columns) -> list[str]:
    """Leaves out empty cells at the end; a comma in a text that is last and not quoted stays."""
    while len(cells) > count and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > count and columns.text == count - 1:
        return [*cells[: count - 1], ",".join(cells[count - 1 :])]
    return cells


def _entry(where: str, cells: list[str], count: int, columns: Columns) -> Entry:
    if len(cells) > count or len(cells) <= max(columns.recording, columns.text):
        fault = f"expected {count} columns, found {len(cells)}: {show_columns(cells)}"
        return Entry(where=where, fault=fault)
    row = Row(
        recording=cells[columns.recording],
        text=without_pinyin(cells[columns.text]),
        speaker=_cell_at(cells, columns.speaker),
        condition=_cell_at(cells, columns.condition),
    )
    return Entry(where=where, row=row)


def _cell_at(cells: Sequence[str], place: int | None) -> str:
    """Gives a cell that need not be there."""
    return cells[place] if place is not None and place < len(cells) else ""


def _without_header(lines: Sequence[Line], find: FindRecording) -> list[Entry]:
    for mark in _MARKS:
        table = [split(line.text, mark) for line in lines]
        count, alike = Counter(map(len, table)).most_common(1)[0]
        share = _HALF if mark == "\t" else _NEARLY_ALL
        regular = [row for row in table if len(row) == count]
        if count == 1 or alike < share * len(table):
            continue
        if mark != "\t" and not _names_recordings(regular, find):
            continue
        if mark == "," and _is_text_with_commas(regular, find):
            continue
        columns = by_values(regular, find, may_name_speaker=mark == "\t")
        return [
            _entry(line.where, cells, count, columns)
            if len(cells) in (1, count)
            else _two_columns(line)
            for line, cells in zip(lines, table, strict=True)
        ]
    entries = [_two_columns(line) for line in lines]
    _look_for_columns(entries, find)
    return entries


def _names_recordings(rows: Sequence[Sequence[str]], find: FindRecording) -> bool:
    """Whether the cells of a column name recordings in half of the rows."""
    return any(
        2 * sum(find(cell) is not None for cell in column) >= len(rows)
        for column in zip(*rows, strict=True)
    )


def _is_text_with_commas(rows: Sequence[Sequence[str]], find: FindRecording) -> bool:
    """Whether all that follows a recording is in hanzi, and different, in each column."""
    if len(rows[0]) == 2:
        return False
    first, *others = zip(*rows, strict=True)
    return 2 * sum(find(cell) is not None for cell in first) >= len(rows) and all(
        2 * sum(map(holds_hanzi, column)) >= len(rows) and not _repeats(column) for column in others
    )


def _repeats(column: Sequence[str]) -> bool:
    """Whether a column has few values, which the parts of sentences have not."""
    return len(column) >= _MIN_LINES and _VALUES_OF_A_TEXT * len(set(column)) <= len(column)


def _two_columns(line: Line) -> Entry:
    """Takes a line apart as `path or ID` and `text`: a tab parts them, or blanks or a comma."""
    recording, text = line.text, ""
    for pattern in _TWO_COLUMNS:
        if match := pattern.fullmatch(line.text):
            recording, text = (cell.strip().strip('"').strip() for cell in match.groups())
            break
    return Entry(where=line.where, row=Row(recording=recording, text=without_pinyin(text)))


def _look_for_columns(entries: Sequence[Entry], find: FindRecording) -> None:
    """Raises `UnclearColumns` if texts of two columns begin or end with what is another column."""
    for mark in (",", _BLANK):
        texts, rows = [], []
        for row in (entry.row for entry in entries):
            if row and holds_hanzi(row.text) and find(row.recording) is not None:
                texts.append(split(row.text, mark))
                rows.append([row.recording, *texts[-1]])
        refuse_column_in_text(texts, rows)
