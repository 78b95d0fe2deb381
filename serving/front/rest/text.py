"""What errors of the REST API say, and JSON values as they stand in them.

Source: `tensorflow_serving/util/json_tensor.cc` (`JsonValueToDebugString`, `JsonTypeString`),
RapidJSON's `prettywriter.h` and `internal/dtoa.h` for the layout.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import grpc

from serving.errors import ServingError

_MAX_MESSAGE_CHARS = 2000
# `kMaxJsonDebugStringBytes`; a value is written while no more than this has been.
_MAX_DEBUG_BYTES = 256
_INDENT = "    "
_NEEDS_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n"}
_ESCAPES |= {"\r": "\\r", "\t": "\\t"}


class RestError(ServingError):
    """A ServingError whose message keeps its lines, as those of TensorFlow Serving's JSON do."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        """Bounds the message."""
        super().__init__(code, message)
        self.message = message[:_MAX_MESSAGE_CHARS]


class _Full(Exception):
    """The text is as long as it may be."""


def invalid(message: str) -> RestError:
    """An INVALID_ARGUMENT error."""
    return RestError(grpc.StatusCode.INVALID_ARGUMENT, message)


def format_error(value: Any, complaint: str) -> RestError:
    """An INVALID_ARGUMENT error that shows the value.

    Args:
        value: What was found.
        complaint: What is wrong with it.
    """
    return invalid(f"JSON Value: {debug_text(value)} {complaint}")


def type_error(value: Any, dtype: str) -> RestError:
    """An INVALID_ARGUMENT error for a value that a dtype cannot hold.

    Args:
        value: What was found.
        dtype: TensorFlow's name of what was expected, such as `float`.
    """
    kind = type_name(value)
    return format_error(value, f"Type: {kind} is not of expected type: {dtype}")


def type_name(value: Any) -> str:
    """Names the kind of a JSON value as RapidJSON does.

    Args:
        value: A value as `parse_object` gives it.

    Returns:
        Such as `Number`.
    """
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "True" if value else "False"
    kinds = {dict: "Object", list: "Array", str: "String"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "Number")


def quote(text: str) -> str:
    """Writes a string as JSON, as RapidJSON does: UTF-8 as it is, control characters escaped.

    Args:
        text: The string, odd bytes as `surrogateescape` has them.

    Returns:
        The string in quotation marks.
    """
    if _NEEDS_ESCAPE.search(text):
        text = _NEEDS_ESCAPE.sub(
            lambda found: _ESCAPES.get(found.group()) or f"\\u{ord(found.group()):04X}", text
        )
    return f'"{text}"'


def debug_text(value: Any) -> str:
    """Writes the beginning of a JSON value: arrays on one line, a line for each member.

    Args:
        value: A value as `parse_object` gives it.

    Returns:
        Text that ends with the first token past 256 bytes.
    """
    writer = _DebugWriter()
    try:
        writer.write(value, 0, "")
    except _Full:
        pass
    return "".join(writer.parts)


class _DebugWriter:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._size_bytes = 0

    def write(self, value: Any, level: int, prefix: str) -> None:
        if isinstance(value, list):
            self._put(prefix + "[")
            for index, item in enumerate(value):
                self.write(item, level + 1, ", " if index else "")
            self._put("]")
        elif isinstance(value, dict):
            self._put(prefix + "{")
            for index, (key, item) in enumerate(value.items()):
                start = ",\n" if index else "\n"
                self._put(start + _INDENT * (level + 1) + quote(key[:_MAX_MESSAGE_CHARS]))
                self.write(item, level + 1, ": ")
            self._put(("\n" + _INDENT * level if value else "") + "}")
        else:
            self._put(prefix + self._scalar(value))

    def _put(self, text: str) -> None:
        if self._size_bytes >= _MAX_DEBUG_BYTES:
            raise _Full
        self.parts.append(text)
        self._size_bytes += len(text.encode("utf-8", "surrogateescape"))

    def _scalar(self, value: Any) -> str:
        if isinstance(value, str):
            return quote(value[:_MAX_MESSAGE_CHARS])
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        if not math.isfinite(value):
            # RapidJSON's writer stops at what JSON cannot say.
            raise _Full
        return double_text(value)


def double_text(value: float) -> str:
    """Writes a double as RapidJSON does: the shortest digits, whole numbers with `.0`.

    Args:
        value: A finite number.

    Returns:
        Such as `12.5`, `1e30` or `1.5e-7`.
    """
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if value == 0:
        return sign + "0.0"
    exact = Decimal(repr(abs(value))).normalize().as_tuple()
    digits, exponent = "".join(map(str, exact.digits)), int(exact.exponent)
    point = len(digits) + exponent
    if exponent >= 0 and point <= 21:
        return f"{sign}{digits}{'0' * exponent}.0"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1}"
