"""A PredictResponse straight to bytes.

Of a small answer most of the time went into making messages of it. Here the bytes of the arrays
are put between the few bytes that say what they are, and no list of the numbers is made.

Source: `tensorflow_serving/apis/predict.proto`, `tensorflow/core/framework/tensor.proto` (numbers
of the fields); `tensorflow_serving/servables/tensorflow/predict_util.cc`, `kAsProtoField`: values
go into the field of their dtype (`float_val`, `string_val`, …), which clients rely on.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
from tensorflow.python.framework import dtypes

from serving.calls import wire
from serving.calls.tensors import CHUNK, HALVES, VALUE_FIELDS
from serving.models.signature import Arrays

_OUTPUTS, _MODEL_SPEC = 1, 2
_KEY, _VALUE = 1, 2
_FIELDS = {field.name: field.number for field in tensor_pb2.TensorProto.DESCRIPTOR.fields}
_STRING_TAG = wire.tag(_FIELDS["string_val"])


def encode_response(model_spec: bytes, outputs: Arrays, wanted: Iterable[str]) -> bytes:
    """Writes a PredictResponse.

    Args:
        model_spec: A serialized ModelSpec: who answered.
        outputs: Every output by name; strings as object arrays of bytes.
        wanted: Names of those to write.

    Returns:
        The message's bytes.
    """
    parts = []
    for alias in wanted:
        value = wire.field(_VALUE, encode_tensor(outputs[alias]))
        parts.append(wire.field(_OUTPUTS, _encode_name(alias) + value))
    parts.append(wire.field(_MODEL_SPEC, model_spec))
    return b"".join(parts)


def encode_tensor(value: np.ndarray) -> bytes:
    """Writes a TensorProto.

    Args:
        value: Array of any shape; strings as an object array of bytes.

    Returns:
        The message's bytes.
    """
    if value.dtype == object:
        strings = value.ravel().tolist()
        parts = [_encode_head(types_pb2.DT_STRING, value.shape)]
        for string in strings:
            parts += (_STRING_TAG, wire.length_bytes(len(string)), string)
        return b"".join(parts)
    dtype = _enum_of(value.dtype)
    head = _encode_head(dtype, value.shape)
    name, is_raw = VALUE_FIELDS.get(dtype, ("tensor_content", True))
    if not value.size:
        return head
    if is_raw:
        return head + wire.field(_FIELDS[name], value.tobytes())
    return head + _encode_integers(name, dtype, value)


def _encode_integers(name: str, dtype: int, value: np.ndarray) -> bytes:
    flat = value.ravel()
    if dtype in HALVES:
        flat = flat.view(np.uint16)
    proto = tensor_pb2.TensorProto()
    for start in range(0, flat.size, CHUNK):
        getattr(proto, name).extend(flat[start : start + CHUNK].tolist())
    return bytes(proto.SerializeToString())


@functools.lru_cache(4096)
def _encode_head(dtype: int, shape: tuple[int, ...]) -> bytes:
    """The dtype and the shape of a TensorProto."""
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in shape]
    proto = tensor_pb2.TensorProto(
        dtype=dtype, tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dims)
    )
    return bytes(proto.SerializeToString())


@functools.lru_cache(4096)
def _encode_name(alias: str) -> bytes:
    return wire.field(_KEY, alias.encode())


@functools.cache
def _enum_of(dtype: np.dtype) -> int:
    return int(dtypes.as_dtype(dtype).as_datatype_enum)
