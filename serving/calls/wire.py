"""Messages that are looked at before they are parsed, or written without being made.

`lianxi_client.wire` has the format; here is what only a server asks of it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from lianxi_client.wire import LENGTH, head, read_varint, varint, walk

# Field number to the fields of the message in it, for what `exceeds_fields` descends into.
Layout = Mapping[int, Any]


@functools.lru_cache(4096)
def length_bytes(length: int) -> bytes:
    """Writes a length.

    Args:
        length: In bytes.

    Returns:
        Its varint.
    """
    return varint(length)


def tag(number: int) -> bytes:
    """Writes the tag of a field that has a length.

    Args:
        number: The field's.

    Returns:
        Its bytes.
    """
    return varint(number << 3 | LENGTH)


def field(number: int, content: bytes) -> bytes:
    """Writes a string, an inner message, or numbers one after the other.

    Args:
        number: The field's.
        content: Its bytes; numbers little-endian.

    Returns:
        Bytes of a message with only this field.
    """
    return head(number, len(content)) + content


def find_field(data: bytes, number: int) -> memoryview:
    """Finds the content of a field that is there once.

    Args:
        data: A message.
        number: The field's.

    Returns:
        Its content, not copied; empty if the field is not there.
    """
    for found, _, content in walk(memoryview(data)):
        if found == number:
            return content
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
    rest: list[tuple[memoryview, Layout]] = [(memoryview(data), layout)]
    try:
        while rest:
            message, known = rest.pop()
            for number, kind, content in walk(message):
                count += 1
                if count > most:
                    return True
                if kind == LENGTH and number in known:
                    rest.append((content, known[number]))
    except ValueError:
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
    view, sizes, at = memoryview(content), [], 0
    try:
        for _ in range(count):
            size, at = read_varint(view, at)
            sizes.append(size)
    except ValueError:
        return None
    if at + sum(sizes) != len(content):
        return None
    found = []
    for size in sizes:
        found.append(content[at : at + size])
        at += size
    return found
