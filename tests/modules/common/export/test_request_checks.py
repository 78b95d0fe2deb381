"""What a request may hold: checked in the graph, as its fields declare it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.registry import all_tasks
from modules.common.declaring.task import Task
from modules.common.export import saved_model
from modules.common.export.optional_inputs import default_tensor
from modules.common.export.request_checks import check_count, check_field, prepare_request
from modules.common.graph.tensors import DTYPES

_SERVING = Serving(
    inputs=(
        Field(name="text", dtype="string"),
        Field(name="times", dtype="int64", at_least=1, at_most=10, default=2),
        Field(name="scale", dtype="float32", above=1, at_most=3, default=1.5),
        Field(name="mood", dtype="string", choices=("merry", "calm"), default="calm"),
    ),
    outputs=(Field(name="said", dtype="string"),),
    example={"text": ["a"]},
    max_examples=3,
)


def request(**given: list) -> dict[str, tf.Tensor]:
    return {
        field.name: tf.constant(given[field.name], DTYPES[field.dtype])
        if field.name in given
        else default_tensor(field)
        for field in _SERVING.inputs
    }


def test_what_is_right_comes_back_as_it_was() -> None:
    given = request(text=["a", "b"], times=[1, 10], scale=[1.0001, 3.0], mood=["calm", "merry"])
    found = prepare_request(given, _SERVING)
    for name, values in given.items():
        np.testing.assert_array_equal(found[name], values)
    spread = prepare_request(request(text=["a", "b", "c"]), _SERVING)
    assert spread["mood"].numpy().tolist() == [b"calm"] * 3
    assert prepare_request(request(text=[]), _SERVING)["scale"].shape == (0,)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"times": [0]}, "times: expected 1 to 10, found 0"),
        ({"times": [11]}, "times: expected 1 to 10, found 11"),
        ({"scale": [1.0]}, "scale: expected more than 1, up to 3, found 1"),
        ({"scale": [float("nan")]}, "scale: expected more than 1, up to 3, found nan"),
        ({"scale": [float("inf")]}, "scale: expected more than 1, up to 3, found inf"),
        ({"mood": ["sad"]}, "mood: expected merry or calm, found sad"),
        ({"mood": [b"\xff"]}, "mood: expected merry or calm, found "),
        (
            {"text": ["a"] * 4},
            "this model takes at most 3 examples in a request, got 4; send them in several",
        ),
        ({"text": ["a"], "times": [1, 2, 3, 4]}, "at most 3 examples in a request, got 4"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        prepare_request(request(**{"text": ["a"], **given}), _SERVING)


def test_the_first_that_is_wrong_is_found_in_any_shape() -> None:
    field = Field(name="series", dtype="float32", shape=(None,), above=0, min_items=2)
    fine = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(check_field(fine, field), fine)
    with pytest.raises(tf.errors.InvalidArgumentError, match="series: .* than 0, found -3"):
        check_field(tf.constant([[1.0, 2.0], [-3.0, 0.0]]), field)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected 2 values or more, found 1"):
        check_field(tf.constant([[1.0], [2.0]]), field)
    free = Field(name="weights", dtype="float32", shape=(None,))
    with pytest.raises(tf.errors.InvalidArgumentError, match="a finite number, found -inf"):
        check_field(tf.constant([[1.0, -np.inf]]), free)
    roll = Field(name="roll", dtype="uint8", shape=(None, 2), choices=(0, 1))
    with pytest.raises(tf.errors.InvalidArgumentError, match="roll: expected 0 or 1, found 2"):
        check_field(tf.constant([[[0, 1], [2, 0]]], tf.uint8), roll)


def test_whoever_loads_the_model_is_refused(tmp_path: Path) -> None:
    def answer(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"said": prepare_request(given, _SERVING)["text"]}

    module = tf.Module()
    specs = {field.name: saved_model.tensor_spec(field) for field in _SERVING.inputs}
    module.traced = saved_model.trace(answer, **specs)
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.traced})
    serve = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    assert serve(**request(text=["a"]))["said"].numpy().tolist() == [b"a"]
    for given in ({"times": [11]}, {"text": ["a"] * 4}):
        with pytest.raises(tf.errors.InvalidArgumentError, match="11$|got 4|found 11|at most 3"):
            serve(**request(**{"text": ["a"], **given}))


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_every_bound_of_every_task_is_checked(task: Task) -> None:
    fine = {name: tf.constant(values) for name, values in task.serving.example.items()}
    assert set(check_count(fine, task.serving.max_examples)) == set(fine)
    for field in task.serving.inputs:
        if not field.is_number:
            continue
        least = field.at_least if field.at_least is not None else field.above
        most = field.at_most if field.at_most is not None else field.below
        beyond = [] if least is None else [least - 1]
        beyond += [] if most is None else [most + 1]
        beyond += [np.nan, np.inf] if field.dtype == "float32" else []
        for wrong in beyond:
            items = [size or max(field.min_items, 1) for size in field.shape]
            values = tf.cast(tf.fill([1, *items], tf.constant(wrong)), DTYPES[field.dtype])
            with pytest.raises(tf.errors.InvalidArgumentError, match=f"{field.name}: expected"):
                check_field(values, field)
