"""The entrypoint of a step: what it makes of the launcher's input, and of TFX's output."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubeflow import executor_io, file_driver, train_steps
from kubeflow.entrypoint import step_name
from kubeflow.staging import Staging
from modules.common.errors import DataError

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
            "parameters": {"count": {"outputFile": "/tmp/count"}},
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
            "kubeflow.ingest.Executor",
            "minio://b/pipeline/run/ExampleGen/salt/examples",
            "ExampleGen",
        ),
    ],
)
def test_a_step_has_a_name(path: str, uri: str, name: str) -> None:
    artifacts = {"examples": _artifact(uri)} if uri else {}
    assert step_name(path, {"outputs": {"artifacts": artifacts}}) == name


def _csv_step(base: str, root: Path, pattern: str = "span-{SPAN}/*.csv") -> tuple[Any, Any]:
    """What the launcher gives TFX's own ExampleGen for CSV, and its inputs specification."""
    values = {
        "input_base": base,
        "input_config": json.dumps({"splits": [{"name": "all", "pattern": pattern}]}),
        "output_config": json.dumps(
            {"split_config": {"splits": [{"name": "train", "hash_buckets": 1}]}}
        ),
        "output_data_format": 6,
        "output_file_format": 5,
    }
    spec = {
        "parameters": {
            name: {"parameterType": "STRING" if isinstance(value, str) else "NUMBER_INTEGER"}
            for name, value in values.items()
        }
    }
    from tfx.orchestration.kubeflow.v2 import compiler_utils
    from tfx.types.standard_artifacts import Examples

    schema = compiler_utils.get_artifact_schema(Examples)
    examples = _artifact(
        "minio://bucket/pipeline/run/CsvExampleGen/salt/examples",
        type={"instanceSchema": schema.decode() if isinstance(schema, bytes) else schema},
    )
    executor_input = {
        "inputs": {"parameterValues": values, "artifacts": {}},
        "outputs": {
            "artifacts": {"examples": examples},
            "outputFile": str(root / "kfp_outputs/output_metadata.json"),
        },
    }
    return executor_input, spec


def test_the_driver_takes_the_newest_span_and_fingerprints_it(tmp_path: Path) -> None:
    for span in (1, 2):
        folder = tmp_path / f"data/span-{span}"
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(f"x\n{span}\n", encoding="utf-8")
    given, spec = _csv_step(str(tmp_path / "data"), tmp_path)
    made = executor_io.for_tfx(given, spec, Staging(str(tmp_path)))
    assert file_driver.is_file_based(spec)
    file_driver.resolve(made, spec)
    values = made["inputs"]["parameterValues"]
    assert values["span"] == 2
    assert "span-2/*.csv" in values["input_config"]
    [examples] = made["outputs"]["artifacts"]["examples"]["artifacts"]
    assert "span-2" not in str(examples["uri"])
    assert any("fingerprint" in key for key in examples["metadata"])
    assert None not in examples["metadata"].values()


@pytest.mark.parametrize(
    ("base", "message"),
    [("minio://bucket/data", "mounted volume, or gs://"), ("/nowhere", "no data in /nowhere")],
)
def test_data_that_cannot_be_read_is_an_error_for_people(
    tmp_path: Path, base: str, message: str
) -> None:
    given, spec = _csv_step(base, tmp_path)
    with pytest.raises(DataError, match=message):
        file_driver.resolve(executor_io.for_tfx(given, spec, Staging(str(tmp_path))), spec)


def _run(given: Any, spec: Any, executor: str, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-m", "kubeflow.entrypoint",
            "--executor_class_path", executor,
            "--json_serialized_invocation_args", json.dumps(given),
            "--json_serialized_inputs_spec_args", json.dumps(spec),
            "--runner=FnApiRunner", "--sdk_container_image=unused",
        ],
        capture_output=True, text=True, check=False,
        env={**os.environ, "LIANXI_STAGING_ROOT": str(root)},
    )  # fmt: skip


def test_a_step_runs_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data/span-7"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x\n1\n2\n", encoding="utf-8")
    given, spec = _csv_step(str(tmp_path / "data"), tmp_path)
    executor = "tfx.components.example_gen.csv_example_gen.executor.Executor"
    done = _run(given, spec, executor, tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("CsvExampleGen: started\nCsvExampleGen: done in ")
    examples = tmp_path / "minio/bucket/pipeline/run/CsvExampleGen/salt/examples"
    assert list(examples.glob("Split-train/*.gz"))
    written = json.loads(Path(given["outputs"]["outputFile"]).read_text(encoding="utf-8"))
    [artifact] = written["artifacts"]["examples"]["artifacts"]
    assert artifact["uri"] == given["outputs"]["artifacts"]["examples"]["artifacts"][0]["uri"]
    assert 7 in artifact["metadata"].values()
    assert not (tmp_path / "kfp_outputs/.temp").exists()


def test_a_mistake_ends_with_one_line(tmp_path: Path) -> None:
    given, spec = _csv_step(str(tmp_path / "nowhere"), tmp_path)
    executor = "tfx.components.example_gen.csv_example_gen.executor.Executor"
    done = _run(given, spec, executor, tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"error: CsvExampleGen failed: no data in {tmp_path}/nowhere")
    assert "Traceback" in done.stderr
