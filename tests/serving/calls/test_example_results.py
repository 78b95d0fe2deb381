"""Answers made of outputs: what forms a classification and a regression, and what does not.

Codes, messages and their order are those of TensorFlow Serving's `classifier.cc` and
`regressor.cc`.
"""

import numpy as np
import pytest

from serving.calls.results import classification, regression
from serving.errors import ServingError

LABELS = np.array([[b"low", b"high"], [b"low", b"high"]], dtype=object)
SCORES = np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float32)


def _pairs(result):
    return [[(entry.label, entry.score) for entry in row.classes] for row in result.classifications]


def test_labels_scores_or_both():
    both = classification({"classes": LABELS, "scores": SCORES}, 2)
    assert _pairs(both) == [[("low", 0.25), ("high", 0.75)], [("low", 1.0), ("high", 0.0)]]
    labels = classification({"classes": LABELS}, 2)
    assert _pairs(labels) == [[("low", 0.0), ("high", 0.0)]] * 2
    scores = classification({"scores": SCORES, "more": np.zeros(7)}, 2)
    assert _pairs(scores) == [[("", 0.25), ("", 0.75)], [("", 1.0), ("", 0.0)]]


def test_no_classes_and_labels_that_are_no_text():
    assert _pairs(classification({"scores": SCORES[:, :0]}, 2)) == [[], []]
    strange = np.array([[b"\xff"]], dtype=object)
    assert _pairs(classification({"classes": strange}, 1)) == [[("\\xff", 0.0)]]


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        # A graph's scalar string comes as bytes.
        ({"classes": b"low"}, "Expected Tensor shape: [batch_size num_classes] but got []"),
        (
            {"scores": SCORES[0]},
            "Expected Tensor shape: [batch_size num_classes] but got [2]",
        ),
        ({"classes": SCORES}, "Expected classes Tensor of DT_STRING. Got: DT_FLOAT"),
        (
            {"scores": SCORES.astype(np.float64)},
            "Expected scores Tensor of DT_FLOAT. Got: DT_DOUBLE",
        ),
        ({"scores": LABELS}, "Expected scores Tensor of DT_FLOAT. Got: DT_STRING"),
        ({"classes": LABELS[:1]}, "Expected classes output batch size of 2. Got: 1"),
        ({"scores": SCORES[:1]}, "Expected scores output batch size of 2. Got: 1"),
        (
            {"classes": LABELS, "scores": SCORES[:, :1]},
            "Tensors class and score should match in dim_size(1). Got 2 vs. 1",
        ),
        # The shape is looked at before the dtype, that before the number of rows, and classes
        # before scores.
        ({"classes": SCORES[:1]}, "Expected classes Tensor of DT_STRING. Got: DT_FLOAT"),
        (
            {"classes": LABELS[:1], "scores": SCORES[0]},
            "Expected classes output batch size of 2. Got: 1",
        ),
    ],
)
def test_what_is_no_classification(outputs, message):
    with pytest.raises(ServingError) as caught:
        classification(outputs, 2)
    assert (caught.value.code.name, caught.value.message) == ("INVALID_ARGUMENT", message)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_regression(shape):
    values = np.arange(3, dtype=np.float32).reshape(shape)
    assert [entry.value for entry in regression({"outputs": values}, 3).regressions] == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            np.float32(1),
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got []",
        ),
        (
            b"one",
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got []",
        ),
        (
            np.zeros((2, 2), np.float32),
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            "[2,2]",
        ),
        (
            np.zeros(3, np.float32),
            "Input batch size did not match output batch size: 2 vs. 3",
        ),
        (np.zeros(2, np.int64), "Expected output Tensor of DT_FLOAT. Got: DT_INT64"),
        # The number of rows is looked at before the dtype.
        (np.zeros(3, np.int64), "Input batch size did not match output batch size: 2 vs. 3"),
    ],
)
def test_what_is_no_regression(value, message):
    with pytest.raises(ServingError) as caught:
        regression({"outputs": value}, 2)
    assert (caught.value.code.name, caught.value.message) == ("INVALID_ARGUMENT", message)
