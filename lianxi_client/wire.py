"""Protobuf's wire format, for what is too large to go through its Python classes.

A tensor's values are written from and read into an array's own memory: one copy each way, and no
Python object for each number.

Source: protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
# Few enough that what is made of them stays in the processor's cache.
_NUMBERS_AT_ONCE = 65_536


def varint(number: int) -> bytes:
    """Writes an unsigned integer.

    Args:
        number: From 0 to 2^64 - 1.

    Returns:
        Seven bits a byte, the lowest first.
    """
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def head(field: int, length: int) -> bytes:
    """Writes what stands before a text, bytes or a message.

    Args:
        field: Number of the field.
        length: Of what follows, in bytes.

    Returns:
        Tag and length.
    """
    return varint(field << 3 | LENGTH) + varint(length)


def read_varint(data: memoryview, start: int = 0) -> tuple[int, int]:
    """Reads an unsigned integer.

    Args:
        data: Bytes.
        start: Where it begins.

    Returns:
        The number, and where the next thing begins.

    Raises:
        ValueError: There is none.
    """
    number = 0
    for index in range(_MAX_VARINT_BYTES):
        if start + index >= len(data):
            break
        byte = data[start + index]
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, start + index + 1
    raise ValueError("a number has no end")


def walk(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Goes through the fields of a message.

    Args:
        data: A serialized message.

    Yields:
        Number of the field, its wire type, its bytes (of a number as they stand).

    Raises:
        ValueError: It is no message.
    """
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        field, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            _, end = read_varint(data, at)
        elif wire_type == LENGTH:
            length, at = read_varint(data, at)
            end = at + length
        elif wire_type in (FIXED32, FIXED64):
            end = at + (4 if wire_type == FIXED32 else 8)
        else:
            raise ValueError(f"a field has wire type {wire_type}")
        if not field or end > len(data):
            raise ValueError("a field is cut off")
        yield field, wire_type, data[at:end]
        at = end


def read_varints(data: bytes | memoryview) -> np.ndarray:
    """Reads a packed field of integers of varying length.

    Args:
        data: The field's bytes.

    Returns:
        The numbers, uint64; negative ones as their two's complement.

    Raises:
        ValueError: The last has no end, or one is too long.
    """
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw < 0x80) + 1
    if len(ends) == len(raw):
        return raw.astype(np.uint64)
    if raw[-1] >= 0x80:
        raise ValueError("a number has no end")
    numbers = np.empty(len(ends), np.uint64)
    at = 0
    for first in range(0, len(ends), _NUMBERS_AT_ONCE):
        part = ends[first : first + _NUMBERS_AT_ONCE]
        numbers[first : first + len(part)] = _read_part(raw[at : part[-1]], part - at)
        at = part[-1]
    return numbers


def _read_part(raw: np.ndarray, ends: np.ndarray) -> np.ndarray:
    starts = np.concatenate([[0], ends[:-1]])
    lengths = ends - starts
    if int(lengths.max()) > _MAX_VARINT_BYTES:
        raise ValueError("a number is too long")
    places = np.arange(len(raw), dtype=np.uint64) - np.repeat(starts.astype(np.uint64), lengths)
    bits = (raw & 0x7F).astype(np.uint64) << places * np.uint64(7)
    return np.bitwise_or.reduceat(bits, starts)
