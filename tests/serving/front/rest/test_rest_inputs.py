"""Tensors made of JSON, and what is said of JSON they cannot be made of."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import predict_pb2

from serving.errors import ServingError
from serving.front.rest.input_values import fill_predict
from serving.front.rest.json_values import parse_object


def signature(**dtypes: tf.DType) -> meta_graph_pb2.SignatureDef:
    made = meta_graph_pb2.SignatureDef()
    for name, dtype in dtypes.items():
        made.inputs[name].dtype = dtype.as_datatype_enum
    return made


def fill(body: str, **dtypes: tf.DType) -> tuple[dict[str, np.ndarray], bool]:
    request = predict_pb2.PredictRequest()
    in_rows = fill_predict(parse_object(body.encode()), signature(**dtypes), request)
    return {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}, in_rows


def complaint(body: str, **dtypes: tf.DType) -> str:
    with pytest.raises(ServingError) as caught:
        fill(body, **dtypes)
    assert caught.value.code.name == "INVALID_ARGUMENT"
    return caught.value.message


@pytest.mark.parametrize("form", ["instances", "inputs"])
@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ("[1, 2.5, NaN]", tf.float32, np.array([1, 2.5, np.nan], np.float32)),
        ("[[1, 2], [3, 1e39]]", tf.float32, np.array([[1, 2], [3, np.inf]], np.float32)),
        ("[0.1, 18446744073709551615]", tf.float64, np.array([0.1, 2.0**64])),
        ("[[[-1]], [[7]]]", tf.int32, np.array([[[-1]], [[7]]], np.int32)),
        ("[300, -1]", tf.uint8, np.array([44, 255], np.uint8)),
        ("[9223372036854775807, -1]", tf.int64, np.array([2**63 - 1, -1])),
        ("[18446744073709551615, 0]", tf.uint64, np.array([2**64 - 1, 0], np.uint64)),
        ("[4294967295]", tf.uint32, np.array([2**32 - 1], np.uint32)),
        ("[[true, false]]", tf.bool, np.array([[True, False]])),
        ("[[], []]", tf.float32, np.zeros((2, 0), np.float32)),
        ("[[], []]", tf.string, np.zeros((2, 0), object)),
        ('["é", "", "\\u0000"]', tf.string, np.array(["é".encode(), b"", b"\0"], object)),
        ('[["a"], [{"b64": "/+8="}]]', tf.string, np.array([[b"a"], [b"\xff\xef"]], object)),
        ('[{"b64": "/ +\\n8"}]', tf.string, np.array([b"\xff\xef"], object)),
    ],
)
def test_one_input(form: str, values: str, dtype: tf.DType, expected: np.ndarray) -> None:
    found, in_rows = fill(f'{{"{form}": {values}}}', x=dtype)
    assert in_rows == (form == "instances")
    assert found["x"].dtype == expected.dtype and found["x"].shape == expected.shape
    np.testing.assert_array_equal(found["x"], expected)


def test_scalar_in_column_form() -> None:
    assert fill('{"inputs": 3}', n=tf.int64)[0]["n"].shape == ()
    assert fill('{"inputs": {"n": 3}}', n=tf.int64)[0]["n"] == 3
    assert fill('{"inputs": {"b64": "YQ"}}', n=tf.string)[0]["n"] == b"a"


def test_several_inputs() -> None:
    rows = '{"instances": [{"a": [1, 2], "b": "x"}, {"b": {"b64": "eQ=="}, "a": [3, 4]}]}'
    columns = '{"inputs": {"a": [[1, 2], [3, 4]], "b": ["x", "y"], "unknown": 1}}'
    for body in (rows, columns):
        found, _ = fill(body, a=tf.float32, b=tf.string)
        np.testing.assert_array_equal(found["a"], [[1, 2], [3, 4]])
        assert found["b"].tolist() == [b"x", b"y"]


def test_bytes_that_are_not_utf8_arrive_as_sent() -> None:
    request = predict_pb2.PredictRequest()
    document = parse_object(b'{"instances": ["\xff\x00"]}'.replace(b"\x00", b"\\u0000"))
    fill_predict(document, signature(x=tf.string), request)
    assert request.inputs["x"].string_val[:] == [b"\xff\0"]


def test_default_may_be_left_out() -> None:
    declared = signature(a=tf.float32, b=tf.float32)
    declared.defaults["b"].CopyFrom(tf.make_tensor_proto(1.0))
    for body in ('{"instances": [{"a": 1}]}', '{"inputs": {"a": [1]}}'):
        request = predict_pb2.PredictRequest()
        fill_predict(parse_object(body.encode()), declared, request)
        assert set(request.inputs) == {"a"}


ROW = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: "


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{}", "Missing 'inputs' or 'instances' key"),
        (
            '{"inputs": 1, "instances": [1]}',
            'JSON Value: {\n    "inputs": 1,\n    "instances": [1]\n} Not formatted correctly '
            "expecting only one of 'inputs' or 'instances' keys to exist ",
        ),
        (
            '{"instances": 1}',
            "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array",
        ),
        (
            '{"instances": []}',
            "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array",
        ),
        (
            '{"instances": [1, null]}',
            ROW.format(1) + "JSON Value: null Type: Null is not of expected type: float",
        ),
        (
            '{"instances": [1, true]}',
            ROW.format(1) + "JSON Value: true Type: True is not of expected type: float",
        ),
        (
            '{"instances": ["a"]}',
            ROW.format(0) + 'JSON Value: "a" Type: String is not of expected type: float',
        ),
        (
            '{"instances": [{"b64": "aa"}]}',
            ROW.format(0) + 'JSON Value: {\n    "b64": "aa"\n} Type: Object is not of expected '
            "type: float",
        ),
        ('{"instances": [[1, 2], [3]]}', ROW.format(1) + "Expecting tensor size: 2 but got: 1"),
        (
            '{"instances": [[[1, 2]], [[1], [2]]]}',
            ROW.format(1) + "Expecting shape [1,2] but got: [2,1]",
        ),
        (
            '{"instances": [[1, [2]]]}',
            ROW.format(0) + "Encountered list at unexpected level: 1 expected < 1",
        ),
        (
            '{"instances": [[[1], 2]]}',
            ROW.format(0) + "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected "
            "at level: 2",
        ),
        (
            '{"instances": [[[1, 2], [3]]]}',
            ROW.format(0) + "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        (
            '{"inputs": [[1], 2]}',
            "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        ('{"inputs": {"y": 1}}', "Missing named input: x in 'inputs' object."),
        (
            '{"instances": [1, {"x": 1}]}',
            "Expecting value/list but got object at item 1 of input list",
        ),
        ('{"instances": [{"x": 1}, 1]}', "Expecting object but got list at item 1 of input list"),
        (
            '{"instances": [{"y": 1}]}',
            "Failed to process element: 0 key: y of 'instances' list. Error: INVALID_ARGUMENT: "
            "JSON object: does not have named input: y",
        ),
        (
            '{"instances": [{}]}',
            "Failed to process element: 0 of 'instances' list. JSON object: {} keys must be equal "
            "to: x",
        ),
        ('{"instances": [{"x": 1, "x": 2}]}', "tensor parsing error: x"),
    ],
)
def test_errors_for_one_float_input(body: str, message: str) -> None:
    assert complaint(body, x=tf.float32) == message


@pytest.mark.parametrize(
    ("value", "dtype", "kind"),
    [
        ("1.0", tf.int32, "int32"),
        ("2147483648", tf.int8, "int8"),
        ("-1", tf.uint32, "uint32"),
        ("-1", tf.uint64, "uint64"),
        ("9223372036854775808", tf.int64, "int64"),
        ("18446744073709551616", tf.uint64, "uint64"),
        ("1", tf.bool, "bool"),
        ("1", tf.string, "string"),
    ],
)
def test_values_out_of_range(value: str, dtype: tf.DType, kind: str) -> None:
    shown = "18446744073709552000.0" if len(value) > 19 and value[-1] == "6" else value
    message = f"JSON Value: {shown} Type: Number is not of expected type: {kind}"
    assert complaint(f'{{"inputs": {value}}}', x=dtype) == message
    assert complaint(f'{{"inputs": [{value}, {value}]}}', x=dtype) == message


def test_dtype_that_json_has_not() -> None:
    with pytest.raises(ServingError) as caught:
        fill('{"inputs": [1]}', x=tf.half)
    assert caught.value.code.name == "UNIMPLEMENTED"
    assert caught.value.message == "Conversion of JSON Value: 1 to type: half"


@pytest.mark.parametrize("text", ["Y", "YWI=YQ==", "YQ=", "YQ===", "Y!==", "YWJ=j", "ä", "YWJj="])
def test_base64_that_is_none(text: str) -> None:
    body = json.dumps({"inputs": [{"b64": text}]})
    assert complaint(body, x=tf.string) == "Unable to base64 decode"


def test_object_that_is_no_base64() -> None:
    assert complaint('{"inputs": [{"b64": "YQ==", "x": 1}]}', x=tf.string) == (
        'JSON Value: {\n    "b64": "YQ==",\n    "x": 1\n} not formatted correctly for base64 data'
    )


@pytest.mark.parametrize("form", ["instances", "inputs"])
def test_plain_list_for_several_inputs(form: str) -> None:
    what = {"instances": "plain list, but expecting list of objects"}.get(
        form, "plain value/list, but expecting an object"
    )
    assert complaint(f'{{"{form}": [1]}}', a=tf.float32, b=tf.float32) == (
        f"{form} is a {what} as multiple input tensors required as per tensorinfo_map"
    )


def test_keys_of_all_rows_must_be_the_inputs() -> None:
    body = '{"instances": [{"a": 1, "b": 2}, {"a": 1}]}'
    assert complaint(body, a=tf.float32, b=tf.float32) == (
        "Failed to process element: 1 of 'instances' list. JSON object: {\n    \"a\": 1\n} keys "
        "must be equal to: a,b"
    )


@pytest.mark.parametrize("levels", [40, 255, 900])
def test_lists_of_many_levels(levels: int) -> None:
    body = '{"inputs": ' + "[" * levels + "1, [2" + "]" * (levels + 1) + "}"
    assert complaint(body, x=tf.float32) == (
        f"Encountered list at unexpected level: {levels} expected < {levels}"
        if levels < 255
        else "a tensor has at most 254 dimensions, got lists of more levels"
    )


def test_signature_without_inputs() -> None:
    assert complaint('{"inputs": 1}') == "Failed to get input map for signature: DEFAULT"
