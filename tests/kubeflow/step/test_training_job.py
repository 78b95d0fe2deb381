"""Trainer makes a TFJob, stays with it, and takes its outputs over; what goes wrong is said."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from kubernetes_stub import Kubernetes, running
from smoke import SmokeRun
from training_operator import TrainingOperator

from kubeflow.compile.config import parse
from kubeflow.compile.training_job import pod_template
from kubeflow.step import cluster, training_job
from kubeflow.step.training_job import JobError
from modules.common.declaring.settings import as_dict
from modules.common.runtime import progress
from modules.common.runtime.errors import DataError, TaskError
from modules.common.training.distribution import Distribution

_TWO = Distribution(strategy="multi_worker", workers=2)
_SHARED = {"claim": "staging", "path": "/minio"}
_CONFIG = {
    "image": "registry/lianxi:1",
    "pipeline_root": "minio://bucket/runs",
    "volumes": [_SHARED],
    "training": {"strategy": "multi_worker"},
}


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubernetes]:
    """A cluster, in one of whose pods this process is, that knows no TFJob yet."""
    account = tmp_path / "account"
    account.mkdir()
    with running(account) as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(cluster, "SERVICE_ACCOUNT", account)
        template = pod_template(parse(_CONFIG))
        monkeypatch.setenv(training_job.JOB_VARIABLE, json.dumps(template))
        monkeypatch.setattr(training_job, "_POLL_S", 0.2)
        cluster.api.cache_clear()
        yield server
        cluster.api.cache_clear()


@pytest.fixture
def operator(kubernetes: Kubernetes, tmp_path: Path) -> Iterator[TrainingOperator]:
    """The Training Operator of the cluster."""
    kubernetes.operator = made = TrainingOperator(tmp_path)
    yield made
    made.close()


def fn_args(folder: Path, run: SmokeRun | None = None, **settings: object) -> SimpleNamespace:
    """What TFX's Trainer would give."""
    told = as_dict(run.task.resolve({}, smoke=True)) if run else {}
    found = [""]
    if run:
        pipeline = run.root / "smoke/pipelines" / run.task.name
        found = [str(each) for each in pipeline.glob("Transform/transformed_examples/*")]
    return SimpleNamespace(
        train_files=[f"{found[0]}/Split-train/*"],
        eval_files=[f"{found[0]}/Split-eval/*"],
        transform_graph_path=str(run.transform_graph) if run else "",
        base_model=None,
        model_run_dir=str(folder / "out/model_run"),
        serving_model_dir=str(folder / "out/model"),
        train_steps=8,
        hyperparameters=None,
        custom_config={"settings": {**told, **settings}},
    )


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_pods_train_and_the_step_tells_how_far(
    run_of_one: SmokeRun,
    operator: TrainingOperator,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reports: list[progress.Progress] = []
    with progress.subscribe(reports.append):
        training_job.launch(fn_args(tmp_path, run_of_one), "name_gender", _TWO)
    assert reports[-1].phase == "on 2 workers"
    assert (tmp_path / "out/model/saved_model.pb").is_file()
    assert (tmp_path / "out/model_run/curve.csv").is_file()
    # What the pods were told, and told, is no output.
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"model", "model_run"}
    said = capsys.readouterr().out
    assert "made, 2 workers" in said
    assert "Running; 2 active" in said
    assert "Succeeded" in said
    [name] = operator.manifests
    assert name.startswith("lianxi-name-gender-")
    assert not operator.removed


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_what_ended_a_worker_ends_the_step(
    run_of_one: SmokeRun, operator: TrainingOperator, tmp_path: Path
) -> None:
    with pytest.raises(TaskError, match="no setting 'filter'"):
        training_job.launch(fn_args(tmp_path, run_of_one, filter=3), "name_gender", _TWO)


def test_cluster_without_the_operator(kubernetes: Kubernetes, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="knows no TFJob .* install it, or set training.strategy"):
        training_job.launch(fn_args(tmp_path), "name_gender", _TWO)


def test_account_that_may_not(operator: TrainingOperator, tmp_path: Path) -> None:
    operator.forbidden.add("create")
    with pytest.raises(JobError, match=r"may not create tfjobs\.kubeflow\.org in namespace team"):
        training_job.launch(fn_args(tmp_path), "name_gender", _TWO)


def test_operator_that_sleeps(
    operator: TrainingOperator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.is_asleep = True
    monkeypatch.setattr(training_job, "_UNSEEN_S", 0.5)
    with pytest.raises(JobError, match="nobody looks at TFJob"):
        training_job.launch(fn_args(tmp_path), "name_gender", _TWO)
    assert operator.removed == list(operator.manifests)


def test_step_that_is_ended_removes_its_job(operator: TrainingOperator, tmp_path: Path) -> None:
    operator.is_asleep = True

    def end() -> None:
        while not operator.manifests:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()
    with pytest.raises(SystemExit):
        training_job.launch(fn_args(tmp_path), "name_gender", _TWO)
    assert operator.removed == list(operator.manifests)
    assert not list((tmp_path / "out").iterdir())


def test_job_that_is_removed_by_hand(operator: TrainingOperator, tmp_path: Path) -> None:
    operator.is_asleep = True

    def remove() -> None:
        while not operator.manifests:
            time.sleep(0.05)
        operator._pods.clear()

    threading.Thread(target=remove, daemon=True).start()
    with pytest.raises(JobError, match="is gone from namespace team: somebody removed it"):
        training_job.launch(fn_args(tmp_path), "name_gender", _TWO)


def test_outputs_that_pods_cannot_write(operator: TrainingOperator) -> None:
    args = fn_args(Path("gs:/bucket"))
    args.model_run_dir = "gs://bucket/run"
    with pytest.raises(DataError, match="expected a volume where KFP stages artifacts"):
        training_job.launch(args, "name_gender", _TWO)
    assert not operator.manifests
