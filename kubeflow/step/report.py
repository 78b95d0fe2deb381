"""What a step says when it has ended: one line that `lianxi tfx run status` reads from its log.

`report: {...}` has `step` and `seconds`; `counts`, numbers that the outputs carry; `metrics`, which
are by name value, baselines and gate as `lianxi run --json` gives them; `blessed` of a step that
judges, and `pushed_version` of one that pushed. The numbers among the metrics are also for KFP's
page.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modules.common.declaring.task import Metric
    from modules.common.evaluating.figures import Figure

Json = dict[str, Any]

_BEGINNING = "report: "


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of a step.

    Attributes:
        counts: Numbers by name.
        metrics: What `pipelines.results.figure_json` gives, by name of the metric.
        numbers: The numbers among the metrics, by the names that they have on KFP's page.
        blessed: Whether a gate let the model through; `None` where the step has none.
        pushed_version: Number of the version that was pushed, or an empty text.
    """

    counts: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, Json] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    blessed: bool | None = None
    pushed_version: str = ""


def read(executor_output: Json, task: str = "") -> Report:
    """Reads what a step did from its outputs.

    Args:
        executor_output: What TFX's executor wrote, with paths that can be opened.
        task: Name of the task whose metrics an evaluation has, or nothing.
    """
    from kubeflow.step.executor_io import output_counts

    outputs = {
        name: entry["artifacts"][0]
        for name, entry in executor_output.get("artifacts", {}).items()
        if entry.get("artifacts")
    }
    counts = output_counts(executor_output)
    if "examples" in outputs:
        counts |= _records(outputs["examples"]["uri"])
    metrics: dict[str, Json] = {}
    numbers: dict[str, float] = {}
    if task and "evaluation" in outputs:
        metrics, numbers = _read_metrics(task, outputs["evaluation"]["uri"])
    # Only gates of models count: ExampleValidator calls the splits without anomalies blessed.
    blessed = outputs.get("blessing", {}).get("metadata", {}).get("blessed")
    pushed = outputs.get("pushed_model", {}).get("metadata", {})
    return Report(
        counts=counts,
        metrics=metrics,
        numbers=numbers,
        blessed=None if blessed is None else bool(blessed),
        pushed_version=str(pushed.get("pushed_version", "")),
    )


def line(step: str, seconds: float, report: Report = Report()) -> str:
    """Gives the line of the log.

    Args:
        step: Name of the step.
        seconds: How long it took.
        report: What came of it.
    """
    told = {name: value for name, value in asdict(report).items() if value not in ({}, None, "")}
    told.pop("numbers", None)
    counts = {name: _plain(value) for name, value in report.counts.items()}
    whole = {"step": step, "seconds": round(seconds, 3), **told}
    if counts:
        whole["counts"] = counts
    return _BEGINNING + json.dumps(whole, allow_nan=False)


def _plain(value: float) -> float | int | None:
    """Writes whole numbers as such; JSON has neither NaN nor infinity."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value


def _records(examples_uri: str) -> dict[str, float]:
    """Counts the records that became examples, and those that did not, where a task read them."""
    from tfx.dsl.io import fileio

    from components.example_gen import quarantine

    if not fileio.exists(quarantine.rejects_path(examples_uri)):
        return {}
    counts = quarantine.read_counts(examples_uri)
    return {
        "examples": counts.examples,
        "quarantined": counts.quarantined,
        "set_aside": counts.set_aside,
    }


def _read_metrics(task_name: str, evaluation_uri: str) -> tuple[dict[str, Json], dict[str, float]]:
    """Reads metrics for people, and as numbers: value, baseline to beat, and gate."""
    from modules.common.declaring.registry import load_task
    from modules.common.evaluating import evaluation
    from pipelines.results import figure_json

    task = load_task(task_name)
    metrics, numbers = {}, {}
    declared = {metric.name: metric for metric in task.metrics}
    for figure in evaluation.figures(task, evaluation_uri):
        metrics[figure.name] = told = figure_json(figure, task)
        bound = gate_bound(declared[figure.name], figure)
        for suffix, value in (
            ("", told["value"]),
            ("_baseline", told["baseline"]),
            ("_gate", bound),
        ):
            if value is not None and math.isfinite(value):
                numbers[figure.name + suffix] = value
    return metrics, numbers


def gate_bound(metric: Metric, figure: Figure) -> float | None:
    """Gives the number that a metric had to reach.

    Args:
        metric: The declaration.
        figure: What was measured.

    Returns:
        The hardest of the floor and what the baselines ask for. `None` without a gate, and for one
        that only compares with the model before, whose value an evaluation does not keep.
    """
    gate = metric.gate
    if gate is None:
        return None
    higher = metric.better == "higher"
    gain = gate.min_gain if higher else -gate.min_gain
    bounds = [figure.baselines[name] + gain for name in gate.baselines]
    for name in figure.gains.keys() & set(gate.equals):
        error = figure.gains[name].standard_error
        bounds.append(figure.baselines[name] - (error if higher else -error))
    if gate.floor is not None:
        bounds.append(gate.floor)
    return (max if higher else min)(bounds, default=None)
