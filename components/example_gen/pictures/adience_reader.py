"""Reads a row of an Adience table and its face. Light: it runs in processes without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from components.example_gen.file_bytes import read_file
from components.example_gen.pictures.image_reader import decode
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from modules.common.declaring.registry import import_function
from modules.common.declaring.sources import RawFeatures
from modules.common.pictures import image_files
from modules.common.pictures.sources import AdienceSource
from modules.common.reading.text_encodings import describe_garbled

# Those that the path of a face and its labels are in; the others say how it was aligned.
COLUMNS = ("user_id", "original_image", "face_id", "age", "gender")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table, not taken apart yet.

    Attributes:
        table: Name of the file.
        line: Its number, from 1.
        text: What it says, bytes that do not decode as U+FFFD.
        encoding: That the table is in.
        header: Names of the columns.
        split: `train` or `eval`.
    """

    table: str
    line: int
    text: str
    encoding: str
    header: tuple[str, ...]
    split: str


def read_row(row: Row, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one row and its face.

    Args:
        row: A line of a table.
        config: Its source must be an `AdienceSource`.

    Yields:
        One record, or one reject.
    """
    try:
        yield Record(row.split, _features(_cells(row), config))
    except ValueError as error:
        yield Reject(row.table, f"line {row.line}", str(error))


def face_path(cells: dict[str, str]) -> str:
    """Gives the path of a row's face, relative to the data folder.

    Args:
        cells: The row, by column.

    Raises:
        ValueError: If a part of the path is empty or would leave its folder.
    """
    for name in ("user_id", "original_image", "face_id"):
        if not cells[name] or "/" in cells[name] or cells[name].startswith("."):
            raise ValueError(f"{name}: expected part of a file's name, found {cells[name]!r}")
    file = f"landmark_aligned_face.{cells['face_id']}.{cells['original_image']}"
    return f"aligned/{cells['user_id']}/{file}"


def _cells(row: Row) -> dict[str, str]:
    if fault := describe_garbled(row.text, row.encoding):
        raise ValueError(fault)
    cells = [cell.strip() for cell in row.text.split("\t")]
    if len(cells) < len(row.header):
        raise ValueError(f"expected {len(row.header)} fields as in the header, found {len(cells)}")
    return dict(zip(row.header, cells, strict=False))


def _features(cells: dict[str, str], config: ReadConfig) -> RawFeatures:
    source: AdienceSource = config.source
    # Labels first: they are read at once, and many rows have none.
    features = import_function(source.labeler)(cells, config.settings)
    path = face_path(cells)
    try:
        contents = read_file(os.path.join(config.data_dir, path))
        face = image_files.to_servable(decode(contents, config), contents)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return {**features, source.image: face}
