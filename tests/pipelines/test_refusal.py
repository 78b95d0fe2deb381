"""The advice after a gate refused a model: only what the task has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from modules.common.declaring.registry import load_task, task_names
from modules.common.evaluating.figures import Figure
from modules.common.training.divergence import FIT_FILE
from pipelines.commands.run_end import _word_refusal
from pipelines.results import RunResult


def refused(name: str, is_smoke: bool = False, log_dir: str = "") -> str:
    task = load_task(name)
    gated = next(metric.name for metric in task.metrics if metric.gate)
    figures = [Figure(name=gated, value=0.5, baselines={}, gate="> 0.6", passed=False)]
    result = RunResult(task=task, figures=figures, paths={"tensorboard": log_dir})
    said = _word_refusal(task, task.resolve({}, smoke=is_smoke), is_smoke, result)
    assert said.startswith(f"{name} was not pushed: {gated} did not pass its gate. ")
    return said


@pytest.mark.parametrize("name", task_names())
def test_every_setting_that_is_named_is_one_of_the_task(name: str) -> None:
    said = refused(name)
    named = {setting.replace("-", "_") for setting in re.findall(r"--([a-z-]+)", said)}
    assert named <= {each.name for each in load_task(name).declared}
    assert "more data" in said and f"`lianxi list {name}`" in said


def test_a_task_that_does_not_train_is_not_told_to_train_more() -> None:
    assert "epochs" not in refused("audio_style_transfer")
    assert "more training (--epochs 40)" in refused("name_gender")


def test_a_smoke_run_is_told_to_be_one() -> None:
    assert "leave --env smoke out" in refused("name_gender", is_smoke=True)
    assert "--env" not in refused("name_gender")


def test_a_loss_that_rose_is_said_instead(tmp_path: Path) -> None:
    (tmp_path / FIT_FILE).write_text(json.dumps({"first_loss": 0.7, "kept_loss": 70.0}))
    said = refused("name_gender", log_dir=str(tmp_path))
    assert "The training diverged: the loss rose from 0.7 to 70. Lower the learning rate: " in said
    assert "more data" not in said
