"""Manifests of recordings as JSON: objects to the rows of a table, their keys as its header."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from modules.common.reading.quoted_rows import Line
from modules.common.sound.transcript_columns import UnclearColumns, show_columns

Table = tuple[list[str], list[tuple[str, list[str]]], list[tuple[str, str]]]
"""Header, rows with their places, and places with what is wrong there."""


def read_objects(lines: Sequence[Line]) -> Table:
    """Reads objects, one a line or all in an array.

    Args:
        lines: Of the file, blank ones left out.

    Raises:
        UnclearColumns: If most are no objects.
    """
    if lines[0].text.lstrip().startswith("["):
        text = "\n".join(line.text for line in lines)
        try:
            found = [(f"entry {n}", item) for n, item in enumerate(json.loads(text), start=1)]
        except ValueError as error:
            raise UnclearColumns(f"it is no JSON that can be read: {error}") from error
    else:
        found = [(line.where, _parse_line(line.text)) for line in lines]
    objects = [(where, item) for where, item in found if isinstance(item, dict)]
    if 2 * len(objects) < len(found) or not objects:
        raise UnclearColumns(
            "it begins as JSON, but has not an object a line: "
            f"{show_columns([lines[0].text])}; expected "
            f'objects such as {{"audio_filepath": "a.wav", "text": "…"}}, one a line or all in '
            f"an array"
        )
    header = list(dict.fromkeys(key for _, item in objects for key in item))
    rows = [(where, [_cell(item.get(key)) for key in header]) for where, item in objects]
    faults = [
        (where, "expected a JSON object, found something else")
        for where, item in found
        if not isinstance(item, dict)
    ]
    return header, rows, faults


def _parse_line(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _cell(value: Any) -> str:
    """Gives a value as text; of an object such as Hugging Face's audio its path."""
    if isinstance(value, dict):
        value = value.get("path")
    return "" if value is None else str(value)
