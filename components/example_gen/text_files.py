"""Text files as people have them: UTF-8 with or without a byte order mark, or GB 18030."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from tfx.dsl.io import fileio

_PROBE_BYTES = 1 << 16


def encoding_of(path: str) -> str:
    """Tells the encoding of a file from its first 64 KiB.

    GB 18030 holds GBK and GB 2312. A file that is neither is read as UTF-8, so that its bad lines
    are rejected one by one.
    """
    with fileio.open(path, "rb") as file:
        head = file.read(_PROBE_BYTES)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head, final=False)
        except UnicodeDecodeError:
            continue
        return encoding
    return "utf-8"


def read_lines(path: str) -> Iterator[str]:
    """Reads a text file line by line, endings kept.

    Bytes that do not decode become U+FFFD, for the reader to reject the line that holds them.
    """
    with fileio.open(path, "rb") as file:
        reader = io.TextIOWrapper(
            io.BufferedReader(_Raw(file)), encoding_of(path), errors="replace", newline=""
        )
        yield from reader


class _Raw(io.RawIOBase):
    """Makes a raw stream of what `fileio.open` gives, which may be remote."""

    def __init__(self, file: object) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))  # type: ignore[attr-defined]
        buffer[: len(data)] = data
        return len(data)
