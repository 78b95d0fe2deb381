"""Between TensorProto on the wire and tensors in the graph, as the server needs it."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2

from serving import errors

# TensorProto's value field for each dtype; what is not here travels as tensor_content.
_VALUE_FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int8: "int_val",
    tf.int16: "int_val",
    tf.int32: "int_val",
    tf.uint8: "int_val",
    tf.uint16: "int_val",
    tf.int64: "int64_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
    tf.bool: "bool_val",
}


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


def parse_tensor(alias: str, proto: tensor_pb2.TensorProto, max_bytes: int) -> tf.Tensor:
    """Decodes a tensor from a request.

    TensorFlow's own decoder is used, so what it refuses (content that does not fit the shape,
    negative sizes) and what it allows (too few values, the last one repeats) is the same as in
    TensorFlow Serving.

    Args:
        alias: Name of the input, for the error.
        proto: Tensor as received.
        max_bytes: Largest tensor that may come of it. A few bytes on the wire can declare a
            shape of any size.

    Returns:
        The tensor, with the dtype and shape the proto declares.

    Raises:
        ServingError: INVALID_ARGUMENT if it does not decode.

    Source: `tensorflow/cc/saved_model/util.cc` (message).
    """
    failure = errors.invalid_argument(f"tensor parsing error: {alias}")
    dims = proto_dims(proto.tensor_shape)
    if dims is None or any(size < 0 for size in dims):
        raise failure
    try:
        dtype = tf.dtypes.as_dtype(proto.dtype)
        item_bytes = max(1, dtype.size or 1)
    except (TypeError, KeyError):
        raise failure from None
    if math.prod(dims) * item_bytes > max_bytes:
        raise failure
    try:
        return tf.io.parse_tensor(proto.SerializeToString(), dtype)
    except (tf.errors.OpError, TypeError, ValueError):
        raise failure from None


def to_proto(value: np.ndarray) -> tensor_pb2.TensorProto:
    """Encodes an output.

    Values go into the field of their dtype (`float_val`, `string_val`, …), which is what
    TensorFlow Serving does by default and what clients that read these fields rely on.

    Args:
        value: Array of any shape; strings as an object array of bytes.

    Returns:
        The proto.

    Source: `tensorflow_serving/servables/tensorflow/predict_util.cc`, `kAsProtoField`.
    """
    dtype = tf.string if value.dtype == object else tf.dtypes.as_dtype(value.dtype)
    field = "string_val" if dtype == tf.string else _VALUE_FIELDS.get(dtype)
    if field is None:
        return tf.make_tensor_proto(value, shape=value.shape)
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum)
    for size in value.shape:
        proto.tensor_shape.dim.add().size = size
    getattr(proto, field).extend(value.ravel().tolist())
    return proto
