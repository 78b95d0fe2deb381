"""What of a TensorFlow error reaches a client."""

import grpc
import pytest

from serving.errors import ServingError, graph_message, to_load_error, to_serving_error


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


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError("no such SavedModel"), "NOT_FOUND: no such SavedModel"),
        (
            PermissionError(13, "Permission denied", "/m/1"),
            "PERMISSION_DENIED: [Errno 13] Permission denied: '/m/1'",
        ),
        (ValueError("bad\nmany lines"), "DATA_LOSS: the SavedModel is broken: ValueError: bad"),
        (MemoryError(), "RESOURCE_EXHAUSTED: out of memory"),
    ],
)
def test_fault_of_a_model_has_no_trace(caplog, error, message):
    # The loader of another package raises it.
    raised = _raised_in("tensorflow.somewhere", error)
    assert str(to_load_error(raised)) == message
    assert not [record for record in caplog.records if record.exc_info]


def test_fault_of_ours_has_one(caplog):
    raised = _raised_in("serving.models.servable", KeyError("x"))
    assert to_load_error(raised).code.name == "INTERNAL"
    assert [record for record in caplog.records if record.exc_info]


def _raised_in(module, error):
    scope = {"__name__": module, "error": error}
    try:
        exec("raise error", scope)
    except Exception as caught:
        return caught
