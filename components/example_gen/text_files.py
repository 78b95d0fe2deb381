"""Text files, local or remote, in any encoding that `reading.text_encodings` tells."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from modules.common.reading.file_formats import describe_other_format
from modules.common.reading.text_encodings import PROBE_BYTES, detect


def encoding_of(path: str) -> str:
    """Tells the encoding of a file from its beginning."""
    return detect(read_head(path))


def other_format(path: str) -> str:
    """Says what a file is that is surely no text, such as a workbook; else empty."""
    return describe_other_format(read_head(path))


def read_head(path: str) -> bytes:
    """Reads the beginning of a file.

    Raises:
        OSError: If it cannot be read.
    """
    with _open(path) as file:
        return file.read(PROBE_BYTES)


@dataclass(frozen=True)
class OpenText:
    """A text file that was looked at and can be read, once.

    Attributes:
        encoding: As `text_encodings.detect` names it.
        other_format: What it is if it is no text; else empty.
        head: Its beginning.
        is_whole: Whether that is all of it.
        lines: All of its lines, endings kept; bytes that do not decode become U+FFFD.
    """

    encoding: str
    other_format: str
    head: str
    is_whole: bool
    lines: Iterator[str]


def open_text(path: str) -> OpenText:
    """Looks at a text file, and reads a small one, in one go.

    Raises:
        OSError: If it cannot be read.
    """
    head = read_head(path)
    encoding = detect(head)
    text = head.decode(encoding, errors="replace")
    is_whole = len(head) < PROBE_BYTES
    lines = iter(io.StringIO(text, newline="")) if is_whole else read_lines(path)
    return OpenText(encoding, describe_other_format(head), text, is_whole, lines)


def read_lines(path: str, newline: str = "", max_chars: int = -1) -> Iterator[str]:
    """Reads a text file line by line, endings kept.

    Bytes that do not decode become U+FFFD, for the reader to reject the line that holds them.

    Args:
        path: The file.
        newline: What ends a line; where empty, LF, CR and both do.
        max_chars: A longer line comes in pieces of so many characters, its ending in the last; -1
            for no limit.

    Raises:
        OSError: If the file, a local one, cannot be read.
    """
    with _open(path) as file:
        reader = io.TextIOWrapper(file, encoding_of(path), errors="replace", newline=newline)
        yield from iter(functools.partial(reader.readline, max_chars), "")


def _open(path: str) -> BinaryIO:
    if "://" not in path:
        return open(path, "rb")
    # TFX's file systems take seconds to import; only remote data needs them.
    from tfx.dsl.io import fileio

    return io.BufferedReader(_Raw(fileio.open(path, "rb")))  # type: ignore[type-var]


class _Raw(io.RawIOBase):
    """Makes a raw stream of what `fileio.open` gives."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
