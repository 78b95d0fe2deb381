"""Protobuf's wire format, as far as a message has to be looked at before it is parsed.

Source: protobuf.dev/programming-guides/encoding: a field is a tag (number and wire type, one
varint) and a varint, eight bytes, four bytes, or a length with so many bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_LENGTH = 2
_SMALL = [bytes([value]) for value in range(0x80)]
_FIXED_BYTES = {1: 8, 5: 4}

# Field number to the fields of the message in it, for what `count_fields` descends into.
Layout = Mapping[int, Any]


class WireError(ValueError):
    """The bytes are no message."""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Reads a varint.

    Args:
        data: Bytes.
        at: Where it begins.

    Returns:
        Its value, and where the next thing begins.

    Raises:
        WireError: It does not end.
    """
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise WireError("a varint does not end")


def varint(value: int) -> bytes:
    """Writes a varint.

    Args:
        value: 0 or more.

    Returns:
        Its bytes.
    """
    if value < 0x80:
        return _SMALL[value]
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int) -> bytes:
    """Writes the tag of a field that has a length.

    Args:
        number: The field's.

    Returns:
        Its bytes.
    """
    return varint(number << 3 | _LENGTH)


def field(number: int, content: bytes) -> bytes:
    """Writes a string, an inner message, or numbers one after the other.

    Args:
        number: The field's.
        content: Its bytes; numbers little-endian.

    Returns:
        Bytes of a message with only this field.
    """
    return tag(number) + varint(len(content)) + content


def fields(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Walks over the fields of a message.

    Args:
        data: Bytes that hold the message.
        start: Where it begins.
        end: Where it ends; None for the end of the bytes.

    Yields:
        Field number, and where the content begins and ends; of a varint an empty content.

    Raises:
        WireError: They are no message.
    """
    at, end = start, len(data) if end is None else end
    while at < end:
        tag, at = read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            _, at = read_varint(data, at)
            size = 0
        elif kind == _LENGTH:
            size, at = read_varint(data, at)
        elif kind in _FIXED_BYTES:
            size = _FIXED_BYTES[kind]
        else:
            raise WireError(f"wire type {kind}")
        if at + size > end:
            raise WireError("a field goes beyond its message")
        yield number, at, at + size
        at += size


def find_field(data: bytes, number: int) -> memoryview:
    """Finds the content of a field that is there once.

    Args:
        data: A message.
        number: The field's.

    Returns:
        Its content, not copied; empty if the field is not there.
    """
    for found, start, end in fields(data):
        if found == number:
            return memoryview(data)[start:end]
    return memoryview(b"")


def exceeds_fields(data: bytes, layout: Layout, most: int) -> bool:
    """Tells whether parsing a message would make more than so many objects.

    Two bytes on the wire can be a string or a message of their own, which take fifty in memory.

    Args:
        data: A message.
        layout: The fields to descend into, as number to their own layout.
        most: How many fields are allowed, those of inner messages included.

    Returns:
        True as soon as there are more. Bytes that are no message are not counted further: who
        parses them will say so.
    """
    count = 0
    rest: list[tuple[int, int, Layout]] = [(0, len(data), layout)]
    try:
        while rest:
            start, end, known = rest.pop()
            for number, inner_start, inner_end in fields(data, start, end):
                count += 1
                if count > most:
                    return True
                if number in known:
                    rest.append((inner_start, inner_end, known[number]))
    except WireError:
        return False
    return False


def split_strings(content: bytes, count: int) -> list[bytes] | None:
    """Takes apart the strings in a TensorProto's `tensor_content`.

    Args:
        content: So many varint lengths, then the strings without anything between.
        count: How many.

    Returns:
        The strings; None if the content does not hold exactly these.

    Source: `tensorflow/core/platform/coding.cc`, `DecodeStringList`.
    """
    if count > len(content):
        return None
    sizes, at = [], 0
    try:
        for _ in range(count):
            size, at = read_varint(content, at)
            sizes.append(size)
    except WireError:
        return None
    if at + sum(sizes) != len(content):
        return None
    found = []
    for size in sizes:
        found.append(content[at : at + size])
        at += size
    return found
