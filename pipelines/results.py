"""What came of a run: read from the artifacts of its components, for people and for `--json`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from components.anomaly_gate import describe_anomalies
from components.class_counts import one_sided_classes
from components.drift import Distance, read_drift
from components.example_gen import quarantine
from modules.common.declaring.task import Metric, Task
from modules.common.evaluating import evaluation
from modules.common.evaluating.figures import Figure
from modules.common.training.callbacks import REPORT_FILE, SAID_FILE
from pipelines.environment import Environment
from pipelines.outcome import Outcome


@dataclass(kw_only=True)
class RunResult:
    """What came of a run.

    Attributes:
        task: The declaration.
        outcomes: Components in the order in which they ended.
        counts: What ExampleGen read, where it ended well.
        figures: What Evaluator measured, where it ended well.
        pushed: Folder of the pushed version, or an empty string.
        paths: Where things are, by what they are.
        run_id: TFX's id of the run, once a component has ended.
        data_digest: Fingerprint of the files that ExampleGen read.
        spans: Which spans of data it is, in words, the newest last.
        before: The span that the newest is compared with, in words.
        distances: How far the newest is from it.
        is_dry: Whether nothing is to be trained.
    """

    task: Task
    outcomes: list[Outcome] = field(default_factory=list)
    counts: quarantine.Counts | None = None
    figures: list[Figure] = field(default_factory=list)
    pushed: str = ""
    paths: dict[str, str] = field(default_factory=dict)
    run_id: str = ""
    data_digest: str = ""
    spans: tuple[str, ...] = ()
    before: str = ""
    distances: list[Distance] = field(default_factory=list)
    is_dry: bool = False

    @property
    def refused(self) -> list[str]:
        """Names of the metrics whose gate did not let the model through."""
        return [figure.name for figure in self.figures if figure.passed is False]

    def add(self, outcome: Outcome) -> str:
        """Takes in a component's outcome.

        Returns:
            One figure about it for people, or an empty string.
        """
        self.outcomes.append(outcome)
        self.run_id = outcome.run_id
        reader = _READERS.get(outcome.name)
        return reader(self, outcome) if reader and outcome.outputs else ""

    def to_json(self) -> dict[str, Any]:
        """Gives the run as `--json` prints it."""
        return {
            "task": self.task.name,
            "pushed": self.pushed or None,
            "metrics": metrics_json(self.figures, self.task),
            "components": [
                {
                    "name": outcome.name,
                    "state": outcome.state,
                    "seconds": round(outcome.seconds, 3),
                    "cpu_seconds": round(outcome.cpu_seconds, 3),
                }
                for outcome in self.outcomes
            ],
            "examples": self.counts.examples if self.counts else None,
            "quarantined": self.counts.quarantined if self.counts else None,
            "set_aside": self.counts.set_aside if self.counts else None,
            "passed_over": self.counts.passed_over if self.counts else None,
            "spans": list(self.spans),
            "drift": self.drift_json(),
            "paths": self.paths,
        }

    def drift_json(self) -> dict[str, Any]:
        """Gives how far the newest span is from the one before; empty where nobody compared."""
        if not self.distances:
            return {}
        return {"before": self.before, "distances": [asdict(each) for each in self.distances]}


def metrics_json(figures: Iterable[Figure], task: Task) -> dict[str, Any]:
    """Gives figures as `--json` prints them, by the metric's name."""
    return {figure.name: figure_json(figure, task) for figure in figures}


def read_metrics(task: Task, evaluation_dir: str) -> dict[str, Any]:
    """Reads what an Evaluator measured, as `--json` prints it, by the metric's name.

    Args:
        task: The declaration.
        evaluation_dir: The Evaluator's `evaluation` artifact.
    """
    return metrics_json(evaluation.figures(task, evaluation_dir), task)


def figure_json(figure: Figure, task: Task) -> dict[str, Any]:
    """Gives a figure as `--json` prints it; `baseline` is the one that its gate compares with."""
    metric = next(metric for metric in task.metrics if metric.name == figure.name)
    gate = metric.gate
    # Of several, the one that is hardest to beat.
    rivals = [figure.baselines[name] for name in gate.rivals] if gate else []
    hardest = max if metric.better == "higher" else min
    baseline = hardest(rivals) if rivals else None
    return {
        "value": _finite(figure.value),
        "standard_error": _finite(figure.standard_error),
        "baseline": _finite(baseline),
        "baselines": {name: _finite(value) for name, value in figure.baselines.items()},
        "gains": {
            name: {
                "value": _finite(gain.value),
                "standard_error": _finite(gain.standard_error),
                "is_tie": gain.is_tie,
            }
            for name, gain in figure.gains.items()
        },
        "gate": figure.gate or None,
        "passed": figure.passed,
    }


def _finite(value: float | None) -> float | None:
    """JSON has no NaN."""
    return value if value is not None and math.isfinite(value) else None


def _read_examples(result: RunResult, outcome: Outcome) -> str:
    [examples] = outcome.outputs["examples"]
    result.counts = quarantine.read_counts(examples.uri)
    result.data_digest = examples.get_string_custom_property("input_fingerprint")
    result.paths["examples"] = examples.uri
    result.paths["quarantine"] = quarantine.rejects_path(examples.uri)
    return str(result.counts)


def _read_evaluation(result: RunResult, outcome: Outcome) -> str:
    [artifact] = outcome.outputs["evaluation"]
    result.paths["evaluation"] = artifact.uri
    result.figures = evaluation.figures(result.task, artifact.uri)
    gated = next(figure for figure in result.figures if figure.passed is not None)
    metric = next(metric for metric in result.task.metrics if metric.name == gated.name)
    return describe(gated, metric)


def describe(figure: Figure, metric: Metric) -> str:
    """Says a figure, its baselines and its gate in one line.

    Args:
        figure: What came of the metric.
        metric: Its declaration.
    """
    text = f"{figure.name} {metric.format(figure.value)}"
    for name, value in figure.baselines.items():
        text += f", {name} {metric.format(value)}"
        if name in figure.gains and figure.gains[name].is_tie:
            text += " (a tie)"
    if figure.passed is not None:
        text += f"; gate {figure.gate}: {'passed' if figure.passed else 'NOT PASSED'}"
    return text


def _read_model(result: RunResult, outcome: Outcome) -> str:
    result.paths["model"] = outcome.outputs["model"][0].uri
    result.paths["tensorboard"] = outcome.outputs["model_run"][0].uri
    report = Path(result.paths["tensorboard"], REPORT_FILE)
    if report.is_file():
        result.paths["report"] = str(report)
    said = report.with_name(SAID_FILE)
    return said.read_text(encoding="utf-8") if said.is_file() else ""


def _read_latency(result: RunResult, outcome: Outcome) -> str:
    [blessing] = outcome.outputs["blessing"]
    return f"{blessing.get_float_custom_property('latency_ms'):.1f} ms a request"


def _read_push(result: RunResult, outcome: Outcome) -> str:
    [model] = outcome.outputs["pushed_model"]
    if not model.get_int_custom_property("pushed"):
        return "not pushed: a gate did not let the model through"
    result.pushed = model.get_string_custom_property("pushed_destination")
    result.paths["pushed"] = result.pushed
    return f"version {model.get_string_custom_property('pushed_version')}"


def _read_anomalies(result: RunResult, outcome: Outcome) -> str:
    count = len(describe_anomalies(outcome.outputs["anomalies"][0]))
    return f"{count or 'no'} anomal{'y' if count == 1 else 'ies'}"


def _read_statistics(result: RunResult, outcome: Outcome) -> str:
    return one_sided_classes(result.task, outcome.outputs["statistics"][0])


def _read_drift(result: RunResult, outcome: Outcome) -> str:
    result.distances = read_drift(outcome.outputs["anomalies"][0])
    far = [each.feature for each in result.distances if each.is_far]
    against = f"against span {result.before}"
    if far:
        return f"{', '.join(far)} too far, {against}"
    return f"{len(result.distances)} near enough, {against}"


_READERS = {
    "DistributionValidator": _read_drift,
    "ExampleGen": _read_examples,
    "StatisticsGen": _read_statistics,
    "ExampleValidator": _read_anomalies,
    "Trainer": _read_model,
    "Evaluator": _read_evaluation,
    "ServingValidator": _read_latency,
    "Pusher": _read_push,
}


def note_environment(result: RunResult, env: Environment, log: str) -> None:
    """Adds the places that do not depend on any component."""
    result.paths |= {"root": env.root, "models": env.models_dir, "log": log}
