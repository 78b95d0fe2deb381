"""The entrypoint of a step: what it makes of the launcher's input, and of TFX's output."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from kubeflow.step import executor_io, train_steps
from kubeflow.step.entrypoint import Teller, main, step_name, uses_beam
from kubeflow.step.staging import Staging
from modules.common.runtime.progress import Progress

SALT = "0b2d9c4e-8a41-4d53-9a35-0c4b6f0f7a11"
MODEL = {"instanceSchema": "title: tfx.Model\ntype: object\n"}
SPEC: dict[str, Any] = {
    "artifacts": {"model": {"artifactType": MODEL}, "baseline_model": {"artifactType": MODEL}},
    "parameters": {"train_args": {"parameterType": "STRING"}},
}


def _artifact(uri: str, **more: Any) -> dict[str, Any]:
    return {"artifacts": [{"uri": uri, "type": {"instanceSchema": ""}, "metadata": {}} | more]}


@pytest.fixture
def given() -> dict[str, Any]:
    """What the launcher gives an Evaluator."""
    return {
        "inputs": {
            "parameterValues": {},
            "artifacts": {
                "model": _artifact("minio://bucket/a/model", name="4"),
                "baseline_model": _artifact("minio://bucket/b/model", metadata={"absent": 1.0}),
            },
        },
        "outputs": {
            "artifacts": {"blessing": _artifact("minio://bucket/run/Evaluator/u/blessing")},
            "parameters": {"count": {"outputFile": "count"}},
            "outputFile": "/tmp/kfp_outputs/output_metadata.json",
        },
    }


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("minio://bucket/key", "/minio/bucket/key"),
        ("s3://bucket/key", "/s3/bucket/key"),
        ("gs://bucket/key", "/gcs/bucket/key"),
        ("/models/1", "/models/1"),
    ],
)
def test_uris_become_staged_paths_and_come_back(uri: str, path: str) -> None:
    staging = Staging("/")
    assert staging.path(uri) == path
    assert staging.uri(path) == uri


def test_the_root_of_staged_paths_may_be_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANXI_STAGING_ROOT", "/elsewhere/root")
    staging = Staging()
    assert staging.path("minio://bucket/key") == "/elsewhere/root/minio/bucket/key"
    assert staging.uri("/elsewhere/root/minio/bucket/key") == "minio://bucket/key"
    assert staging.uri("/minio/bucket/key") == "/minio/bucket/key"


def test_tfx_gets_types_names_and_paths(given: dict[str, Any]) -> None:
    before = copy.deepcopy(given)
    made = executor_io.for_tfx(given, SPEC, Staging("/staged"))
    [model] = made["inputs"]["artifacts"]["model"]["artifacts"]
    assert model["type"] == MODEL
    assert (model["name"], model["uri"]) == ("4", "/staged/minio/bucket/a/model")
    [blessing] = made["outputs"]["artifacts"]["blessing"]["artifacts"]
    assert blessing["name"] == "minio://bucket/run/Evaluator/u/blessing"
    assert given == before


LOG = {"type": {"schemaTitle": "system.Artifact"}}


@pytest.mark.parametrize("more", [LOG, LOG | {"name": "executor-logs"}])
def test_outputs_of_kfp_stay_with_the_launcher(given: dict[str, Any], more: dict[str, Any]) -> None:
    artifacts = given["outputs"]["artifacts"]
    artifacts["executor-logs"] = _artifact("minio://bucket/run/Evaluator/u/executor-logs-0", **more)
    artifacts["numbers"] = _artifact(
        "minio://bucket/run/Evaluator/u/numbers",
        type={"instanceSchema": "title: system.Metrics\ntype: object\n"},
    )
    made = executor_io.for_tfx(given, SPEC, Staging("/"))
    assert list(made["outputs"]["artifacts"]) == ["blessing"]


def test_an_input_marked_absent_is_left_out(given: dict[str, Any]) -> None:
    made = executor_io.for_tfx(given, SPEC, Staging("/"))
    assert list(made["inputs"]["artifacts"]) == ["model"]
    [baseline] = given["inputs"]["artifacts"]["baseline_model"]["artifacts"]
    baseline["metadata"]["absent"] = 0.0
    made = executor_io.for_tfx(given, SPEC, Staging("/"))
    assert list(made["inputs"]["artifacts"]) == ["model", "baseline_model"]


def test_the_launcher_gets_uris_no_nulls_and_declared_parameters(given: dict[str, Any]) -> None:
    blessing = {
        "name": "invented",
        "uri": "/staged/minio/bucket/run/Evaluator/u/blessing",
        "metadata": {
            "blessed": 1.0,
            "version": None,
            "current_model": "/staged/minio/bucket/a/model",
        },
    }
    written = {
        "artifacts": {"blessing": {"artifacts": [blessing]}},
        "parameterValues": {"span": 0, "count": 3},
    }
    made = executor_io.for_launcher(written, given, Staging("/staged"))
    assert made["artifacts"]["blessing"]["artifacts"] == [
        {
            "uri": "minio://bucket/run/Evaluator/u/blessing",
            "metadata": {"blessed": 1.0, "current_model": "minio://bucket/a/model"},
        }
    ]
    assert made["parameterValues"] == {"count": 3}
    assert executor_io.output_counts(made) == {"blessed": 1.0}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(0.0, {"splits": ["train"]}), (200.0, {"splits": ["train"], "num_steps": 200})],
)
def test_train_steps_go_into_train_args(steps: float, expected: dict[str, Any]) -> None:
    values = {"train_args": '{"splits": ["train"]}', "train_steps": steps}
    executor_input: dict[str, Any] = {"inputs": {"parameterValues": values}}
    spec = {"parameters": {"train_args": {}, "train_steps": {}}}
    train_steps.fold(executor_input, spec)
    assert json.loads(values["train_args"]) == expected
    assert "train_steps" not in values
    assert "train_steps" not in spec["parameters"]


@pytest.mark.parametrize(
    ("path", "uri", "name"),
    [
        ("components.anomaly_gate.AnomalyGate_Executor", "", "AnomalyGate"),
        ("tfx.components.statistics_gen.executor.Executor", "", "StatisticsGen"),
        (
            "kubeflow.step.ingest.Executor",
            f"minio://b/pipeline/run/ExampleGen/{SALT}/examples",
            "ExampleGen",
        ),
        ("kubeflow.step.ingest.Executor", f"minio://b/pipeline/{SALT}/ExampleGen/x", "ExampleGen"),
    ],
)
def test_a_step_has_a_name(path: str, uri: str, name: str) -> None:
    artifacts = {"examples": _artifact(uri)} if uri else {}
    assert step_name(path, {"outputs": {"artifacts": artifacts}}) == name


def test_a_step_says_at_last_how_far_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller("Trainer")
    for done in (1, 2):
        teller(Progress(done=done, total=2, unit="epoch", figures={"loss": 0.25}))
    assert capsys.readouterr().out == ""
    teller.tell()
    teller.tell()
    assert capsys.readouterr().out == "Trainer: epoch 2 of 2, loss 0.25\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("kubeflow.step.ingest.Executor", True),
        ("tfx.components.statistics_gen.executor.Executor", True),
        ("tfx.components.transform.executor.Executor", True),
        ("components.anomaly_gate.AnomalyGate_Executor", False),
        ("components.model_pusher.Executor", False),
        ("tfx.components.trainer.executor.GenericExecutor", False),
    ],
)
def test_a_step_is_on_beam_or_not(path: str, expected: bool) -> None:
    assert uses_beam(path) is expected


def test_help_teaches_what_a_step_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    for word in ("{{$}}", "LIANXI_STAGING_ROOT=", "report:", "--renamed_outputs", "Beam"):
        assert word in told
    assert max(map(len, told.splitlines())) <= 100


@pytest.mark.parametrize("given", ["{{$}}", "[]", "3"])
def test_what_is_no_executor_input_is_said(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--executor_class_path", "a.B", "--json_serialized_invocation_args", given])
    assert "expected" in capsys.readouterr().err.splitlines()[-1]
