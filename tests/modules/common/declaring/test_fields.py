"""Fields: what is declared, how it is worded, and what a person's value is read as."""

from __future__ import annotations

from typing import Any

import pytest

from modules.common.declaring.bounds import Bounds
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.registry import all_tasks
from modules.common.declaring.task import Task
from modules.common.runtime.errors import SettingError, TaskError


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, ""),
        ({"at_least": 1, "at_most": 10}, "1 to 10"),
        ({"above": 1, "at_most": 3}, "more than 1, up to 3"),
        ({"at_least": 0}, "0 or more"),
        ({"above": 0}, "more than 0"),
        ({"at_most": 5}, "at most 5"),
        ({"below": 0.5}, "less than 0.5"),
        ({"at_least": 0, "below": 1}, "at least 0, less than 1"),
        ({"above": 0, "below": 1}, "more than 0, less than 1"),
    ],
)
def test_bounds_in_words(bounds: dict[str, float], words: str) -> None:
    assert Bounds(**bounds).words == words


def test_ends_belong_to_the_bounds_as_they_are_said() -> None:
    closed, opened = Bounds(at_least=1, at_most=2), Bounds(above=1, below=2)
    assert [closed.holds(number) for number in (0.99, 1, 2, 2.01)] == [False, True, True, False]
    assert [opened.holds(number) for number in (1, 1.01, 1.99, 2)] == [False, True, True, False]
    assert not any(Bounds().holds(number) for number in (float("nan"), float("inf")))


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"at_least": 1, "above": 0}, "both at_least and above"),
        ({"at_least": 2, "at_most": 1}, "can be nothing"),
        ({"above": 1, "at_most": 1}, "can be nothing"),
        ({"at_least": 1, "default": 0}, "expected 1 or more, found 0 as default"),
        ({"kind": "smell"}, "no kind is called 'smell'"),
        ({"kind": "choice"}, "a choice needs choices"),
        ({"choices": (1, 2), "default": 3}, "expected 1 or 2, found 3"),
        ({"staged": True}, "stages are counted by whole numbers from 1"),
    ],
)
def test_a_field_that_contradicts_itself_is_refused(declared: dict[str, Any], said: str) -> None:
    with pytest.raises(TaskError, match=said):
        Field(name="n", dtype="int64", **declared)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Field(name="n", dtype="int64", at_least=-1), "-1", -1),
        (Field(name="n", dtype="float32", at_most=2), " 1.5 ", 1.5),
        (Field(name="n", dtype="bool"), "No", False),
        (Field(name="n", dtype="string", at_most=3), "王婷", "王婷"),
        (Field(name="n", dtype="string", choices=("a", "b")), "b", "b"),
    ],
)
def test_a_value_is_read(field: Field, text: str, value: object) -> None:
    assert field.parse(text) == value
    assert type(field.parse(text)) is type(value)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        (Field(name="n", dtype="int64", at_least=1, at_most=9), "0", "n: expected 1 to 9, found 0"),
        (
            Field(name="n", dtype="int64", at_least=1, at_most=9),
            "2.5",
            "n: expected a whole number, 1 to 9, found '2.5'",
        ),
        (Field(name="n", dtype="int64"), "9223372036854775808", "n: expected a whole number, fou"),
        (Field(name="n", dtype="float32"), "x", "n: expected a number, found 'x'"),
        (Field(name="n", dtype="float32"), "nan", "n: expected a finite number, found nan"),
        (Field(name="n", dtype="float32"), "1e39", "n: expected a finite number, found 1e39"),
        (Field(name="n", dtype="float32", above=0), "inf", "n: expected more than 0, found inf"),
        (Field(name="n", dtype="bool"), "maybe", "n: expected true or false, found 'maybe'"),
        (Field(name="n", dtype="string", at_most=2), "abc", "expected at most 2 characters"),
        (
            Field(name="n", dtype="string", choices=("a", "b", "c")),
            "d",
            "n: expected one of a, b, c, found d",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused(field: Field, text: str, said: str) -> None:
    with pytest.raises(SettingError) as refused:
        field.parse(text)
    assert said in str(refused.value)


def test_what_a_person_reads_is_made_of_the_declaration() -> None:
    field = Field(name="n", dtype="float32", above=1, at_most=3, default=1.4, doc="how much larger")
    assert field.meaning == "how much larger (more than 1, up to 3)"
    assert field.default_text == "1.4"
    switch = Field(name="detect", dtype="bool", default=False, doc="find faces")
    assert (switch.kind, switch.default_text, switch.meaning) == ("switch", "false", "find faces")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"example": {"n": [1], "s": ["x"] * 300}}, "the example has 300 rows"),
        ({"example": {"n": [0]}}, "the example's n: expected 1 or more, found 0"),
        ({"inputs": (Field(name="n", dtype="string", kind="label"),)}, "for the other side"),
        (
            {"outputs": (Field(name="p", dtype="float32", kind="probability", of="label"),)},
            "p is of the output 'label', which there is not",
        ),
    ],
)
def test_a_serving_that_contradicts_itself_is_refused(changed: dict[str, Any], said: str) -> None:
    fine: dict[str, Any] = {
        "inputs": (Field(name="n", dtype="int64", at_least=1),),
        "outputs": (Field(name="label", dtype="string", kind="label"),),
        "example": {"n": [1]},
    }
    Serving(**fine)
    with pytest.raises(TaskError, match=said):
        Serving(**fine | changed)


def test_an_example_may_have_as_many_rows_as_a_request() -> None:
    for rows in (1, 2):
        Serving(inputs=(), outputs=(), example={"n": [1] * rows}, max_examples=2)
    with pytest.raises(TaskError, match="has 3 rows, and max_examples is 2"):
        Serving(inputs=(), outputs=(), example={"n": [1] * 3}, max_examples=2)


def test_a_field_is_found_by_its_name() -> None:
    serving = all_tasks()[0].serving
    assert serving.input(serving.inputs[0].name) is serving.inputs[0]
    with pytest.raises(TaskError, match="no field 'imagee'; did you mean 'image'"):
        serving.input("imagee")


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_no_bound_and_no_default_stands_in_prose(task: Task) -> None:
    for field in task.serving.inputs:
        numbers = {field.at_least, field.above, field.at_most, field.below} - {None, 0, 1}
        said = field.doc.replace(",", " ").replace(";", " ").split()
        assert not {f"{number:g}" for number in numbers} & set(said), field.name
        assert field.doc and "efault" not in field.doc, field.name
