"""Brings records into the order of their places without holding all of them in memory."""

from __future__ import annotations

import heapq
import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from operator import itemgetter
from typing import BinaryIO

MAX_BYTES = 64 * 2**20
"""What is sorted in memory at a time."""
# What Python takes for a tuple, a number and a string besides the bytes themselves.
_OVERHEAD_BYTES = 150
_HEAD = struct.Struct("<QI")
_MOST_FILES = 200

Placed = tuple[int, bytes]
"""A record and its place; no two have the same."""


def sort(records: Iterable[Placed], max_bytes: int = MAX_BYTES) -> Iterator[bytes]:
    """Gives records in the order of their places.

    What does not fit in memory is sorted part by part into temporary files, which are merged.

    Args:
        records: In any order.
        max_bytes: What is held in memory.

    Raises:
        OSError: If the folder for temporary files is full.
    """
    with tempfile.TemporaryDirectory(prefix="lianxi-sort-") as folder:
        runs: list[str] = []
        part: list[Placed] = []
        held = 0
        for record in records:
            part.append(record)
            held += len(record[1]) + _OVERHEAD_BYTES
            if held > max_bytes:
                part.sort(key=itemgetter(0))
                runs.append(_write(part, folder))
                part, held = [], 0
                if len(runs) == _MOST_FILES:
                    runs = [_write(_merge(runs, []), folder)]
        part.sort(key=itemgetter(0))
        for _, record_bytes in _merge(runs, part):
            yield record_bytes


def _merge(runs: list[str], part: list[Placed]) -> Iterator[Placed]:
    with ExitStack() as stack:
        files = [stack.enter_context(open(run, "rb")) for run in runs]
        yield from heapq.merge(*map(_read, files), part, key=itemgetter(0))
    for run in runs:
        os.unlink(run)


def _write(records: Iterable[Placed], folder: str) -> str:
    handle, path = tempfile.mkstemp(dir=folder)
    with open(handle, "wb", buffering=1 << 20) as file:
        for place, record in records:
            file.write(_HEAD.pack(place, len(record)))
            file.write(record)
    return path


def _read(file: BinaryIO) -> Iterator[Placed]:
    while head := file.read(_HEAD.size):
        place, size = _HEAD.unpack(head)
        yield place, file.read(size)
