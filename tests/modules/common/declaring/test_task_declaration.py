from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from modules.common.declaring.settings import Settings, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime.errors import TaskError

Declare = Callable[..., Task]


class Untrained(Settings):
    """Of a task that trains nothing."""


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
        ({"settings": {"epochs": 2}}, "settings must be a class that derives from Settings"),
        ({"settings": TrainingSettings()}, "settings must be a class that derives from Settings"),
        ({"settings": dict}, "settings must be a class that derives from Settings, found <class"),
        ({"settings": Untrained}, "its settings lack what training reads"),
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
        declare(sources=(), label="z", settings=Untrained)
    for part in ("no source", "label 'z'", "settings lack what training reads"):
        assert part in str(caught.value)


def test_a_gate_may_only_ask_for_a_declared_baseline() -> None:
    with pytest.raises(TaskError, match=r"accuracy.*'naive'.*\['other'\]"):
        Metric(name="accuracy", doc="", baselines=("other",), gate=Gate(baseline="naive"))


def test_a_curve_carries_no_baselines() -> None:
    with pytest.raises(TaskError, match="auc: only `ratio`"):
        Metric(name="auc", doc="", kind="auc", baselines=("naive",))


def test_the_declaration_cannot_be_changed_afterwards(declare: Declare) -> None:
    exemptions = {"warm_up": "none"}
    task = declare(exemptions=exemptions)
    exemptions["warm_up"] = "another"
    assert task.exemptions == {"warm_up": "none"}
    with pytest.raises(TypeError):
        task.exemptions["warm_up"] = "another"  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        task.name = "another"  # type: ignore[misc]


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
    class Sized(TrainingSettings):
        units: int = setting(3, doc="Length of y.")

    def sized(settings: Any) -> tuple[Feature, ...]:
        if settings.units > 9:
            raise TaskError("units are too many")
        return (Feature(name="y", dtype="float32", shape=(settings.units,)),)

    task = declare(features=sized, label="y", settings=Sized)
    assert task.features_for(Sized(units=5))[0].shape == (5,)
    with pytest.raises(TaskError, match="units are too many"):
        task.resolve({"units": "10"})
    with pytest.raises(TaskError, match="its label 'z' is not among its features"):
        declare(features=sized, label="z", settings=Sized)


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
    with pytest.raises(TaskError, match="asks for the baseline 'mean'"):
        Metric(name="psnr", doc="", baselines=("grey",), gate=Gate(level_with="mean"))
