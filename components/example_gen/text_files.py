"""Text files as people have them: UTF-8 with or without a byte order mark, or GB 18030."""

from __future__ import annotations

import codecs
import functools
import io
from collections.abc import Iterator
from typing import BinaryIO

_PROBE_BYTES = 1 << 16


def encoding_of(path: str) -> str:
    """Tells the encoding of a file from its first 64 KiB.

    GB 18030 holds GBK and GB 2312. The lines vote: much UTF-8 text is valid GB 18030 too, so one
    bad line must not make mojibake of a UTF-8 file. What neither reads is left to UTF-8, so that
    bad lines are rejected one by one.
    """
    with _open(path) as file:
        head = file.read(_PROBE_BYTES)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    lines = head.split(b"\n")
    if len(head) == _PROBE_BYTES:
        lines.pop()  # it may end within a character
    telling = [line for line in lines if not line.isascii()]
    readable = {
        encoding: sum(_decodes(line, encoding) for line in telling)
        for encoding in ("utf-8", "gb18030")
    }
    return "gb18030" if 2 * readable["utf-8"] < readable["gb18030"] else "utf-8"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


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
