"""Trains on several pods: Trainer makes a TFJob, stays with it, and takes its outputs over.

The pods of the job run `modules.common.training.worker` in the image of the steps. They see what
Trainer sees on the volume that is mounted where KFP stages (`kubeflow.step.shared_files`): its
inputs, the file that says what to train, and the outputs, which the chief writes where Trainer
would. There they also tell how far they are.

Source: kubeflow/trainer v1.9, pkg/apis/kubeflow.org/v1/{tensorflow,common}_types.go (TFJob, which
TrainJob of v2 has no TensorFlow runtime for), pkg/controller.v1/tensorflow/tfjob_controller.go:
the operator sets TF_CONFIG, and the first worker is the chief; the container is `tensorflow`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from kubeflow.step import cluster
from modules.common.runtime import errors, progress
from modules.common.runtime.errors import DataError, LianxiError
from modules.common.training import arguments, workers
from modules.common.training.distribution import MULTI_WORKER, Distribution, read

JOB_VARIABLE = "LIANXI_TRAINING_JOB"
"""In Trainer: the template of the job's pods, JSON, as `kubeflow.compile.training_job` makes it."""

GROUP, VERSION, PLURAL = "kubeflow.org", "v1", "tfjobs"
CONTAINER = "tensorflow"
RUNNER = "the training job"

_POLL_S = 3.0
# The operator says that it has seen a job within a second or two.
_UNSEEN_S = 300.0
_KEPT_S = 24 * 3600
_FORBIDDEN, _NOT_FOUND = 403, 404


class JobError(LianxiError):
    """A training job could not be made, or failed."""


def is_wanted(executor_class_path: str) -> bool:
    """Whether a step trains on several pods.

    Args:
        executor_class_path: Such as `tfx.components.trainer.executor.GenericExecutor`.
    """
    is_trainer = executor_class_path.startswith("tfx.components.trainer.")
    return is_trainer and JOB_VARIABLE in os.environ and read().strategy == MULTI_WORKER


def launching(wanted: bool) -> contextlib.AbstractContextManager[None]:
    """Has training done by a job inside the `with` block, where that is wanted."""
    return workers.launch_by(launch) if wanted else contextlib.nullcontext()


def launch(fn_args: Any, task_name: str, chosen: Distribution) -> None:
    """Trains a task by a job; see `workers.train`.

    Raises:
        DataError: If the job's pods would not see what Trainer sees.
        LianxiError: What ended a worker, with its own class where it is one of ours.
        JobError: If the cluster makes no such job, or the job fails without a word.
    """
    if "://" in fn_args.model_run_dir:
        raise DataError(
            f"the pods of a training job cannot write to {fn_args.model_run_dir}: expected a "
            "volume where KFP stages artifacts (docs/training.md), or training.strategy none"
        )
    folder = Path(fn_args.model_run_dir).parent / f".training-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    told = folder / "arguments.json"
    arguments.write(told, task_name, fn_args)
    name = f"lianxi-{task_name.replace('_', '-')}-{folder.name.removeprefix('.training-')}"
    template = json.loads(os.environ[JOB_VARIABLE])
    try:
        with _ended_by_sigterm():
            _carry_out(job(name, task_name, template, chosen.workers, told), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def job(
    name: str, task_name: str, template: dict[str, Any], number: int, told: Path
) -> dict[str, Any]:
    """Gives the manifest of a job.

    Args:
        name: Its name.
        task_name: The task.
        template: Of its pods; the container's command and what only the step knows are added.
        number: How many workers.
        told: The file that says what to train.
    """
    [container] = template["spec"]["containers"]
    env = [*container.get("env", []), {"name": workers.REPORT_VARIABLE, "value": str(told.parent)}]
    run = ["python", "-m", "modules.common.training.worker", "--wait=600", str(told)]
    pod = {**template["spec"], "containers": [{**container, "command": run, "env": env}]}
    labels = {"app.kubernetes.io/part-of": "lianxi", "lianxi/task": task_name}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "TFJob",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "runPolicy": {
                "cleanPodPolicy": "Running",
                "backoffLimit": 0,
                "ttlSecondsAfterFinished": _KEPT_S,
            },
            "tfReplicaSpecs": {
                "Worker": {
                    "replicas": number,
                    "restartPolicy": "Never",
                    "template": {**template, "spec": pod},
                }
            },
        },
    }


def _carry_out(manifest: dict[str, Any], folder: Path) -> None:
    """Makes a job and stays until it has ended; removes it where it has not."""
    name, is_over = manifest["metadata"]["name"], False
    _ask("create", manifest)
    workers_told = manifest["spec"]["tfReplicaSpecs"]["Worker"]["replicas"]
    print(f"TFJob {name}: made, {workers_told} workers", flush=True)
    reports = Reports(folder)
    began_s, said = time.monotonic(), ""
    try:
        while True:
            status = _ask("get", name).get("status") or {}
            reports.read()
            state = describe(status)
            if state != said:
                print(f"TFJob {name}: {state}", flush=True)
            said, now = state, newest_condition(status)
            if now in ("Succeeded", "Failed"):
                is_over = True
                break
            if not now and time.monotonic() - began_s > _UNSEEN_S:
                raise JobError(
                    f"nobody looks at TFJob {name}: expected the Training Operator to take it "
                    f"within {_UNSEEN_S:.0f} s; see that it runs: kubectl get deployment -A | grep "
                    "training-operator"
                )
            time.sleep(_POLL_S)
    finally:
        if not is_over:
            with contextlib.suppress(LianxiError):
                _ask("delete", name)
    if now == "Failed":
        raise reports.error() or JobError(
            f"TFJob {name} failed: {said}; what its pods said: kubectl logs -n "
            f"{cluster.namespace()} -l training.kubeflow.org/job-name={name} --prefix"
        )


def newest_condition(status: dict[str, Any]) -> str:
    """Gives the condition that a job is in, such as `Running`; empty where it has none yet."""
    holding = [each for each in status.get("conditions") or [] if each.get("status") == "True"]
    ends = [each["type"] for each in holding if each["type"] in ("Succeeded", "Failed")]
    return str((ends or [each["type"] for each in holding] or [""])[-1])


def describe(status: dict[str, Any]) -> str:
    """Says in words how a job is."""
    now = newest_condition(status)
    conditions = status.get("conditions") or []
    why = next(
        (each.get("message", "") for each in reversed(conditions) if each["type"] == now), ""
    )
    counts = (status.get("replicaStatuses") or {}).get("Worker") or {}
    numbers = ", ".join(f"{counts[name]} {name}" for name in sorted(counts) if counts[name])
    return "; ".join(filter(None, [now or "waits for the operator", numbers, why]))


class Reports:
    """What the workers tell of themselves, each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        """Names the folder."""
        self._folder = folder
        self._places: dict[Path, int] = {}
        self._error: tuple[str, str] | None = None

    def read(self) -> None:
        """Passes on what is new."""
        for path in sorted(self._folder.glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._places.get(path, 0))
                whole, _, _ = file.read().rpartition(b"\n")
            self._places[path] = self._places.get(path, 0) + len(whole) + bool(whole)
            for line in whole.splitlines():
                told = json.loads(line)
                if "error" not in told:
                    progress.report(progress.Progress(**told))
                elif self._error is None:
                    self._error = told["error"], told["message"]

    def error(self) -> LianxiError | None:
        """Makes an error of the first that a worker told."""
        self.read()
        if self._error is None:
            return None
        name, message = self._error
        kind = getattr(errors, name, None)
        return kind(message) if kind else JobError(f"a worker failed: {name}: {message}")


def _ask(verb: str, what: Any) -> dict[str, Any]:
    """Makes, reads or removes a job.

    Raises:
        JobError: If the cluster does not; the message says why, and what to do.
    """
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        where = cluster.namespace()
        api = client.CustomObjectsApi(cluster.api().api_client)
        method = getattr(api, f"{verb}_namespaced_custom_object")
        found: dict[str, Any] = method(GROUP, VERSION, where, PLURAL, what)
    except cluster.NoAnswer as error:
        raise JobError(f"the training job cannot be made: {error}") from error
    except ApiException as error:
        raise JobError(_explain(verb, where, error)) from error
    except (HTTPError, OSError) as error:
        raise JobError(f"Kubernetes cannot be reached for the training job: {error}") from error
    return found


def _explain(verb: str, where: str, error: Any) -> str:
    if error.status == _FORBIDDEN:
        return (
            f"the pod's service account may not {verb} tfjobs.{GROUP} in namespace {where}; give "
            "it the role: kubectl apply -k kubeflow/manifests/training-job (docs/training.md)"
        )
    if error.status == _NOT_FOUND and verb == "create":
        return (
            f"the cluster knows no TFJob ({GROUP}/{VERSION}): expected Kubeflow's Training "
            "Operator, 1.7 to 1.9; install it, or set training.strategy to none or mirrored and "
            "compile again"
        )
    if error.status == _NOT_FOUND:
        return f"the training job is gone from namespace {where}: somebody removed it; run again"
    try:
        why = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        why = error.reason
    return f"Kubernetes refused to {verb} the training job: {error.status} {why}"


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Has SIGTERM, by which Kubernetes ends a pod, go by `finally`, which removes the job."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
