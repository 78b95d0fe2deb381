"""From a compiled package to a served model, each step a process that has only what is staged."""

from __future__ import annotations

import shutil
from pathlib import Path

import boto3
import pytest
from launcher import Cluster, Run
from launcher_process import Forks
from launcher_tasks import check_served, compile_package, cut, said
from launcher_versions import KFP_2_5, NEWEST, VERSIONS, Kfp

from components.pushed_model import ABSENT
from kubeflow.step import object_store

pytestmark = pytest.mark.e2e


def test_name_gender_is_served_pushed_once_and_then_the_baseline(
    tmp_path: Path, forks: Forks
) -> None:
    package = compile_package("name_gender", tmp_path, str(tmp_path / "models"))
    cluster = Cluster(tmp_path / "cluster", kfp=NEWEST, execute=forks.run)
    first = cluster.run(package)
    assert set(first.states.values()) == {"succeeded"}, said(first)
    assert first.outputs["PushedModel"].artifacts["model"].metadata[ABSENT] == 1
    assert "baseline_model" not in first.outputs["Evaluator"].artifacts["blessing"].metadata
    check_report(cluster, first)
    second = cluster.run(package)
    ran = {step for step, state in second.states.items() if state != "cached"}
    assert ran == {"DataFingerprint", "PushedVersion", "Pusher"}, said(second)
    assert len(list((tmp_path / "models/name_gender").iterdir())) == 1
    shutil.rmtree(tmp_path / "models/name_gender")
    assert cluster.run(package).succeeded
    check_served("name_gender", tmp_path / "models")
    third = cluster.run(package, {"train_steps": 8})
    assert third.succeeded, said(third)
    cached = {step for step, state in third.states.items() if state == "cached"}
    assert cached >= {"ExampleGen", "StatisticsGen", "Transform"}
    baseline = third.outputs["PushedModel"].artifacts["model"]
    assert ABSENT not in baseline.metadata
    blessing = third.outputs["Evaluator"].artifacts["blessing"].metadata
    assert blessing["baseline_model"] == baseline.uri


def check_report(cluster: Cluster, run: Run) -> None:
    """The file that KFP's page shows is a whole page, with metrics and held-out examples."""
    report = run.outputs["RunReport"].artifacts["report"]
    page = cluster.store.object_path(report.uri).read_text(encoding="utf-8")
    assert "is not shown" not in page and "was not made" not in page, said(run)
    for words in ("accuracy", "boosted_trees", "Held-out examples", "Learning", "Data"):
        assert words in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert '"step": "RunReport"' in run.logs["RunReport"]


def test_voice_gender_goes_to_a_bucket_and_is_served(
    s3_variables: dict[str, str], tmp_path: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_variables.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="models")
    models = "minio://models/lianxi"
    package = compile_package("voice_gender", tmp_path, models, env=s3_variables)
    cluster = Cluster(tmp_path / "cluster", "s3://bucket/artifacts", KFP_2_5, forks.run)
    run = cluster.run(package, {"train_steps": 0})
    assert set(run.states.values()) == {"succeeded"}, said(run)
    object_store.fetch(models, str(tmp_path / "models"))
    check_served("voice_gender", tmp_path / "models")


@pytest.mark.parametrize("kfp", VERSIONS, ids=lambda kfp: kfp.name)
def test_the_first_steps_run_under_each_version(kfp: Kfp, tmp_path: Path, forks: Forks) -> None:
    package = compile_package("name_gender", tmp_path, str(tmp_path / "models"))
    cut(package, "AnomalyGate")
    cluster = Cluster(tmp_path / "cluster", kfp=kfp, execute=forks.run)
    run = cluster.run(package)
    assert len(run.states) == 6 and set(run.states.values()) == {"succeeded"}, said(run)
    again = cluster.run(package)
    assert [step for step, state in again.states.items() if state != "cached"] == [
        "DataFingerprint"
    ]


def test_a_step_runs_in_an_interpreter_of_its_own(tmp_path: Path) -> None:
    package = compile_package("name_gender", tmp_path, str(tmp_path / "models"))
    cut(package, "CuratedSchema")
    run = Cluster(tmp_path / "cluster").run(package)
    assert run.states == {"CuratedSchema": "succeeded"}, said(run)
