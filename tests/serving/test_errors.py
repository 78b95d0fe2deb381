"""What of a TensorFlow error reaches a client."""

import grpc
import pytest

from serving.errors import ServingError, graph_message, to_serving_error


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Graph execution error:\n\nDetected at node f/Reshape defined at (most recent call "
            "last):\n<stack traces unavailable>\nshapes do not match\n\t [[{{node f/Reshape}}]] "
            "[Op:__inference_signature_wrapper_9]",
            "shapes do not match [[{{node f/Reshape}}]]",
        ),
        (
            "2 root error(s) found.\n  (0) INVALID_ARGUMENT:  bad value\n\t [[{{node a}}]]\n"
            "\t [[b/_2]]\n  (1) INVALID_ARGUMENT:  bad value\n\t [[{{node a}}]]\n0 successful "
            "operations.\n0 derived errors ignored. [Op:__inference_f_1]",
            "bad value [[{{node a}}]] [[b/_2]]",
        ),
        ("{{function_node __wrapped__X}} plain [Op:X]", "plain"),
    ],
)
def test_graph_message(text, expected):
    assert graph_message(text) == expected


def test_long_and_many_lines():
    error = ServingError(grpc.StatusCode.INTERNAL, "a\n b" + "c" * 10_000)
    assert error.message.startswith("a bccc") and len(error.message) == 2000


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("one\ntwo"), "INTERNAL"),
        (MemoryError(), "RESOURCE_EXHAUSTED"),
        (ServingError(grpc.StatusCode.NOT_FOUND, "x"), "NOT_FOUND"),
    ],
)
def test_codes(error, code):
    converted = to_serving_error(error)
    assert converted.code.name == code
    assert "two" not in converted.message
