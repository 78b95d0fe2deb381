"""Reads what many requests are made of. Light: files are read in processes without TensorFlow.

Each example holds the inputs of the signature that is asked, and where it comes from: its place in
the order of the input, its key and the cells that its answer carries. Order and key stay with it
through whatever Beam does with examples.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Record, Reject
from components.example_gen.tables.csv_tables import Table, open_settled
from components.example_gen.tables.example_gen import read_features, readers_of, rejects_of
from components.example_gen.text_files import encoding_of, other_format, read_lines
from modules.common.asking.batches import (
    FileRequests,
    LineRequests,
    RequestSource,
    RowRequests,
    as_features,
    parse_cell,
    signature_of,
)
from modules.common.asking.questions import read_value
from modules.common.declaring.fields import FILE_KINDS, Field
from modules.common.declaring.sources import RawFeatures
from modules.common.reading.tables import name_key
from modules.common.reading.text_encodings import describe_garbled
from modules.common.runtime.errors import DataError

SPLIT = "eval"
"""The split of all requests: nothing is trained on them."""
ORIGIN = "lianxi_origin"
"""The feature that says where an example comes from, as JSON: place, key, cells."""
# Places in different files never meet.
_PLACES = 1 << 32

Item = tuple[int, str]
"""A file's number, in the order of the input, and its path."""


def read_file(item: Item, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads a file as one request, or as several where the task finds several in it.

    Args:
        item: Which file.
        config: Its source must be `FileRequests`.

    Yields:
        Records, or one reject.
    """
    source: FileRequests = config.source
    number, path = item
    name = config.relative(path)
    try:
        _, request = source.asker.read(path, source.said)
    except OSError as error:
        yield Reject(name, "", f"the file cannot be read: {error.strerror or error}")
        return
    except (DataError, ValueError) as error:
        yield Reject(name, "", str(error))
        return
    _, inputs = signature_of(source)
    count = max(len(values) for values in request.values())
    for row in range(count):
        one = {each: values[row if len(values) > 1 else 0] for each, values in request.items()}
        key = f"{name}#{row + 1}" if count > 1 else name
        yield Record(SPLIT, {**as_features(inputs, one), ORIGIN: _origin(number, row, key, ())})


def read_text_lines(item: Item, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads a text file, a request in each line; blank lines are passed over.

    Args:
        item: Which file.
        config: Its source must be `LineRequests`.

    Yields:
        A record, or a reject, for each line.
    """
    source: LineRequests = config.source
    number, path = item
    name, column = config.relative(path), source.column
    if found := other_format(path):
        raise DataError(f"{name} is {found}; expected {source.layout}")
    encoding = encoding_of(path)
    _, inputs = signature_of(source)
    has_lines = False
    for at, line in enumerate(read_lines(path), start=1):
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        has_lines = True
        try:
            if fault := describe_garbled(text, encoding):
                raise ValueError(fault)
            request = _checked(inputs, {**source.said, column.feature: column.parse(text)})
        except ValueError as error:
            yield Reject(name, f"line {at}", str(error))
            continue
        origin = _origin(number, at, f"{name}:{at}", (text,))
        yield Record(SPLIT, {**as_features(inputs, request), ORIGIN: origin})
    if not has_lines:
        yield Reject(name, "", "the file is empty", SET_ASIDE)


def read_rows(item: Item, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads a table, a request in each row.

    Args:
        item: Which file.
        config: Its source must be `RowRequests`, with `carried` set.

    Yields:
        A record for each good row, a reject for each line of a bad one.
    """
    source: RowRequests = config.source
    number, path = item
    name = config.relative(path)
    table, conventions = open_settled(path, config)
    readers = readers_of(table, source, conventions)
    optional = _find_optional(table, source)
    _, inputs = signature_of(source)
    places = [table.header.index(each) if each in table.header else -1 for each in source.carried]
    has_rows = False
    for row in table.rows:
        has_rows = True
        try:
            given = read_features(row, table, readers, source)
            request = {**source.said, **given, **_read_optional(row.cells, optional, table)}
            request = _checked(inputs, request)
            features = as_features(inputs, _with_files(inputs, request, path, source))
        except (ValueError, DataError) as error:
            yield from rejects_of(name, row, str(error))
            continue
        cells = [row.cells[at] if 0 <= at < len(row.cells) else "" for at in places]
        origin = _origin(number, row.line, f"{name}:{row.line}", cells)
        yield Record(SPLIT, {**features, ORIGIN: origin})
    if not has_rows:
        fault = table.fault or "the file has a header and no rows"
        yield Reject(name, "", fault, SET_ASIDE)


def _origin(number: int, place: int, key: str, cells: Sequence[str]) -> str:
    return json.dumps([number * _PLACES + place, key, list(cells)], ensure_ascii=False)


def _find_optional(table: Table, source: RowRequests) -> list[tuple[Field, int]]:
    """Finds the columns of inputs that a table may have."""
    known = {name_key(name): at for at, name in reversed(list(enumerate(table.header)))}
    found = ((entry, known.get(name_key(entry.name))) for entry in source.optional)
    return [(entry, at) for entry, at in found if at is not None]


def _read_optional(
    cells: Sequence[str], optional: Sequence[tuple[Field, int]], table: Table
) -> RawFeatures:
    """Reads the cells of such columns; an empty one says nothing."""
    found: dict[str, Any] = {}
    for entry, at in optional:
        if cells[at].strip():
            try:
                found[entry.name] = parse_cell(entry, cells[at])
            except ValueError as error:
                raise ValueError(f"{table.header[at]}: {error}") from error
    return found


def _checked(inputs: Sequence[Field], request: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a request that the model's graph will not refuse for what its fields say."""
    for entry in inputs:
        value = request.get(entry.name)
        if value is not None and not entry.shape and not entry.fits(value):
            raise ValueError(f"{entry.name}: expected {entry.expected}, found {value!r}")
    return dict(request)


def _with_files(
    inputs: Sequence[Field], request: Mapping[str, Any], table: str, source: RequestSource
) -> Mapping[str, Any]:
    """Reads the files that a row names, which are looked for beside the table."""
    files = [each for each in inputs if each.kind in FILE_KINDS and request.get(each.name)]
    if not files:
        return request
    folder = os.path.dirname(table)
    read = {
        each.name: read_value(source.task_name, each, os.path.join(folder, request[each.name]))
        for each in files
    }
    return {**request, **read}
