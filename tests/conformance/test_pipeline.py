"""The smoke pipeline of every task, end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
from smoke import SmokeRun

pytestmark = pytest.mark.e2e


def test_smoke_run_pushes(
    smoke_run: SmokeRun, record_property: Callable[[str, object], None]
) -> None:
    result = smoke_run.first
    reached = [f"{name} {figure['value']:.4f}" for name, figure in result["metrics"].items()]
    record_property("smoke runs reached", f"{smoke_run.task.name}: {', '.join(reached)}")
    assert Path(result["pushed"], "saved_model.pb").is_file()
    assert {component["state"] for component in result["components"]} == {"done"}
    assert result["examples"] > 0
    assert set(result["metrics"]) == {metric.name for metric in smoke_run.task.metrics}
    gated = [figure for figure in result["metrics"].values() if figure["gate"]]
    assert gated and all(figure["passed"] for figure in gated)


def test_pushed_model_has_a_warm_up_request(smoke_run: SmokeRun) -> None:
    path = Path(smoke_run.first["pushed"], "assets.extra/tf_serving_warmup_requests")
    assert len(list(tf.data.TFRecordDataset([str(path)]))) >= 1


def test_second_run_is_wholly_cached(smoke_run: SmokeRun) -> None:
    second = smoke_run.again(by_tfx=True)
    assert {component["state"] for component in second["components"]} == {"cached"}
    assert second["pushed"] == smoke_run.first["pushed"]
    assert second["metrics"] == smoke_run.first["metrics"]
    # The third knows without TFX what TFX would say.
    third = smoke_run.again()
    timed = ("seconds", "cpu_seconds")
    for each in (*second["components"], *third["components"]):
        each.update(dict.fromkeys(timed, 0.0))
    assert third == second
