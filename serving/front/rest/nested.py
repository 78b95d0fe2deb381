"""Nested JSON lists as tensors: shapes, dtypes and base64.

Source: `tensorflow_serving/util/json_tensor.cc`, `FillTensorProto` and `AddValueToTensor`.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import grpc
import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.calls.tensors import dtype_name
from serving.front.rest.text import RestError, debug_text, format_error, invalid, type_error

BASE64 = "b64"
# TensorShape holds no more.
_MAX_RANK = 254
_SPACES = re.compile(r"[ \t\n\v\f\r]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_FLOATS = {types_pb2.DT_FLOAT: np.float32, types_pb2.DT_DOUBLE: np.float64}
_INTEGERS = {
    types_pb2.DT_INT32: np.int32,
    types_pb2.DT_INT16: np.int16,
    types_pb2.DT_INT8: np.int8,
    types_pb2.DT_UINT8: np.uint8,
    types_pb2.DT_INT64: np.int64,
    types_pb2.DT_UINT32: np.uint32,
    types_pb2.DT_UINT64: np.uint64,
}
# What a JSON number may be for each dtype. Small dtypes travel as int32 and are cut afterwards.
_RANGES = dict.fromkeys(_INTEGERS, (-(2**31), 2**31 - 1)) | {
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}


@dataclasses.dataclass(frozen=True)
class Nested:
    """What a nested list holds.

    Attributes:
        dtype: `DataType` number.
        dims: Its shape.
        values: Its values in order: an array of the dtype, or a list of what it is made of.
    """

    dtype: int
    dims: tuple[int, ...]
    values: Sequence[Any] | np.ndarray


def is_base64(value: Any) -> bool:
    """Says whether a JSON value is `{"b64": "…"}`.

    Args:
        value: The value.
    """
    return type(value) is dict and len(value) == 1 and isinstance(value.get(BASE64), str)


def decode_base64(value: Any) -> bytes:
    """Decodes `{"b64": "…"}`.

    Args:
        value: The value.

    Returns:
        The bytes.

    Raises:
        ServingError: INVALID_ARGUMENT if it is something else.

    Source: Abseil's `Base64Unescape`: padding may be missing, but must be right if it is there;
    white space is passed over.
    """
    if not is_base64(value):
        raise format_error(value, "not formatted correctly for base64 data")
    text = _SPACES.sub("", value[BASE64])
    digits = text.rstrip("=.")
    padding = len(text) - len(digits)
    right = -len(digits) % 4
    if padding not in (0, right) or right == 3 or not _BASE64.fullmatch(digits):
        raise invalid("Unable to base64 decode")
    try:
        return base64.b64decode(digits + "=" * right)
    except binascii.Error:
        raise invalid("Unable to base64 decode") from None


def text_bytes(text: str) -> bytes:
    """Gives the bytes of a JSON string as they were sent.

    Args:
        text: A string of `parse_object`.
    """
    return text.encode("utf-8", "surrogateescape")


def read_nested(value: Any, dtype: int) -> Nested:
    """Reads a JSON value as a tensor.

    Args:
        value: A value, or lists of values of any depth.
        dtype: `DataType` number.

    Returns:
        The tensor.

    Raises:
        ServingError: Lists are ragged, or values are not of the dtype.
    """
    uniform = read_uniform(value, dtype) if isinstance(value, list) else None
    if uniform is not None:
        return uniform
    dims: list[int] = []
    child = value
    while isinstance(child, list):
        dims.append(len(child))
        child = child[0] if child else None
    if len(dims) > _MAX_RANK:
        raise invalid(f"a tensor has at most {_MAX_RANK} dimensions, got lists of more levels")
    values: list[Any] = []
    _collect(value, 0, tuple(dims), dtype, values)
    return Nested(dtype, tuple(dims), values)


def _collect(value: Any, level: int, dims: tuple[int, ...], dtype: int, values: list[Any]) -> None:
    if not isinstance(value, list):
        if level != len(dims):
            raise format_error(
                value,
                f"found at incorrect level: {level + 1} in the JSON DOM. Expected at level: "
                f"{len(dims)}",
            )
        values.append(_read_value(value, dtype))
        return
    if level >= len(dims):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(dims)}")
    if len(value) != dims[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{dims[level]}"
        )
    for child in value:
        _collect(child, level + 1, dims, dtype, values)


def _read_value(value: Any, dtype: int) -> Any:
    kind = type(value)
    if dtype == types_pb2.DT_STRING and kind is str:
        return text_bytes(value)
    if isinstance(value, dict):
        if dtype == types_pb2.DT_STRING:
            return decode_base64(value)
        raise type_error(value, dtype_name(dtype))
    if dtype in _FLOATS:
        if kind in (int, float):
            return value
    elif dtype in _INTEGERS:
        lowest, highest = _RANGES[dtype]
        if kind is int and lowest <= value <= highest:
            return value
    elif dtype == types_pb2.DT_BOOL:
        if kind is bool:
            return value
    elif dtype != types_pb2.DT_STRING:
        raise RestError(
            grpc.StatusCode.UNIMPLEMENTED,
            f"Conversion of JSON Value: {debug_text(value)} to type: {dtype_name(dtype)}",
        )
    raise type_error(value, dtype_name(dtype))


def read_uniform(value: list[Any], dtype: int) -> Nested | None:
    """Reads lists at once, which is many times faster than value by value.

    Args:
        value: Lists of any depth.
        dtype: `DataType` number.

    Returns:
        The tensor; None where there is anything to complain of, or the dtype has no such way.
    """
    flat = _flatten(value)
    if flat is None:
        return None
    dims, leaves = flat
    values = _convert(leaves, dtype)
    return None if values is None else Nested(dtype, dims, values)


def _flatten(value: list[Any]) -> tuple[tuple[int, ...], list[Any]] | None:
    """Gives shape and values of lists of equal lengths, None of others."""
    dims = [len(value)]
    level = value
    while level and isinstance(level[0], list):
        if set(map(type, level)) != {list} or len(set(map(len, level))) != 1:
            return None
        if len(dims) == _MAX_RANK:
            return None
        dims.append(len(level[0]))
        level = list(itertools.chain.from_iterable(level))
    return tuple(dims), level


def _convert(leaves: list[Any], dtype: int) -> np.ndarray | list[bytes] | None:
    # NumPy would take True for 1, and give every value the room of the longest text.
    types = set(map(type, leaves))
    if dtype == types_pb2.DT_STRING:
        return list(map(text_bytes, leaves)) if types <= {str} else None
    if dtype == types_pb2.DT_BOOL:
        return np.array(leaves, np.bool_) if types <= {bool} else None
    if dtype in _FLOATS and types <= {int, float}:
        with np.errstate(over="ignore"):
            # RapidJSON makes a float of a double, also where the text was a whole number.
            return np.array(leaves, np.float64).astype(_FLOATS[dtype])
    if dtype in _INTEGERS and types <= {int}:
        lowest, highest = _RANGES[dtype]
        if not leaves or (lowest <= min(leaves) and max(leaves) <= highest):
            return np.array(leaves, _widest(dtype)).astype(_INTEGERS[dtype])
    return None


def _widest(dtype: int) -> type[np.integer]:
    return np.uint64 if dtype == types_pb2.DT_UINT64 else np.int64


def make_tensor(name: str, nested: Nested) -> tensor_pb2.TensorProto:
    """Makes a tensor for a request.

    Args:
        name: Name of the input, for the error.
        nested: Its shape and values.

    Returns:
        The tensor; numbers as `tensor_content`.

    Raises:
        ServingError: INVALID_ARGUMENT if there are more dimensions than TensorFlow has.
    """
    if len(nested.dims) > _MAX_RANK or len(nested.values) != math.prod(nested.dims):
        raise invalid(f"tensor parsing error: {name}")
    tensor = tensor_pb2.TensorProto(dtype=nested.dtype)
    for size in nested.dims:
        tensor.tensor_shape.dim.add().size = size
    if nested.dtype == types_pb2.DT_STRING:
        tensor.string_val.extend(nested.values)
    elif nested.dtype == types_pb2.DT_BOOL:
        tensor.tensor_content = np.asarray(nested.values, np.bool_).tobytes()
    elif nested.dtype in _FLOATS:
        with np.errstate(over="ignore"):
            doubles = np.asarray(nested.values, np.float64)
            tensor.tensor_content = doubles.astype(_FLOATS[nested.dtype]).tobytes()
    elif nested.dtype in _INTEGERS:
        numbers = np.asarray(nested.values, _widest(nested.dtype))
        tensor.tensor_content = numbers.astype(_INTEGERS[nested.dtype]).tobytes()
    return tensor
