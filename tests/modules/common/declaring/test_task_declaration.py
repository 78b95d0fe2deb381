from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from modules.common.declaring.registry import all_tasks, load_task
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.drawn.sources import GeneratedSource
from modules.common.runtime.errors import TaskError

Declare = Callable[..., Task]

_FIELD = Field(name="x", dtype="float32")
_GATED = Metric(name="auc", doc="", kind="auc", gate=Gate(floor=0.5))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "TinyTask"}, "lower_snake_case"),
        ({"name": "tiny__task"}, "lower_snake_case"),
        ({"name": "1task"}, "lower_snake_case"),
        ({"sources": ()}, "no source"),
        ({"label": "z"}, "its label 'z' is not among its features"),
        ({"features": (Feature(name="y", dtype="int64"),) * 2}, "feature 'y' twice"),
        ({"features": ()}, "no feature"),
        ({"metrics": ()}, "no metric"),
        ({"metrics": (_GATED, _GATED)}, "metric 'auc' twice"),
        ({"metrics": (Metric(name="auc", doc=""),)}, "none of its metrics has a gate"),
        ({"smoke": {"epoch": 2}}, "smoke has unknown 'epoch'"),
        ({"quarantine_limit": 1.0}, "quarantine_limit must be in"),
        ({"quarantine_limit": -0.1}, "quarantine_limit must be in"),
        (
            {"serving": Serving(inputs=(_FIELD,), outputs=(_FIELD,), example={})},
            "serving.example must give every serving input",
        ),
        (
            {"serving": Serving(inputs=(_FIELD,), outputs=(), example={"x": [0.0]})},
            "no serving output",
        ),
        (
            {"serving": Serving(inputs=(_FIELD,), outputs=(_FIELD,) * 2, example={"x": [0.0]})},
            "serving output 'x' twice",
        ),
    ],
)
def test_an_invalid_declaration_says_what_is_wrong(
    declare: Declare, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(TaskError) as caught:
        declare(**changes)
    assert message in str(caught.value)
    assert repr(changes.get("name", "tiny_task")) in str(caught.value)


def test_all_problems_are_named_at_once(declare: Declare) -> None:
    with pytest.raises(TaskError) as caught:
        declare(sources=(), label="z", smoke={"nothing": 1})
    for part in ("no source", "label 'z'", "unknown 'nothing'"):
        assert part in str(caught.value)


def test_a_gate_may_only_ask_for_a_declared_baseline() -> None:
    with pytest.raises(TaskError, match=r"accuracy.*'naive'.*\['other'\]"):
        Metric(name="accuracy", doc="", baselines=("other",), gate=Gate(baseline="naive"))


def test_a_curve_carries_no_baselines() -> None:
    with pytest.raises(TaskError, match="auc: only `ratio`"):
        Metric(name="auc", doc="", kind="auc", baselines=("naive",))


def test_the_declaration_cannot_be_changed_afterwards(declare: Declare) -> None:
    defaults = {"seed": 1}
    task = declare(hparams=defaults, smoke={})
    defaults["seed"] = 2
    assert task.hparams["seed"] == 1
    with pytest.raises(TypeError):
        task.hparams["seed"] = 3  # type: ignore[index]


def test_strings_are_read_as_the_types_of_the_defaults(declare: Declare) -> None:
    values = declare().resolve_hparams(
        {"epochs": "3", "learning_rate": "1e-2", "augment": "False", "head": "7"}
    )
    assert values == {
        "seed": 1, "epochs": 3, "learning_rate": 0.01, "augment": False, "head": "7"
    }  # fmt: skip
    assert [type(value) for value in values.values()] == [int, int, float, bool, str]


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("True", True), ("1", True), ("0", False), ("FALSE", False)]
)
def test_spellings_of_a_boolean(declare: Declare, text: str, value: bool) -> None:
    assert declare(hparams={"on": not value}, smoke={}).resolve_hparams({"on": text}) == {
        "on": value
    }


def test_smoke_lies_over_the_defaults_and_settings_over_both(declare: Declare) -> None:
    task = declare()
    assert task.resolve_hparams({})["epochs"] == 20
    assert task.resolve_hparams({}, smoke=True)["epochs"] == 2
    assert task.resolve_hparams({"epochs": "5"}, smoke=True)["epochs"] == 5
    assert task.resolve_hparams({}, smoke=True)["learning_rate"] == 1e-3


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("epochs", "many", "int"),
        ("epochs", "2.5", "int"),
        ("epochs", 2.5, "int"),
        ("epochs", True, "int"),
        ("learning_rate", "fast", "float"),
        ("augment", "maybe", "bool"),
    ],
)
def test_a_value_of_another_type_is_refused(
    declare: Declare, name: str, value: Any, wanted: str
) -> None:
    with pytest.raises(TaskError) as caught:
        declare().resolve_hparams({name: value})
    for part in ("tiny_task", name, f"takes {wanted}", repr(value)):
        assert part in str(caught.value)


def test_a_misspelt_setting_is_answered_with_the_one_meant(declare: Declare) -> None:
    with pytest.raises(TaskError, match="no setting 'learnin_rate'; did you mean 'learning_rate'"):
        declare().resolve_hparams({"learnin_rate": "1"})


def test_a_setting_like_no_other_is_answered_with_all(declare: Declare) -> None:
    with pytest.raises(TaskError, match="augment, epochs, head, learning_rate, seed"):
        declare().resolve_hparams({"zzzzzzzz": "1"})


def test_a_value_that_is_no_choice_is_refused(declare: Declare) -> None:
    chosen = declare(choices={"head": ("a", "b")}, hparams={**declare().hparams, "head": "a"})
    assert chosen.resolve_hparams({"head": "b"})["head"] == "b"
    with pytest.raises(TaskError, match="head takes one of a, b, found 'c'"):
        chosen.resolve_hparams({"head": "c"})


@pytest.mark.parametrize(
    ("name", "wrong", "known"),
    [
        ("schedule", "linear", "plateau, cosine"),
        ("precision", "half", "auto, float32, mixed_bfloat16"),
    ],
)
def test_what_training_reads_for_every_task_has_its_choices(
    declare: Declare, name: str, wrong: str, known: str
) -> None:
    assert name not in declare().choices
    task = declare(hparams={**declare().hparams, name: known.split(", ")[0]})
    with pytest.raises(TaskError, match=f"{name} takes one of {known}, found '{wrong}'"):
        task.resolve_hparams({name: wrong})


def test_what_counts_drawn_examples_must_reach_the_drawer(declare: Declare) -> None:
    drawn = GeneratedSource(layout="", drawer="x.draw", count="epochs")
    assert declare(sources=(drawn,), data_hparams=("epochs",)).data_hparams == ("epochs",)
    with pytest.raises(TaskError, match="data_hparams lacks 'epochs'"):
        declare(sources=(drawn,))


def test_the_declaration_needs_no_tensorflow() -> None:
    code = (
        "import sys, modules.common.declaring.registry as r; r.all_tasks(); "
        "print(sorted({'tensorflow', 'numpy', 'keras', 'tfx'} & set(sys.modules)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"


def test_features_may_depend_on_the_settings(declare: Declare) -> None:
    def sized(hparams: Any) -> tuple[Feature, ...]:
        return (Feature(name="y", dtype="float32", shape=(int(hparams["units"]),)),)

    task = declare(features=sized, label="y", hparams={"units": 3}, smoke={})
    assert task.features_for({"units": 5})[0].shape == (5,)
    with pytest.raises(TaskError, match="its label 'z' is not among its features"):
        declare(features=sized, label="z", hparams={"units": 3}, smoke={})


def test_an_input_with_a_default_need_not_be_in_the_example(declare: Declare) -> None:
    optional = Field(name="top_k", dtype="int64", default=5)
    serving = Serving(inputs=(_FIELD, optional), outputs=(_FIELD,), example={"x": [0.0]})
    assert declare(serving=serving).serving.inputs[1].default == 5
    with pytest.raises(TaskError, match="nothing that is no input"):
        declare(
            serving=Serving(inputs=(_FIELD,), outputs=(_FIELD,), example={"x": [0.0], "z": [1]})
        )


def test_each_of_several_baselines_has_to_be_declared() -> None:
    gate = Gate(baseline=("grey", "mean"))
    assert gate.baselines == ("grey", "mean")
    with pytest.raises(TaskError, match="asks for the baseline 'mean'"):
        Metric(name="psnr", doc="", baselines=("grey",), gate=gate)


def test_a_file_that_a_setting_names_must_be_there(declare: Declare, tmp_path: Any) -> None:
    task = declare(hparams={"weights": ""}, smoke={}, file_hparams=("weights",))
    (tmp_path / "a.h5").write_bytes(b"")
    for path in ("", str(tmp_path / "a.h5"), "gs://bucket/a.h5"):
        assert task.resolve_hparams({"weights": path})["weights"] == path
    with pytest.raises(TaskError, match="weights takes the path of a file, found no file 'gone'"):
        task.resolve_hparams({"weights": "gone"})


def test_choices_are_a_list_or_a_range(declare: Declare) -> None:
    task = declare(
        hparams={"size_px": 20, "kernel": 3, "head": "ctc", "seed": 1},
        smoke={},
        choices={"size_px": tuple(range(8, 65)), "kernel": (3, 5, 7), "head": ("ctc", "position")},
    )
    described = [task.describe_choices(name) for name in task.hparams]
    assert described == ["8 to 64", "one of 3, 5, 7", "one of ctc, position", ""]
    with pytest.raises(TaskError, match="size_px takes 8 to 64, found '65'"):
        task.resolve_hparams({"size_px": "65"})


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("epochs", "0", "a number above 0"),
        ("epochs", "-3", "a number above 0"),
        ("batch_size", "0", "a number above 0"),
        ("learning_rate", "nan", "a number that is finite"),
        ("learning_rate", "inf", "a number that is finite"),
        ("learning_rate", "0", "a number above 0"),
        ("dropout", "1", "a number from 0 to below 1"),
        ("dropout", "-0.1", "a number from 0 to below 1"),
        ("seed", "-1", "a whole number from 0 to 4294967295"),
        ("patience", "-1", "no number below 0"),
        ("sample_rows", "0", "a number above 0"),
    ],
)
def test_a_number_out_of_bounds_is_a_wrong_usage(name: str, value: str, wanted: str) -> None:
    with pytest.raises(TaskError, match=f"name_gender: {name} takes {wanted}, found") as caught:
        load_task("name_gender").resolve_hparams({name: value})
    assert caught.value.exit_code == 2


def test_settings_that_do_not_go_together_are_said_at_once() -> None:
    with pytest.raises(TaskError, match="crop_px <= image_px"):
        load_task("age_gender").resolve_hparams({"crop_px": "300"})


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_no_default_and_nothing_to_search_is_out_of_bounds(task: Task) -> None:
    every = [dict(task.hparams), dict(task.smoke)]
    every += [{name: value} for name, values in task.search.items() for value in values]
    for settings in every:
        task.resolve_hparams(settings, smoke=True)
