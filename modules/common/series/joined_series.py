"""Lays stretches of a series end to end: the tables of several spans become one. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

from modules.common.reading.tables import Dialect, lines_of, read_rows, sniff
from modules.common.reading.text_encodings import decode
from modules.common.runtime.errors import DataError
from modules.common.series.series_table import Entry, find_series
from modules.common.series.settings import SeriesSettings
from modules.common.series.sources import TimeSeriesSource

_ADVICE = "Leave --spans out to read the newest alone"


def join_series(
    contents: Mapping[str, bytes], source: TimeSeriesSource, settings: SeriesSettings
) -> str:
    """Joins the tables of a series' stretches.

    A row whose date an earlier table has with the same value is left out; nothing else is, so that
    whoever reads the whole finds what is wrong in any of them.

    Args:
        contents: The files, by what people call them, in the order of their spans.
        source: Names the columns.
        settings: What a person said of the columns.

    Returns:
        The table of all.

    Raises:
        DataError: If the tables are not written alike, or disagree about a value.
    """
    tables = {name: _open(name, each, source, settings) for name, each in contents.items()}
    (first_name, (head, body, dialect, _)), *others = tables.items()
    known = {entry.date: (first_name, entry) for entry in tables[first_name][3]}
    lines = [*head, *_ended(body)]
    for name, (other_head, other_body, other_dialect, entries) in others:
        if (other_head, other_dialect) != (head, dialect):
            raise DataError(
                f"{first_name} and {name} are not written alike: one begins with "
                f"{_show(head)}, the other with {_show(other_head)}; expected the same columns, so "
                f"that they can be laid end to end. {_ADVICE}"
            )
        repeated = set()
        for entry in entries:
            before, kept = known.setdefault(entry.date, (name, entry))
            if before == name:
                continue
            if kept.value != entry.value:
                raise DataError(
                    f"{entry.date} has the value {kept.value} in {before} and {entry.value} in "
                    f"{name}; expected each date in one span, or with one value. {_ADVICE}, as "
                    "where each span holds the whole series"
                )
            repeated.add(entry.line)
        begin = len(other_head) + 1
        rows = [line for at, line in enumerate(other_body, begin) if at not in repeated]
        lines += _ended(rows)
    return "".join(lines)


def _open(
    name: str, content: bytes, source: TimeSeriesSource, settings: SeriesSettings
) -> tuple[list[str], list[str], Dialect, list[Entry]]:
    """Gives the lines above the first date, those from there on, how it is written, and what of."""
    text = decode(content)
    dialect = sniff(text)
    lines = lines_of(text)
    rows = [row for row in read_rows(lines, dialect) if not row.is_blank]
    entries = list(find_series(rows, source, settings.value_column).entries) if rows else []
    if not entries:
        raise DataError(f"{name} holds no date with a value; expected {source.layout}")
    first = min(entry.line for entry in entries)
    if len(entries) > 1 and all(entry.line == first for entry in entries):
        raise DataError(
            f"{name} has a column for each date; expected a row for each, so that tables can be "
            f"laid end to end. {_ADVICE}"
        )
    return lines[: first - 1], lines[first - 1 :], dialect, entries


def _ended(lines: list[str]) -> list[str]:
    return [line if line.endswith(("\n", "\r")) else f"{line}\n" for line in lines]


def _show(lines: list[str]) -> str:
    return repr(lines[0].strip()) if lines else "a date"
