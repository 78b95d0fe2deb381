"""What came of a run on KFP, put together from the API's answers and the logs of its steps.

A step ends its log with a line of what it did, which `kubeflow.step.report` writes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import kfp_server_api

from kubeflow.client import run_log, run_steps
from kubeflow.client.api import Client
from kubeflow.client.run_log import Log
from kubeflow.client.run_steps import Step

_UNFINISHED = ("PENDING", "RUNNING", "PAUSED", "CANCELING")
# The step whose report says what the model is worth; others may have figures of their own.
_EVALUATOR = "Evaluator"


@dataclass(frozen=True, kw_only=True)
class MetricReport:
    """A metric, as a step reported it.

    Attributes:
        value: The model's value; NaN where it has none.
        baselines: The baselines' values, by name.
        gate: The gate in words, or an empty string.
        passed: Whether the gate let it through; `None` where there is none, or it is not known.
    """

    value: float
    baselines: dict[str, float]
    gate: str
    passed: bool | None


@dataclass(kw_only=True)
class RunStatus:
    """What is known of a run.

    Attributes:
        task: Name of the pipeline.
        run_id: Of KFP.
        state: As KFP says it, such as `SUCCEEDED`; `PENDING` before anything runs.
        created: When it was asked for.
        finished: When it ended.
        error: What KFP says of the run as a whole.
        namespace: Of its pods.
        steps: In the order in which they began.
        logs: What was found in the logs, by step.
    """

    task: str
    run_id: str
    state: str
    created: datetime | None
    finished: datetime | None
    error: str
    namespace: str
    steps: list[Step] = field(default_factory=list)
    logs: dict[str, Log] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state not in _UNFINISHED

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken."""
        if self.created is None:
            return None
        return ((self.finished or datetime.now(timezone.utc)) - self.created).total_seconds()

    @property
    def metrics(self) -> dict[str, MetricReport]:
        """What Evaluator measured; empty where it has not, or its log is gone."""
        return _metrics(self.report(_EVALUATOR))

    @property
    def refused(self) -> list[str]:
        """What did not let the model through: metrics, or steps that bless."""
        names = [name for name, metric in self.metrics.items() if metric.passed is False]
        if names:
            return names
        return [name for name in self.logs if self.report(name).get("blessed") is False]

    @property
    def pushed(self) -> str:
        """The pushed version, or an empty string."""
        versions = [self.report(name).get("pushed_version") for name in self.logs]
        return next((str(version) for version in versions if version), "")

    @property
    def without_log(self) -> list[Step]:
        """Steps that ran in this run and of which there is no log any more."""
        return [
            step
            for step in self.steps
            if step.state in ("succeeded", "failed") and self.logs.get(step.name, Log()).is_gone
        ]

    def report(self, step: str) -> dict[str, Any]:
        """Gives what a step reported; empty where it is not known."""
        return self.logs[step].report if step in self.logs else {}

    def to_json(self) -> dict[str, Any]:
        """Gives it as `--json` prints it."""
        return {
            "task": self.task,
            "run_id": self.run_id,
            "state": self.state,
            "created_at": self.created.isoformat() if self.created else None,
            "finished_at": self.finished.isoformat() if self.finished else None,
            "pushed": self.pushed or None,
            "refused": self.refused,
            "metrics": {
                name: {
                    "value": None if math.isnan(metric.value) else metric.value,
                    "baselines": metric.baselines,
                    "gate": metric.gate or None,
                    "passed": metric.passed,
                }
                for name, metric in self.metrics.items()
            },
            "components": [self._component(step) for step in self.steps],
        }

    def _component(self, step: Step) -> dict[str, Any]:
        log = self.logs.get(step.name, Log())
        seconds = step.seconds
        return {
            "name": step.name,
            "state": step.state,
            "seconds": None if seconds is None else round(seconds, 3),
            "tries": step.tries,
            "pod": log.pod or (step.pods[0] if step.pods else None),
            "counts": log.report.get("counts") or {},
            "error": error_of(step, log) or None,
        }


def error_of(step: Step, log: Log) -> str:
    """Says why a step failed; empty where it did not."""
    if step.state != "failed":
        return ""
    return log.error or step.message or "no reason is known"


def fetch(
    client: Client, task: str, run_id: str, namespace: str, known: Mapping[str, Log]
) -> RunStatus:
    """Asks for all that is known of a run.

    Args:
        client: Of the API.
        task: Name of the pipeline.
        run_id: The run.
        namespace: Of the run's pods, where the server does not say.
        known: Logs of steps that have ended, which are not read again.

    Raises:
        kfp_server_api.ApiException: If there is no such run, or the server refuses.
    """
    run = client.get_run(run_id)
    workflow = _workflow(client, run_id)
    details = (run.run_details.task_details if run.run_details else None) or []
    status = RunStatus(
        task=task,
        run_id=run_id,
        state=str(run.state or "PENDING"),
        created=run.created_at,
        finished=run.finished_at if run.finished_at and run.finished_at.year > 1970 else None,
        error=(run.error.message if run.error else "") or "",
        namespace=workflow.get("metadata", {}).get("namespace") or namespace,
        steps=run_steps.of_workflow(workflow) if workflow else run_steps.of_details(details),
    )
    for step in status.steps:
        if step.name in known:
            status.logs[step.name] = known[step.name]
        elif step.pods and step.state in ("succeeded", "running", "failed"):
            status.logs[step.name] = run_log.read(client, run_id, status.namespace, step)
    return status


def _workflow(client: Client, run_id: str) -> dict[str, Any]:
    """Gives the run's Argo workflow; empty where the server does not tell, or has none yet."""
    try:
        answer = client.get_raw(f"/apis/v1beta1/runs/{quote(run_id)}")
    except kfp_server_api.ApiException as error:
        if error.status not in (404, 405, 501):
            raise
        return {}
    runtime = json.loads(answer.data).get("pipeline_runtime") or {}
    found: dict[str, Any] = json.loads(runtime.get("workflow_manifest") or "{}")
    return found


def _metrics(report: Mapping[str, Any]) -> dict[str, MetricReport]:
    """Reads the metrics of a report."""
    told = {name: each for name, each in (report.get("metrics") or {}).items() if each}
    gated = [name for name, each in told.items() if each.get("gate")]
    blessed = report.get("blessed")
    metrics = {}
    for name, each in told.items():
        passed = each.get("passed")
        # A blessing says that all gates let it through; a refusal says which only of a single one.
        if passed is None and name in gated and (blessed or (blessed is False and gated == [name])):
            passed = bool(blessed)
        baselines = each.get("baselines") or {}
        if not baselines and each.get("baseline") is not None:
            baselines = {"baseline": each["baseline"]}
        value = each.get("value")
        metrics[name] = MetricReport(
            value=math.nan if value is None else float(value),
            baselines={key: float(rival) for key, rival in baselines.items() if rival is not None},
            gate=str(each.get("gate") or ""),
            passed=passed,
        )
    return metrics
