"""Bytes that the server writes and counts itself, against protobuf and TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2

from serving.calls import limits, tensors, wire
from serving.calls.encode import encode_response, encode_tensor

_NUMBERS = np.random.default_rng(7)
_ARRAYS = [
    _NUMBERS.normal(size=(3, 5)).astype(np.float32),
    _NUMBERS.normal(size=70_000),
    _NUMBERS.normal(size=(2, 2)).astype(np.float16),
    _NUMBERS.normal(size=(2, 3)).astype(tf.bfloat16.as_numpy_dtype),
    np.array([-1, 0, 127, -128], np.int8),
    np.array([[-(2**63)], [2**63 - 1]], np.int64),
    _NUMBERS.integers(-(2**31), 2**31, 70_001).astype(np.int32),
    np.array([0, 2**64 - 1], np.uint64),
    np.array([255, 0], np.uint8),
    np.array([True, False, True]),
    np.array([1 + 2j, -3.5j], np.complex64),
    np.array([1 + 2j], np.complex128),
    np.array([[b"a", b""], ["名".encode(), b"\x00" * 300]], object),
    np.zeros([0, 4], np.float32),
    np.array(1.5, np.float32),
    np.array(b"alone", object),
    np.asfortranarray(_NUMBERS.normal(size=(4, 3)).astype(np.float32))[::2],
]


def _same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.dtype == wanted.dtype and found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("array", _ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_tensors_are_written_as_tensorflow_reads_them(array):
    proto = tensor_pb2.TensorProto.FromString(encode_tensor(array))
    _same(np.asarray(tf.make_ndarray(proto), array.dtype), array)
    if array.dtype != np.uint8:
        assert not proto.tensor_content


@pytest.mark.parametrize("array", _ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_tensors_are_read_as_tensorflow_writes_them(array):
    strings = tf.string if array.dtype == object else None
    for proto in (
        tf.make_tensor_proto(array, dtype=strings, shape=array.shape),
        tensor_pb2.TensorProto.FromString(encode_tensor(array)),
    ):
        _same(tensors.read_tensor("x", proto, tensors.read_sent_dims("x", proto)), array)


def test_strings_in_tensor_content():
    # TensorFlow writes it so: lengths first.
    words = [b"one", b"", b"x" * 200]
    content = b"\x03\x00\xc8\x01" + b"".join(words)
    proto = tensor_pb2.TensorProto(dtype=tf.string.as_datatype_enum, tensor_content=content)
    proto.tensor_shape.dim.add().size = 3
    read = tf.io.parse_tensor(proto.SerializeToString(), tf.string).numpy()
    assert list(tensors.read_tensor("x", proto, (3,))) == list(read) == words
    assert wire.split_strings(content[:-1], 3) is None
    assert wire.split_strings(b"\xff", 1) is None


def test_a_response_is_what_protobuf_reads():
    spec = predict_pb2.PredictRequest().model_spec
    spec.name, spec.signature_name = "tiny", "serving_default"
    spec.version.value = 2**40
    outputs = {"a": _ARRAYS[0], "b": _ARRAYS[12], "left out": _ARRAYS[4]}
    data = encode_response(spec.SerializeToString(), outputs, ["b", "a"])
    response = predict_pb2.PredictResponse.FromString(data)
    assert response.model_spec == spec
    assert sorted(response.outputs) == ["a", "b"]
    for name, proto in response.outputs.items():
        _same(np.asarray(tf.make_ndarray(proto), outputs[name].dtype), outputs[name])


def test_fields_are_counted_where_they_are():
    request = predict_pb2.PredictRequest()
    request.inputs["x"].string_val.extend([b""] * 5)
    for _ in range(3):
        request.inputs["x"].tensor_shape.dim.add().size = 1
    # The input, its name and its tensor, five strings, the shape, three sizes and what is in them.
    data, layout = request.SerializeToString(), limits.LAYOUTS["Predict"]
    assert not wire.exceeds_fields(data, layout, 15)
    assert wire.exceeds_fields(data, layout, 8)
    assert not wire.exceeds_fields(b"\xff\xff", layout, 0)
