"""The step RunReport: writes the report of a run, as an artifact that KFP's page shows.

`python -m kubeflow.step.run_report TASK EXECUTOR_INPUT` reads what KFP's launcher staged and writes
one HTML file without outside parts. What only a machine's own metadata knows is not in it: seconds,
commands, what was cached. A report that cannot be made does not fail a run: the file then says why.
"""

from __future__ import annotations

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import argparse  # noqa: E402
import html  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import time  # noqa: E402
from collections.abc import Mapping  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from kubeflow.step import report  # noqa: E402
from kubeflow.step.staging import Staging  # noqa: E402
from modules.common.declaring.registry import load_task  # noqa: E402
from modules.common.declaring.task import Task, Value  # noqa: E402
from modules.common.runtime import stack  # noqa: E402

Json = dict[str, Any]
_STEP = "RunReport"
# The folders by the names of `kubeflow.compile.report_step`, as the report looks for them.
_MADE_BY = {
    "examples": ("ExampleGen", "Examples"),
    "statistics": ("StatisticsGen", "ExampleStatistics"),
    "anomalies": ("ExampleValidator", "ExampleAnomalies"),
    "model": ("Trainer", "Model"),
}
_PATHS = {
    "examples": "examples",
    "evaluation": "evaluation",
    "model": "model",
    "model_run": "tensorboard",
}
_CUSTOM = "custom:"


def main() -> None:
    """Runs the step."""
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(
        prog="python -m kubeflow.step.run_report",
        description="Writes the report of a run, which Kubeflow Pipelines' page shows.",
    )
    parser.add_argument("task", help="the task whose pipeline ran")
    parser.add_argument("executor_input", type=json.loads, help="what KFP's launcher gives: {{$}}")
    given = parser.parse_args()
    started = time.monotonic()
    staging = Staging()
    [target] = given.executor_input["outputs"]["artifacts"]["report"]["artifacts"]
    path = Path(staging.path(target["uri"]))
    try:
        page = _render(load_task(given.task), given.executor_input, staging)
    except Exception as error:
        # The model is pushed or refused by now, which must not look like a failure.
        logging.exception("the report is not made")
        said = html.escape(f"The report was not made: {error or type(error).__name__}")
        page = f"<!doctype html><meta charset='utf-8'><title>{_STEP}</title><p>{said}</p>"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    print(f"{_STEP}: {len(page.encode()):,} bytes", flush=True)
    print(report.line(_STEP, time.monotonic() - started), flush=True)


def _render(task: Task, executor_input: Json, staging: Staging) -> str:
    """Makes the page of what the launcher staged."""
    from components.example_gen import quarantine
    from gallery.report.lineage import Lineage
    from gallery.report.write import render_report
    from modules.common.training.callbacks import REPORT_FILE
    from pipelines import run_record
    from pipelines.environment import kubeflow_environment
    from pipelines.results import read_metrics

    artifacts = {
        name: entry["artifacts"][0] for name, entry in executor_input["inputs"]["artifacts"].items()
    }
    folders = {name: staging.path(artifact["uri"]) for name, artifact in artifacts.items()}
    told = {name: _metadata(artifact) for name, artifact in artifacts.items()}
    config = json.loads(executor_input["inputs"]["parameterValues"]["custom_config"])
    settings: dict[str, Value] = config["settings"]
    metrics = read_metrics(task, folders["evaluation"])
    refused = [name for name, each in metrics.items() if each["passed"] is False]
    if not told["infra_blessing"].get("blessed"):
        refused.append("ServingValidator")
    counts = quarantine.read_counts(folders["examples"])
    paths = {known: folders[name] for name, known in _PATHS.items()}
    picture = os.path.join(folders["model_run"], REPORT_FILE)
    smoke = _is_smoke(task, settings)
    record = run_record.RunRecord(
        task=task.name,
        run_id="",
        settings=settings,
        changed=run_record.find_changed(task, settings, smoke),
        data_digest=str(told["examples"].get("input_fingerprint", "")),
        versions=stack.read_versions(),
        counts={
            "examples": counts.examples,
            "quarantined": counts.quarantined,
            "set_aside": counts.set_aside,
            "passed_over": counts.passed_over,
        },
        metrics=metrics,
        state=run_record.REFUSED if refused else run_record.PUSHED,
        refused=tuple(refused),
        paths=paths | ({"report": picture} if os.path.isfile(picture) else {}),
    )
    lineage = Lineage(
        folders={where: folders[name] for name, where in _MADE_BY.items()},
        latency_ms=told["infra_blessing"].get("latency_ms"),
    )
    env = kubeflow_environment("", smoke=smoke)
    return render_report(record, env, task, lineage=lineage)


def _metadata(artifact: Mapping[str, Any]) -> Json:
    """Gives what an executor said of an artifact."""
    told = artifact.get("metadata", {})
    return {name.removeprefix(_CUSTOM): value for name, value in told.items()}


def _is_smoke(task: Task, settings: Mapping[str, Value]) -> bool:
    """Tells whether all settings that a smoke run has its own values for have these."""
    own = {each.name: each.smoke for each in task.declared if each.smoke is not None}
    return bool(own) and all(settings.get(name) == value for name, value in own.items())


if __name__ == "__main__":
    main()
