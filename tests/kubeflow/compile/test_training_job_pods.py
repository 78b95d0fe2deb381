"""What the configuration says of training, and what the pods of a training job are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from kubeflow.compile.config import parse
from kubeflow.compile.runner import compile_task
from kubeflow.compile.settings import ConfigError
from kubeflow.compile.training_job import pod_template
from kubeflow.step import training_job
from modules.common.declaring.registry import load_task
from modules.common.training.distribution import read

_JOB = {"strategy": "multi_worker", "workers": 4}
_FULL: dict[str, Any] = {
    "image": "registry/lianxi:1",
    "pipeline_root": "minio://bucket/runs",
    "service_account": "trainer",
    "volumes": [{"claim": "staging", "path": "/minio"}, {"claim": "models", "path": "/models"}],
    "secrets": [{"secret": "store", "env": {"AWS_ACCESS_KEY_ID": "key"}, "path": "/secrets/store"}],
    "resources": {
        "default": {"cpu": 1, "memory_gb": 2},
        "Trainer": {"cpu": 4, "memory_gb": 8, "accelerator": "nvidia.com/gpu", "accelerators": 1},
    },
    "tolerations": {"Trainer": [{"key": "nvidia.com/gpu", "operator": "Exists"}]},
    "node_selector": {"Trainer": {"pool": "gpu"}},
    "shared_memory_gb": {"Trainer": 1},
    "image_pull_secrets": ["registry-key"],
    "training": _JOB,
}


def variables_of(package: Any, step: str) -> dict[str, str]:
    container = package.spec["deploymentSpec"]["executors"][f"{step}_executor"]["container"]
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"training": {"strategy": "miror"}}, "no strategy is called 'miror'; did you mean"),
        ({"training": {"workers": 1}}, "expected 2 to 64 workers, found 1"),
        ({"training": {"worker": 2}}, "training has no setting 'worker'; did you mean 'workers'"),
        ({"training": _JOB}, "found none, which leaves it to KFP; add {claim: NAME, path: /minio}"),
        (
            {"training": _JOB, "pipeline_root": "s3://b/r", "volumes": _FULL["volumes"]},
            "found 's3://b/r'; add {claim: NAME, path: /s3}",
        ),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(settings)
    assert said in str(raised.value)


def test_trainer_alone_knows_of_it() -> None:
    task = load_task("name_gender")
    package = compile_task(task, parse(_FULL))
    told = variables_of(package, "Trainer")
    assert read(told).strategy == "multi_worker"
    assert read(told).workers == 4
    assert training_job.JOB_VARIABLE in told
    assert training_job.JOB_VARIABLE not in variables_of(package, "Transform")
    containers = package.spec["deploymentSpec"]["executors"]
    # What trains has the accelerator, not what waits for it.
    assert "resources" not in containers["Trainer_executor"]["container"]
    assert containers["Transform_executor"]["container"]["resources"]["cpuLimit"] == 1
    plain = variables_of(compile_task(task, parse({})), "Trainer")
    assert not {name for name in plain if name.startswith("LIANXI_")}
    mirrored = compile_task(task, parse({"training": {"strategy": "mirrored"}}))
    assert variables_of(mirrored, "Trainer")["LIANXI_STRATEGY"] == "mirrored"
    assert training_job.JOB_VARIABLE not in variables_of(mirrored, "Trainer")


def test_pods_are_what_trainer_would_be() -> None:
    job = training_job.job("j", "name_gender", pod_template(parse(_FULL)), 4, Path("/minio/a.json"))
    worker = job["spec"]["tfReplicaSpecs"]["Worker"]
    assert worker["replicas"] == 4
    pod = {"apiVersion": "v1", "kind": "Pod", **worker["template"]}
    pod["metadata"] = {**pod["metadata"], "name": "j-worker-0"}
    kubernetes_validate.validate(pod, "1.29", strict=True)
    spec = pod["spec"]
    [container] = spec["containers"]
    assert container["image"] == "registry/lianxi:1"
    assert container["command"][-1] == "/minio/a.json"
    assert container["resources"]["limits"] == {
        "cpu": "4", "memory": "8000M", "nvidia.com/gpu": "1",
    }  # fmt: skip
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounted == {
        "staging": "/minio", "models": "/models", "store": "/secrets/store",
        "shared-memory": "/dev/shm",
    }  # fmt: skip
    env = {each["name"]: each for each in container["env"]}
    assert env["AWS_ACCESS_KEY_ID"]["valueFrom"]["secretKeyRef"] == {"name": "store", "key": "key"}
    assert env["LIANXI_REPORT_TO"]["value"] == "/minio"
    assert spec["serviceAccountName"] == "trainer"
    assert spec["nodeSelector"] == {"pool": "gpu"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert spec["imagePullSecrets"] == [{"name": "registry-key"}]
    assert json.loads(json.dumps(job)) == job


@pytest.mark.parametrize("strategy", ["multi_worker", "mirrored"])
def test_job_is_for_trainer_alone(strategy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANXI_STRATEGY", strategy)
    monkeypatch.setenv(training_job.JOB_VARIABLE, "{}")
    is_job = strategy == "multi_worker"
    assert training_job.is_wanted("tfx.components.trainer.executor.GenericExecutor") == is_job
    assert not training_job.is_wanted("tfx.components.tuner.executor.Executor")
