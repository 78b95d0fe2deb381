"""Arrays to TensorProtos and back, against TensorFlow's own reading and writing."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from lianxi_client import ClientError, TensorInfo
from lianxi_client.casting import cast_input
from lianxi_client.dtypes import BY_NAME, DTYPES
from lianxi_client.tensors import TooLargeError, read_tensor, to_text, write_tensor

_LIMIT = 2**20
_EXTREMES = {
    "float32": [0.0, -1.5, 3.4e38, np.inf, np.nan],
    "float64": [0.0, -1.5, 1e300, -np.inf, np.nan],
    "float16": [0.0, -1.5, 65504.0, np.inf, np.nan],
    "int32": [0, -1, 127, 128, -(2**31), 2**31 - 1],
    "uint8": [0, 127, 128, 255],
    "int16": [0, -1, 300, -(2**15)],
    "int8": [0, -1, -128, 127],
    "complex64": [1 + 2j, -3.5j],
    "complex128": [1 + 2j, 1e300j],
    "int64": [0, -1, 2**40, -(2**63), 2**63 - 1],
    "bool": [True, False, True],
    "uint16": [0, 128, 2**16 - 1],
    "uint32": [0, 2**32 - 1],
    "uint64": [0, 2**64 - 1, 2**63],
}
# How TensorFlow Serving answers: values in a field of their own, not in tensor_content.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
}


def values_of(name):
    return np.array(_EXTREMES[name], dtype=name)


def as_fields(array):
    """The array as a TensorProto without tensor_content, made by hand with TensorFlow's class."""
    name = array.dtype.name
    proto = tensor_pb2.TensorProto(dtype=tf.dtypes.as_dtype(name).as_datatype_enum)
    proto.tensor_shape.dim.add(size=array.size)
    if name.startswith("complex"):
        parts = array.view(f"float{array.itemsize * 4}").tolist()
        (proto.scomplex_val if name == "complex64" else proto.dcomplex_val).extend(parts)
    elif name == "float16":
        proto.half_val.extend(array.view(np.uint16).tolist())
    else:
        getattr(proto, _FIELDS.get(name, "int_val")).extend(array.tolist())
    return proto


@pytest.mark.parametrize("name", _EXTREMES)
def test_tensorflow_reads_what_is_written(name):
    array = np.stack([values_of(name)] * 2)
    data = b"".join(write_tensor(array, BY_NAME[name]))
    proto = tensor_pb2.TensorProto.FromString(data)
    np.testing.assert_array_equal(tf.make_ndarray(proto), array)
    assert tf.make_ndarray(proto).dtype == array.dtype


@pytest.mark.parametrize("name", _EXTREMES)
@pytest.mark.parametrize("make", [tf.make_tensor_proto, as_fields], ids=["content", "fields"])
def test_it_reads_what_tensorflow_writes(name, make):
    array = values_of(name)
    read = read_tensor(memoryview(make(array).SerializeToString()), _LIMIT)
    np.testing.assert_array_equal(read, array)
    assert (read.dtype, read.flags.writeable) == (array.dtype, True)


def test_every_dtype_is_tested():
    assert {dtype.name for dtype in DTYPES} == {*_EXTREMES, "string", "bfloat16"}
    for dtype in DTYPES:
        assert tf.dtypes.as_dtype(dtype.number).name == dtype.name


def test_bfloat16_is_rounded_as_tensorflow_does():
    array = np.array([1.0, 1.00390625, 1.01171875, -3.1415927, 3.3e38, np.inf, np.nan], np.float32)
    expected = tf.cast(tf.cast(array, tf.bfloat16), tf.float32).numpy()
    data = b"".join(write_tensor(array, BY_NAME["bfloat16"]))
    np.testing.assert_array_equal(read_tensor(memoryview(data), _LIMIT), expected)
    proto = tensor_pb2.TensorProto.FromString(data)
    np.testing.assert_array_equal(tf.make_ndarray(proto).astype(np.float32), expected)


def test_strings_of_any_bytes():
    array = np.array([[b"", b"\0\xff"], ["é".encode(), b"x" * 300]], object)
    data = b"".join(write_tensor(array, BY_NAME["string"]))
    assert tf.make_ndarray(tensor_pb2.TensorProto.FromString(data)).tolist() == array.tolist()
    assert read_tensor(memoryview(data), _LIMIT).tolist() == array.tolist()
    assert to_text(np.array([[b"a"], ["é".encode()]], object)).tolist() == [["a"], ["é"]]


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1, 1)])
@pytest.mark.parametrize("name", ["float32", "int64", "string"])
def test_shapes(shape, name):
    value = b"a" if name == "string" else 7
    array = np.full(shape, value, object if name == "string" else name)
    data = b"".join(write_tensor(array, BY_NAME[name]))
    read = read_tensor(memoryview(data), _LIMIT)
    assert (read.shape, read.tolist()) == (shape, array.tolist())
    assert tf.make_ndarray(tensor_pb2.TensorProto.FromString(data)).shape == shape


def test_a_single_value_stands_for_all():
    proto = tf.make_tensor_proto(5, tf.int32, shape=[2, 3])
    assert len(proto.int_val) == 1
    read = read_tensor(memoryview(proto.SerializeToString()), _LIMIT)
    assert read.tolist() == [[5, 5, 5], [5, 5, 5]]
    proto.tensor_shape.dim[0].size = 10**15
    with pytest.raises(TooLargeError, match="more than 1048576 bytes"):
        read_tensor(memoryview(proto.SerializeToString()), _LIMIT)


@pytest.mark.parametrize(
    "change",
    [
        lambda proto: proto.tensor_shape.dim.add(size=-1),
        lambda proto: setattr(proto.tensor_shape, "unknown_rank", True),
        lambda proto: proto.int_val.extend([1, 2]),
        lambda proto: setattr(proto, "dtype", 21),
        lambda proto: setattr(proto, "tensor_content", b"abc"),
    ],
)
def test_what_contradicts_itself_is_refused(change):
    proto = tf.make_tensor_proto(5, tf.int32, shape=[1])
    change(proto)
    with pytest.raises(ValueError):
        read_tensor(memoryview(proto.SerializeToString()), _LIMIT)


def test_bytes_that_are_no_tensor_are_refused():
    whole = as_fields(values_of("int64")).SerializeToString()
    for end in range(1, len(whole)):
        try:
            read_tensor(memoryview(whole[:end]), _LIMIT)
        except ValueError:
            continue
    for start in range(256):
        data = bytes((start * 7 + index * 31) % 256 for index in range(64))
        try:
            read_tensor(memoryview(data), _LIMIT)
        except Exception as error:
            assert isinstance(error, ValueError) or type(error).__name__ == "DecodeError"


@pytest.mark.parametrize(
    ("value", "dtype", "said"),
    [
        ([1e300], "float32", "do not fit"),
        ([300], "uint8", "do not fit"),
        ([-1], "uint64", "do not fit"),
        ([2], "bool", "do not fit"),
        ([float("nan")], "int64", "do not fit"),
        ([2**70], "int64", "got object"),
        ([1j], "float32", "got complex128"),
        ([["a"], ["b", "c"]], "string", "lists of different lengths"),
        (["\ud800"], "string", "half a surrogate pair"),
        ([None], "string", "got an element of type NoneType"),
        ([object()], "float32", "got object"),
    ],
)
def test_what_cannot_be_cast_is_said(value, dtype, said):
    with pytest.raises(ClientError, match=said) as caught:
        cast_input("x", value, TensorInfo(dtype, (None,)))
    assert caught.value.code == "INVALID_ARGUMENT"


def test_what_is_cast():
    def cast(value, dtype):
        return cast_input("x", value, TensorInfo(dtype, (None,)))[0].tolist()

    assert cast([float("inf"), 1], "float32") == [float("inf"), 1.0]
    assert cast([bytearray(b"a\0"), "é"], "string") == [b"a\0", "é".encode()]
    assert cast([memoryview(b"ab")], "string") == [b"ab"]
    assert cast([1, 0], "bool") == [True, False]
    assert cast([1, 2.0], "complex64") == [1, 2]
