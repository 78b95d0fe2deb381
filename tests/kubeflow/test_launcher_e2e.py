"""From a compiled package to a served model, each step a process that has only what is staged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import yaml
from launcher import Cluster, Run

from components.pushed_model import ABSENT
from components.serving_validator import check_answer
from kubeflow import object_store
from modules.common.registry import load_task
from serving.client import Client
from serving.server import Server, ServerConfig

pytestmark = pytest.mark.e2e

_LIANXI = str(Path(sys.executable).parent / "lianxi")


def _compile(name: str, folder: Path, models_dir: str, env: dict[str, str] | None = None) -> Path:
    """Compiles a task's package, tiny training."""
    package, config = folder / "package.yaml", folder / "kubeflow.yaml"
    config.write_text(yaml.safe_dump({"models_dir": models_dir, "env": env or {}}), "utf-8")
    arguments = ["--smoke", "--config", str(config), "--out", str(package)]
    done = subprocess.run(
        [_LIANXI, "compile", name, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return package


def _said(run: Run) -> str:
    """Gives what failed steps said last."""
    return "\n".join(f"{step}: {run.logs.get(step, '')[-3000:]}" for step in run.errors)


def _answers(name: str, models: Path) -> None:
    """Serves what was pushed and holds the answer against the task's declaration."""
    task = load_task(name)
    with Server({name: str(models / name)}, ServerConfig(port=0)) as server:
        server.wait_until_available(name, 120)
        with Client(f"localhost:{server.port}") as client:
            check_answer(task, client.predict(name, task.serving.example))


def test_name_gender_is_served_pushed_once_and_then_the_baseline(tmp_path: Path) -> None:
    package = _compile("name_gender", tmp_path, str(tmp_path / "models"))
    cluster = Cluster(tmp_path / "cluster")
    first = cluster.run(package)
    assert set(first.states.values()) == {"succeeded"}, _said(first)
    assert first.outputs["PushedModel"].artifacts["model"].metadata[ABSENT] == 1
    assert "baseline_model" not in first.outputs["Evaluator"].artifacts["blessing"].metadata
    _answers("name_gender", tmp_path / "models")
    second = cluster.run(package)
    ran = {step for step, state in second.states.items() if state != "cached"}
    assert ran == {"DataFingerprint", "PushedVersion", "Pusher"}, _said(second)
    assert len(list((tmp_path / "models/name_gender").iterdir())) == 1
    shutil.rmtree(tmp_path / "models/name_gender")
    assert cluster.run(package).succeeded
    _answers("name_gender", tmp_path / "models")
    third = cluster.run(package, {"train_steps": 8})
    assert third.succeeded, _said(third)
    cached = {step for step, state in third.states.items() if state == "cached"}
    assert cached >= {"ExampleGen", "StatisticsGen", "Transform"}
    baseline = third.outputs["PushedModel"].artifacts["model"]
    assert ABSENT not in baseline.metadata
    blessing = third.outputs["Evaluator"].artifacts["blessing"].metadata
    assert blessing["baseline_model"] == baseline.uri


def test_captcha_ocr_goes_to_a_bucket_and_is_served(
    s3_variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_variables.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="models")
    package = _compile("captcha_ocr", tmp_path, "minio://models/lianxi", s3_variables)
    run = Cluster(tmp_path / "cluster", "s3://bucket/artifacts").run(package, {"train_steps": 0})
    assert set(run.states.values()) == {"succeeded"}, _said(run)
    object_store.fetch("minio://models/lianxi", str(tmp_path / "models"))
    _answers("captcha_ocr", tmp_path / "models")
