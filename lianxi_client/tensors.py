"""Arrays out of serialized TensorProtos, and the reverse."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lianxi_client import wire
from lianxi_client.dtypes import BY_NAME, BY_NUMBER, DType
from lianxi_client.messages import MESSAGES

_DTYPE, _SHAPE, _CONTENT = 1, 2, 4
_STRING = BY_NAME["string"]


class TooLargeError(ValueError):
    """A tensor is larger than the client takes."""


def write_tensor(array: np.ndarray, dtype: DType) -> list[bytes | memoryview]:
    """Serializes an array as a TensorProto.

    Args:
        array: Any shape; of bytes objects for strings, of float32 for bfloat16.
        dtype: As what.

    Returns:
        Pieces to be joined, the array's own memory among them.
    """
    tensor = MESSAGES["Tensor"](dtype=dtype.number)
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    if dtype is _STRING:
        tensor.string_val.extend(array.ravel().tolist())
        return [tensor.SerializeToString()]
    if dtype.name == "bfloat16":
        array = _round_to_bfloat16(array)
    flat = np.ascontiguousarray(array, dtype=dtype.stored).reshape(-1).view(np.uint8)
    return [tensor.SerializeToString(), wire.head(_CONTENT, len(flat)), flat.data]


def read_tensor(data: memoryview, max_bytes: int) -> np.ndarray:
    """Reads a TensorProto.

    Args:
        data: Serialized.
        max_bytes: Most memory that the array may take.

    Returns:
        A writable array of its own; strings as an object array of bytes, bfloat16 as float32,
        which holds every one of its numbers.

    Raises:
        ValueError: It is no TensorProto of a dtype that NumPy has, or contradicts itself.
        TooLargeError: It takes more memory than allowed.
    """
    number, shape, fields = _split(data)
    if number not in BY_NUMBER:
        raise ValueError(f"NumPy has no dtype for TensorFlow's number {number}")
    dtype = BY_NUMBER[number]
    size = math.prod(shape)
    itemsize = np.dtype(dtype.stored or np.object_).itemsize
    if size * itemsize > max_bytes:
        raise TooLargeError(f"a tensor of shape {list(shape)} takes more than {max_bytes} bytes")
    if dtype is _STRING:
        values = _objects(MESSAGES["Tensor"].FromString(bytes(data)).string_val)
    elif any(fields.get(_CONTENT, ())):
        values = np.frombuffer(fields[_CONTENT][-1], dtype.stored)
    else:
        values = _read_values(fields.get(dtype.field, []), dtype)
    values = _fill(values, size).reshape(shape)
    if dtype.name == "bfloat16":
        return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values


def to_text(values: np.ndarray) -> np.ndarray:
    """Decodes an array of bytes objects if it is text.

    Args:
        values: Any array.

    Returns:
        Of `str` if every element is UTF-8 without NUL characters; else the same.
    """
    if values.dtype != object:
        return values
    try:
        texts = [element.decode("utf-8") for element in values.ravel()]
    except UnicodeDecodeError:
        return values
    if any("\0" in text for text in texts):
        return values
    return _objects(texts).reshape(values.shape)


def _split(data: memoryview) -> tuple[int, tuple[int, ...], dict[int, list[memoryview]]]:
    number, shape_bytes = 0, b""
    fields: dict[int, list[memoryview]] = {}
    for field, _, value in _until_strings(data):
        if field == _DTYPE:
            number, _ = wire.read_varint(value)
        elif field == _SHAPE:
            shape_bytes += bytes(value)
        else:
            fields.setdefault(field, []).append(value)
    shape = MESSAGES["Shape"].FromString(shape_bytes)
    sizes = tuple(dim.size for dim in shape.dim)
    if shape.unknown_rank or any(size < 0 for size in sizes):
        raise ValueError("the shape of a tensor is not known")
    return number, sizes, fields


def _until_strings(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    # Of texts there may be a million fields, which protobuf's own parser goes through faster.
    is_string = False
    for field, wire_type, value in wire.walk(data):
        yield field, wire_type, value
        is_string |= field == _DTYPE and wire.read_varint(value)[0] == _STRING.number
        if is_string and field == _STRING.field:
            return


def _read_values(chunks: list[memoryview], dtype: DType) -> np.ndarray:
    data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if not dtype.is_varint:
        return np.frombuffer(data, dtype.stored)
    numbers = wire.read_varints(data)
    if dtype.name == "float16":
        return numbers.astype(np.uint16).view(np.float16)
    return numbers.astype(dtype.stored)


def _fill(values: np.ndarray, size: int) -> np.ndarray:
    """Makes as many values as the shape says: TensorFlow repeats the last one."""
    if len(values) == size:
        return values.copy()
    if len(values) > size:
        raise ValueError(f"a tensor has {len(values)} values where its shape says {size}")
    filled = np.zeros(size, values.dtype) if values.dtype != object else np.full(size, b"", object)
    if len(values):
        filled[: len(values)] = values
        filled[len(values) :] = values[-1]
    return filled


def _objects(values: list[bytes] | list[str]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array


def _round_to_bfloat16(array: np.ndarray) -> np.ndarray:
    """Rounds float32 to its upper 16 bits, half to even; a NaN stays one."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    half = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    rounded = (bits + half >> np.uint32(16)).astype(np.uint16)
    return np.where(np.isnan(array), np.uint16(0x7FC0), rounded)
