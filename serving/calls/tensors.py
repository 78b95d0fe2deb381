"""Between TensorProto on the wire and arrays, as the server needs it.

What TensorFlow's own decoder refuses and allows is the same here: content that does not fit the
shape is refused, and of too few values the last one repeats. It is not used because it makes
whatever the shape promises: a request of a hundred bytes can promise gigabytes.

Source: `tensorflow/core/framework/tensor.cc`, `Tensor::FromProto`.
"""

from __future__ import annotations

import functools
import math

import grpc
import numpy as np
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
from tensorflow.python.framework import dtypes

from serving import errors
from serving.calls import wire

# TensorProto's field of values for each dtype, and whether it holds the very bytes of the array.
VALUE_FIELDS = {
    types_pb2.DT_FLOAT: ("float_val", True),
    types_pb2.DT_DOUBLE: ("double_val", True),
    types_pb2.DT_BOOL: ("bool_val", True),
    types_pb2.DT_COMPLEX64: ("scomplex_val", True),
    types_pb2.DT_COMPLEX128: ("dcomplex_val", True),
    types_pb2.DT_INT8: ("int_val", False),
    types_pb2.DT_INT16: ("int_val", False),
    types_pb2.DT_INT32: ("int_val", False),
    types_pb2.DT_UINT8: ("int_val", False),
    types_pb2.DT_UINT16: ("int_val", False),
    types_pb2.DT_INT64: ("int64_val", False),
    types_pb2.DT_UINT32: ("uint32_val", False),
    types_pb2.DT_UINT64: ("uint64_val", False),
    types_pb2.DT_HALF: ("half_val", False),
    types_pb2.DT_BFLOAT16: ("half_val", False),
}
# References (DT_FLOAT_REF and so on) are of TensorFlow 1's graphs, and no values.
_FIRST_REFERENCE = 101
_DTYPES = frozenset(range(1, _FIRST_REFERENCE)) & frozenset(types_pb2.DataType.values())
HALVES = (types_pb2.DT_HALF, types_pb2.DT_BFLOAT16)
# How many numbers become a list at once: enough to be fast, few enough to take no memory.
CHUNK = 65_536
# What a shape may promise beyond the values that were sent, in bytes.
MAX_FILLED_BYTES = 2**20
# A string's own memory in TensorFlow, and the pointer to it in NumPy, in bytes.
_STRING_BYTES = 32


def dtype_name(dtype: int) -> str:
    """Names a dtype as TensorFlow's C++ does.

    Args:
        dtype: A `DataType` number.

    Returns:
        A name such as `string`, `float` or `int64`.
    """
    try:
        return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()
    except ValueError:
        return f"unknown dtype enum ({dtype})"


def shape_text(dims: tuple[int, ...] | None) -> str:
    """Writes a shape for a person.

    Args:
        dims: Sizes, -1 where any size will do; None for unknown rank.

    Returns:
        Such as `[?,3]`.
    """
    if dims is None:
        return "<unknown>"
    return "[" + ",".join("?" if size < 0 else str(size) for size in dims) + "]"


def proto_dims(shape: tensor_shape_pb2.TensorShapeProto) -> tuple[int, ...] | None:
    """Reads a shape proto.

    Args:
        shape: The proto.

    Returns:
        Sizes, -1 where unknown; None for unknown rank.
    """
    return None if shape.unknown_rank else tuple(dim.size for dim in shape.dim)


def read_sent_dims(alias: str, proto: tensor_pb2.TensorProto) -> tuple[int, ...]:
    """Reads the shape of a tensor that was sent.

    Args:
        alias: Name of the input, for the error.
        proto: Tensor as received.

    Returns:
        Sizes, all of them 0 or more.

    Raises:
        ServingError: INVALID_ARGUMENT for a dtype or a shape that no array has.
    """
    shape = proto.tensor_shape
    dims = tuple([dim.size for dim in shape.dim])
    # NumPy has no more than 32 dimensions, TensorFlow no more than 254; both count in int64.
    if proto.dtype not in _DTYPES or shape.unknown_rank or len(dims) > 32:
        raise _failure(alias)
    if dims and (min(dims) < 0 or math.prod([size or 1 for size in dims]) >= 2**63):
        raise _failure(alias)
    return dims


def read_tensor(alias: str, proto: tensor_pb2.TensorProto, dims: tuple[int, ...]) -> np.ndarray:
    """Decodes a tensor from a request.

    Args:
        alias: Name of the input, for the error.
        proto: Tensor as received; its dtype is the declared one.
        dims: Its sizes, as `read_sent_dims` gives them.

    Returns:
        An array of that shape; strings as an object array of bytes.

    Raises:
        ServingError: INVALID_ARGUMENT if it does not decode, RESOURCE_EXHAUSTED if the shape
            promises more than 1 MiB beyond what was sent.

    Source: `tensorflow/cc/saved_model/util.cc` (message).
    """
    count = math.prod(dims)
    if proto.dtype == types_pb2.DT_STRING:
        values = _read_strings(alias, proto, count)
    elif proto.dtype in VALUE_FIELDS:
        values = _read_numbers(alias, proto, count)
    else:
        raise _failure(alias)
    try:
        return values.reshape(dims)
    except ValueError:
        raise _failure(alias) from None


def _failure(alias: str) -> errors.ServingError:
    return errors.invalid_argument(f"tensor parsing error: {alias}")


def _check_fill(alias: str, count: int, sent: int, item_bytes: int) -> None:
    if (count - sent) * item_bytes > MAX_FILLED_BYTES:
        raise errors.ServingError(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"the shape of input {alias} promises {count} values, {sent} were sent; send every "
            "value, or a smaller shape",
        )


def _read_strings(alias: str, proto: tensor_pb2.TensorProto, count: int) -> np.ndarray:
    if proto.tensor_content:
        found = wire.split_strings(proto.tensor_content, count)
        if found is None:
            raise _failure(alias)
    else:
        found = list(proto.string_val[:count])
    last = found[-1] if found else b""
    _check_fill(alias, count, len(found), _STRING_BYTES + len(last))
    values = np.empty(count, object)
    values[: len(found)] = found
    values[len(found) :] = last
    return values


def _read_numbers(alias: str, proto: tensor_pb2.TensorProto, count: int) -> np.ndarray:
    dtype = _dtype_of(proto.dtype)
    if proto.tensor_content:
        if len(proto.tensor_content) != count * dtype.itemsize:
            raise _failure(alias)
        return np.frombuffer(proto.tensor_content, dtype)
    found = _read_field(proto, dtype)[:count]
    if len(found) == count:
        return found
    _check_fill(alias, count, len(found), dtype.itemsize)
    last = found[-1] if len(found) else dtype.type(0)
    return np.concatenate([found, np.full(count - len(found), last, dtype)])


def _read_field(proto: tensor_pb2.TensorProto, dtype: np.dtype) -> np.ndarray:
    """Reads the field of values that belongs to the dtype, without a list of them all."""
    name, is_raw = VALUE_FIELDS[proto.dtype]
    field = getattr(proto, name)
    if is_raw and len(field) > CHUNK:
        number = proto.DESCRIPTOR.fields_by_name[name].number
        data = wire.find_field(proto.SerializeToString(), number)
        return np.frombuffer(data, dtype)
    if proto.dtype in HALVES:
        halves = np.fromiter((value & 0xFFFF for value in field), np.uint16, len(field))
        return halves.view(dtype)
    if dtype.kind == "c":
        parts = np.array(field, f"f{dtype.itemsize // 2}")
        return parts[: len(parts) // 2 * 2].view(dtype)
    if dtype.kind in "iu":
        # Values beyond a narrow dtype wrap around, as a cast in C++ does.
        wide = np.uint64 if dtype == np.uint64 else np.int64
        return np.fromiter(field, wide, len(field)).astype(dtype)
    return np.fromiter(field, dtype, len(field))


@functools.cache
def _dtype_of(enum: int) -> np.dtype:
    return np.dtype(dtypes.as_dtype(enum).as_numpy_dtype)
