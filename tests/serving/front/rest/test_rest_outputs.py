"""Answers byte for byte, as RapidJSON's PrettyWriter lays them out for TensorFlow Serving."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import classification_pb2, regression_pb2

from serving.errors import ServingError
from serving.front.rest.output_values import (
    write_classifications,
    write_columns,
    write_error,
    write_regressions,
    write_rows,
)


def tensors(**values: object) -> dict[str, tensor_pb2.TensorProto]:
    return {name: tf.make_tensor_proto(value) for name, value in values.items()}


def floats(values: object) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        (
            tensors(y=floats([2.5, 3, 1e10])),
            '{\n    "predictions": [2.5, 3.0, 1e+10\n    ]\n}',
        ),
        (
            tensors(y=floats([[1, 2], [3, 4]])),
            '{\n    "predictions": [[1.0, 2.0], [3.0, 4.0]\n    ]\n}',
        ),
        (
            tensors(y=floats(np.zeros((2, 1, 2)))),
            '{\n    "predictions": [[[0.0, 0.0]], [[0.0, 0.0]]\n    ]\n}',
        ),
        (
            tensors(b=[True, False], a=[[1, 2], [3, 4]]),
            '{\n    "predictions": [\n'
            '        {\n            "a": [1, 2],\n            "b": true\n        },\n'
            '        {\n            "a": [3, 4],\n            "b": false\n        }\n'
            "    ]\n}",
        ),
        (
            tensors(y_bytes=[b"\xff\xef", b""]),
            '{\n    "predictions": [{\n            "b64": "/+8="\n        }, {\n'
            '            "b64": ""\n        }\n    ]\n}',
        ),
        (
            tensors(y_bytes=[[b"a"]], z=[1]),
            '{\n    "predictions": [\n        {\n            "y_bytes": [{\n'
            '                    "b64": "YQ=="\n                }],\n'
            '            "z": 1\n        }\n    ]\n}',
        ),
        (tensors(y=floats(np.zeros((0,)))), '{\n    "predictions": []\n}'),
        (tensors(y=floats(np.zeros((2, 0)))), '{\n    "predictions": [[], []\n    ]\n}'),
    ],
)
def test_row_form(outputs: dict[str, tensor_pb2.TensorProto], text: str) -> None:
    assert write_rows(outputs).decode() == text


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        (tensors(y=floats(0.5)), '{\n    "outputs": 0.5\n}'),
        (tensors(y=floats([1, 2])), '{\n    "outputs": [\n        1.0,\n        2.0\n    ]\n}'),
        (
            tensors(b=[[1], [2]], a=b'x"\n\x1f\xc3\xa9/'),
            '{\n    "outputs": {\n        "a": "x\\"\\n\\u001Fé/",\n        "b": [\n'
            "            [\n                1\n            ],\n            [\n                2\n"
            "            ]\n        ]\n    }\n}",
        ),
        (
            tensors(y_bytes=[b"a"]),
            '{\n    "outputs": [\n        {\n            "b64": "YQ=="\n        }\n    ]\n}',
        ),
        (tensors(y=floats(np.zeros((1, 0)))), '{\n    "outputs": [\n        []\n    ]\n}'),
    ],
)
def test_column_form(outputs: dict[str, tensor_pb2.TensorProto], text: str) -> None:
    assert write_columns(outputs).decode() == text


def test_bytes_of_a_text_output_are_written_as_they_are() -> None:
    assert b'"outputs": "\xff"' in write_columns(tensors(y=b"\xff"))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64])
def test_whole_numbers(dtype: type) -> None:
    values = np.array([np.iinfo(dtype).min, 7, np.iinfo(dtype).max], dtype)
    assert json.loads(write_rows(tensors(y=values)))["predictions"] == values.tolist()


@pytest.mark.parametrize("dims", [(50_000,), (3, 20_000), (20_000, 3), (7, 11, 13, 17), (1, 1)])
def test_large_answers_are_the_same_whatever_the_shape(dims: tuple[int, ...]) -> None:
    values = np.arange(np.prod(dims), dtype=np.float64).reshape(dims) / 8
    outputs = tensors(y=values)
    assert json.loads(write_rows(outputs))["predictions"] == values.tolist()
    assert json.loads(write_columns(outputs))["outputs"] == values.tolist()
    both = json.loads(write_rows(tensors(y=values, z=values)))["predictions"]
    assert both == [{"y": row, "z": row} for row in values.tolist()]


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({}, "Cannot convert empty tensor map to JSON"),
        (tensors(y=1), "Tensor name: y has no shape information "),
        (
            tensors(a=[1, 2], b=[1]),
            "Tensor name: b has inconsistent batch size: 1 expecting: 2",
        ),
        (
            tensors(y=np.zeros(1, np.float16)),
            "Failed to write JSON value for tensor type: half",
        ),
    ],
)
def test_what_has_no_rows(outputs: dict[str, tensor_pb2.TensorProto], message: str) -> None:
    with pytest.raises(ServingError) as caught:
        write_rows(outputs)
    assert caught.value.message == message


def test_classifications() -> None:
    result = classification_pb2.ClassificationResult()
    first = result.classifications.add().classes
    first.add(label="a", score=0.25)
    first.add(label="b", score=1)
    result.classifications.add().classes.add(label='"', score=1 / 3)
    assert write_classifications(result).decode() == (
        '{\n    "results": [[["a", 0.25], ["b", 1.0]], [["\\"", 0.333333343]]\n    ]\n}'
    )


def test_regressions() -> None:
    result = regression_pb2.RegressionResult()
    for value in (2.5, 10):
        result.regressions.add().value = value
    assert write_regressions(result).decode() == '{\n    "results": [2.5, 10.0]\n}'


def test_nothing_to_write() -> None:
    with pytest.raises(ServingError, match="Cannot convert empty ClassificationResults to JSON"):
        write_classifications(classification_pb2.ClassificationResult())
    with pytest.raises(ServingError, match="Cannot convert empty RegressionResults to JSON"):
        write_regressions(regression_pb2.RegressionResult())


def test_error() -> None:
    assert write_error('say "é"\n').decode() == '{\n    "error": "say \\"é\\"\\n"\n}'
