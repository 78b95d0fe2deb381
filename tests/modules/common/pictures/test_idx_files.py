"""IDX files: what is read, what is refused, what is missing."""

from __future__ import annotations

import gzip
import io
import struct
from typing import BinaryIO, cast

import numpy as np
import pytest

from modules.common.pictures.idx_files import IdxReader

PICTURES = np.random.default_rng(5).integers(0, 256, (7, 4, 5)).astype(np.uint8)


def idx(values: np.ndarray, count: int | None = None) -> bytes:
    """Writes a file as http://yann.lecun.com/exdb/mnist/ describes it."""
    sides = (count if count is not None else len(values), *values.shape[1:])
    magic = struct.pack(">BBBB", 0, 0, 8, values.ndim)
    return magic + b"".join(struct.pack(">I", side) for side in sides) + values.tobytes()


def read(contents: bytes, dimensions: int = 3) -> IdxReader:
    return IdxReader(io.BytesIO(contents), dimensions)


def test_records_are_those_of_the_array() -> None:
    reader = read(idx(PICTURES))
    assert (reader.count, reader.shape) == (7, (4, 5))
    np.testing.assert_array_equal(np.stack(list(reader)), PICTURES)


def test_labels_are_single_numbers() -> None:
    labels = np.array([3, 0, 255], np.uint8)
    assert [int(label) for label in read(idx(labels), 1)] == [3, 0, 255]


@pytest.mark.parametrize("octets", [0, 1, 19, 20, 99, 139])
def test_of_a_file_that_is_cut_off_whole_records_are_given(octets: int) -> None:
    assert len(list(read(idx(PICTURES)[: 16 + octets]))) == octets // 20


def test_a_damaged_gzip_gives_what_comes_before() -> None:
    many = np.random.default_rng(6).integers(0, 256, (2000, 4, 5)).astype(np.uint8)
    packed = gzip.compress(idx(many))
    stream = gzip.GzipFile(fileobj=io.BytesIO(packed[: len(packed) // 2]))
    found = list(IdxReader(cast(BinaryIO, stream), 3))
    assert 500 < len(found) < 1500
    np.testing.assert_array_equal(np.stack(found), many[: len(found)])


class Slow(io.BytesIO):
    """Gives three bytes at most, as streams may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(3, size) if size is not None and size >= 0 else 3)


def test_a_stream_may_give_its_bytes_in_parts() -> None:
    found = list(IdxReader(Slow(idx(PICTURES)), 3))
    np.testing.assert_array_equal(np.stack(found), PICTURES)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"", "found b''"),
        (b"\x89PNG\r\n\x1a\n", r"found b'\\x89PNG'"),
        (idx(PICTURES[:, 0, 0]), r"expected an IDX file of unsigned bytes in 3 dimensions"),
        (struct.pack(">BBBBIII", 0, 0, 0x0D, 3, 1, 1, 1) + bytes(4), "unsigned bytes"),
        (idx(PICTURES)[:9], "cut off within its header"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 9, 2**31, 2**31), "2147483648 x 2147483648"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 9, 0, 28), "the header says 0 x 28"),
    ],
)
def test_what_is_no_such_file_is_refused(contents: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(contents)
