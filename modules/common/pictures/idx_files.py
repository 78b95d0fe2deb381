"""IDX files, the format of MNIST: records of unsigned bytes behind a header. NumPy only.

Files are streamed: no more than one record is held, whatever a header claims.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

_UNSIGNED_BYTE = 8


class IdxReader:
    """Reads one file, record by record.

    Attributes:
        count: How many records the header says there are.
        shape: Of one record: empty for labels, `(height, width)` for pictures.
    """

    def __init__(self, file: BinaryIO, dimensions: int, max_bytes: int = 2**24) -> None:
        """Reads the header.

        Args:
            file: An open file, not compressed.
            dimensions: Wanted dimensions, that of the records among them: 1 for labels, 3 for
                pictures.
            max_bytes: Most bytes that a record may have.

        Raises:
            ValueError: With the reason, if the header is not that of such a file.
        """
        self._file = file
        wanted = struct.pack(">BBBB", 0, 0, _UNSIGNED_BYTE, dimensions)
        head = self._read(4 + 4 * dimensions)
        if head[:4] != wanted:
            raise ValueError(
                f"expected an IDX file of unsigned bytes in {dimensions} dimensions, beginning "
                f"with {wanted!r}, found {head[:4]!r}"
            )
        if len(head) < 4 + 4 * dimensions:
            raise ValueError("the file is cut off within its header")
        self.count, *shape = struct.unpack(f">{dimensions}I", head[4:])
        self.shape: tuple[int, ...] = tuple(shape)
        if not 1 <= math.prod(self.shape) <= max_bytes:
            raise ValueError(
                f"expected records of 1 to {max_bytes:,} bytes, the header says "
                + " x ".join(map(str, self.shape))
            )

    def __iter__(self) -> Iterator[np.ndarray]:
        """Gives the records there are, uint8 of `shape`; fewer than `count` if it is cut off."""
        size = math.prod(self.shape)
        for _ in range(self.count):
            octets = self._read(size)
            if len(octets) < size:
                return
            yield np.frombuffer(octets, np.uint8).reshape(self.shape)

    def _read(self, size: int) -> bytes:
        """Reads `size` bytes, or fewer where the file ends; streams may give them in parts."""
        parts = []
        while size > 0:
            try:
                part = self._file.read(size)
            # What gzip raises where a file is cut off or damaged.
            except (EOFError, zlib.error, OSError):
                break
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
