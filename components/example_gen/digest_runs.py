"""Runs of records in an order that chance could have given: the first half of a shuffle on disk.

A run is as many records as fit into memory, in the order of their digests, in a file of blocks: a
block holds those whose digests begin alike. Whoever wants the records of some blocks reads them out
of every run, and sorts them: so data of any size is shuffled in little memory, by as many workers
as there are, and the order follows from the records, not from who read them first.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from tfx.dsl.io import fileio

BLOCKS = 1024
"""In how many parts, of about equal size, the records of a run may be read."""

_INDEX = struct.Struct(f"<{BLOCKS + 1}Q")
_OFFSET = struct.Struct("<Q")
_HEAD = struct.Struct("<8sI")
_DIGEST_BYTES = 8
_BLOCK_BITS = BLOCKS.bit_length() - 1

Keyed = tuple[bytes, bytes]
"""Digest and record."""


def write_run(path: str, records: Iterable[bytes]) -> None:
    """Writes a run.

    Args:
        path: Its file, which must not be there; local or remote.
        records: In any order.
    """
    offsets = [0] * (BLOCKS + 1)
    parts: list[bytes] = []
    for digest, record in sort_by_digest(records):
        parts += (_HEAD.pack(digest, len(record)), record)
        offsets[_block_of(digest) + 1] += _HEAD.size + len(record)
    position = _INDEX.size
    for block, size in enumerate(offsets):
        position += size
        offsets[block] = position
    with fileio.open(path, "wb") as file:
        file.write(_INDEX.pack(*offsets))
        file.write(b"".join(parts))


def read_blocks(path: str, first: int, end: int) -> Iterator[Keyed]:
    """Reads the records of some blocks of a run.

    Args:
        path: The run's file.
        first: The first block.
        end: The block after the last.

    Yields:
        Digest and record.
    """
    with fileio.open(path, "rb") as file:
        file.seek(first * _OFFSET.size)
        index = file.read((end - first + 1) * _OFFSET.size)
        begin, stop = (_OFFSET.unpack_from(index, at)[0] for at in (0, len(index) - _OFFSET.size))
        file.seek(begin)
        data = file.read(stop - begin)
    position = 0
    while position < len(data):
        digest, size = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        yield digest, data[position : position + size]
        position += size


def sort_by_digest(records: Iterable[bytes]) -> list[Keyed]:
    """Puts records into the order of their digests.

    Records that are the same are spread too: one alone keeps the digest of its bytes, others are
    told apart by their number. So data that repeats one record is still parted evenly.
    """
    keyed = sorted((_digest(record), record) for record in records)
    if all(one[0] != other[0] for one, other in zip(keyed, keyed[1:], strict=False)):
        return keyed
    spread = [
        (_digest(record, number) if number else digest, record)
        for digest, same in groupby(keyed, key=itemgetter(0))
        for number, (_, record) in enumerate(same)
    ]
    return sorted(spread)


def _digest(record: bytes, number: int = 0) -> bytes:
    salt = number.to_bytes(8, "little")
    return hashlib.blake2b(record, digest_size=_DIGEST_BYTES, salt=salt).digest()


def _block_of(digest: bytes) -> int:
    return int.from_bytes(digest[:4], "big") >> (32 - _BLOCK_BITS)
