"""Names of outputs, metrics for KFP's page, and what a step reports."""

from __future__ import annotations

import json
import math
from itertools import permutations
from typing import Any

import pytest

from kubeflow.compile import declared_outputs
from kubeflow.compile.config import KubeflowConfig
from kubeflow.compile.runner import compile_task
from kubeflow.step import executor_io, outputs, report
from kubeflow.step.staging import Staging
from modules.common.declaring.metrics import Gain
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Gate, Metric
from modules.common.evaluating.figures import Figure

URI = "minio://bucket/run/Step/0b2d9c4e-8a41-4d53-9a35-0c4b6f0f7a11/"


def _entry(name: str, **kind: str) -> dict[str, Any]:
    return {"artifacts": [{"uri": URI + name, "type": kind or {"instanceSchema": ""}}]}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["model", "model_run"], {"model_run": "run_of_model"}),
        (["evaluation", "blessing"], {}),
        (["a", "ab", "abc"], {"ab": "b_of_a", "abc": "c_of_ab"}),
        (["a", "a_x", "x_of"], {"a_x": "the_x_of_a"}),
    ],
)
def test_no_name_begins_with_another(names: list[str], expected: dict[str, str]) -> None:
    changed = declared_outputs.distinct_names(names)
    assert changed == expected
    made = [changed.get(name, name) for name in names]
    assert not [pair for pair in permutations(made, 2) if pair[0].startswith(pair[1])]


def test_a_package_has_such_names_and_metrics() -> None:
    spec = compile_task(load_task("name_gender"), KubeflowConfig()).spec
    for component in spec["components"].values():
        names = component.get("outputDefinitions", {}).get("artifacts", {})
        assert not declared_outputs.distinct_names(names)
    trainer = spec["deploymentSpec"]["executors"]["Trainer_executor"]["container"]["args"]
    renamed = trainer[trainer.index(outputs.RENAMED_OUTPUTS) + 1]
    assert json.loads(renamed) == {"run_of_model": "model_run"}
    evaluator = spec["components"]["Evaluator"]["outputDefinitions"]["artifacts"]
    assert evaluator["metrics"]["artifactType"]["schemaTitle"] == "system.Metrics"


def test_whoever_reads_a_renamed_output_is_told() -> None:
    def reader(step: str) -> dict[str, Any]:
        source = {"producerTask": step, "outputArtifactKey": "model_run"}
        return {"taskOutputArtifact": source}

    artifacts: dict[str, Any] = {"model": {}, "model_run": {}}
    component = {"executorLabel": "x", "outputDefinitions": {"artifacts": artifacts}}
    tasks: dict[str, Any] = {
        "One": {"componentRef": {"name": "Trainer"}},
        "Two": {
            "componentRef": {"name": "Reader"},
            "inputs": {"artifacts": {"this": reader("One"), "that": reader("Three")}},
        },
    }
    spec = {
        "components": {"Trainer": component, "Reader": {"executorLabel": "y"}},
        "deploymentSpec": {"executors": {"x": {"container": {"args": []}}}},
        "root": {"dag": {"tasks": tasks}},
    }
    declared_outputs.finish(spec)
    read = tasks["Two"]["inputs"]["artifacts"]
    keys = {name: read[name]["taskOutputArtifact"]["outputArtifactKey"] for name in read}
    assert keys == {"this": "run_of_model", "that": "model_run"}
    assert list(artifacts) == ["model", "run_of_model"]


def test_tfx_sees_its_own_names_and_the_launcher_its() -> None:
    given = {
        "outputs": {
            "artifacts": {
                "model": _entry("model"),
                "run_of_model": _entry("run_of_model"),
                "metrics": _entry("metrics", schemaTitle="system.Metrics"),
            }
        }
    }
    names = {"run_of_model": "model_run"}
    staging = Staging("/")
    made = executor_io.for_tfx(given, {}, staging, names)["outputs"]["artifacts"]
    assert list(made) == ["model", "model_run"]
    assert made["model_run"]["artifacts"][0]["uri"].endswith("/run_of_model")
    output = executor_io.for_launcher({"artifacts": made}, given, staging, names)
    output = outputs.with_metrics(output, given, {"accuracy": 0.5})
    assert list(output["artifacts"]) == ["model", "run_of_model", "metrics"]
    assert output["artifacts"]["metrics"]["artifacts"] == [
        {"uri": URI + "metrics", "metadata": {"accuracy": 0.5}}
    ]


@pytest.mark.parametrize(
    ("better", "gate", "expected"),
    [
        ("higher", Gate(baseline=("a", "b"), min_gain=0.1), 0.5),
        ("lower", Gate(baseline=("a", "b"), min_gain=0.1), 0.1),
        ("higher", Gate(baseline=("a",), floor=0.9), 0.9),
        ("higher", Gate(baseline="a", level_with="b"), 0.35),
        ("lower", Gate(floor=0.9, level_with="b"), 0.45),
        ("higher", Gate(max_drop=0.1), None),
        ("higher", None, None),
    ],
)
def test_the_gate_is_one_number(better: Any, gate: Gate | None, expected: float | None) -> None:
    metric = Metric(name="m", doc="", better=better, gate=gate, baselines=("a", "b"))
    gains = {"b": Gain(value=0.3, standard_error=0.05)}
    figure = Figure(
        name="m", value=0.7, baselines={"a": 0.2, "b": 0.4}, gate="", passed=True, gains=gains
    )
    bound = report.gate_bound(metric, figure)
    assert bound == (expected if expected is None else pytest.approx(expected))


def test_a_report_has_what_there_is() -> None:
    pushed = {"uri": "/x", "metadata": {"pushed": 1.0, "pushed_version": "17"}}
    done = report.read({"artifacts": {"pushed_model": {"artifacts": [pushed]}}})
    line = report.line("Pusher", 1.23456, done)
    assert json.loads(line.removeprefix("report: ")) == {
        "step": "Pusher", "seconds": 1.235, "counts": {"pushed": 1}, "pushed_version": "17",
    }  # fmt: skip
    judged = {"uri": "/x", "metadata": {"blessed": 0.0, "latency_ms": math.nan}}
    done = report.read({"artifacts": {"blessing": {"artifacts": [judged]}}})
    told = json.loads(report.line("Evaluator", 1, done).removeprefix("report: "))
    assert told["blessed"] is False
    assert told["counts"] == {"blessed": 0, "latency_ms": None}
    anomalies = {"uri": "/x", "metadata": {"blessed": {"train": 0, "eval": 1}}}
    assert report.read({"artifacts": {"anomalies": {"artifacts": [anomalies]}}}).blessed is None
    assert json.loads(report.line("DataFingerprint", 1).removeprefix("report: ")) == {
        "step": "DataFingerprint", "seconds": 1,
    }  # fmt: skip
