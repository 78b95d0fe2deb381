"""Plays the Training Operator: a TFJob's pods are processes, with the TF_CONFIG that it would set.

Source: kubeflow/trainer v1.9, pkg/controller.v1/tensorflow/{tensorflow,tfjob_controller}.go
(`genTFConfigJSONStr`, `UpdateJobStatus`: the job has succeeded when worker 0 has, and failed when a
pod has that is not started again), pkg/apis/kubeflow.org/v1/tensorflow_defaults.go.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

_PATH = re.compile(r"/apis/kubeflow\.org/v1/namespaces/(?P<namespace>[^/]+)/tfjobs(/(?P<name>.+))?")


class TrainingOperator:
    """Answers Kubernetes' API for TFJobs.

    Attributes:
        manifests: What was made, by name, also of jobs that are gone.
        removed: Names of jobs that were removed.
        forbidden: Verbs that the service account may not.
        is_asleep: Whether jobs are made and nobody looks at them.
    """

    def __init__(self, folder: Path) -> None:
        """Names a folder for the pods' logs."""
        self.manifests: dict[str, dict[str, Any]] = {}
        self.removed: list[str] = []
        self.forbidden: set[str] = set()
        self.is_asleep = False
        self._folder = folder
        self._pods: dict[str, list[subprocess.Popen[bytes]]] = {}

    def __call__(self, method: str, path: str, told: Any) -> tuple[int, dict[str, Any]]:
        """Gives status and body."""
        found = _PATH.fullmatch(path)
        assert found, path
        verb = {"GET": "get", "POST": "create", "DELETE": "delete"}[method]
        if verb in self.forbidden:
            return 403, {"kind": "Status", "reason": "Forbidden", "message": "forbidden"}
        name = found["name"] or told["metadata"]["name"]
        if verb == "create":
            self._start(name, told, found["namespace"])
            return 201, told
        if name not in self._pods:
            return 404, {"kind": "Status", "reason": "NotFound"}
        if verb == "delete":
            self.removed.append(name)
            self._end(self._pods.pop(name))
            return 200, {"kind": "Status", "status": "Success"}
        return 200, {**self.manifests[name], "status": self._status(name)}

    def close(self) -> None:
        """Ends all pods."""
        for pods in self._pods.values():
            self._end(pods)

    def _start(self, name: str, manifest: dict[str, Any], namespace: str) -> None:
        assert (manifest["apiVersion"], manifest["kind"]) == ("kubeflow.org/v1", "TFJob")
        self.manifests[name] = manifest
        replicas = manifest["spec"]["tfReplicaSpecs"]["Worker"]
        [container] = replicas["template"]["spec"]["containers"]
        # The operator refuses a job without a container of this name.
        assert container["name"] == "tensorflow"
        number = 0 if self.is_asleep else replicas["replicas"]
        places = _places(number)
        python, *arguments = container["command"]
        assert python == "python"
        env = {each["name"]: each["value"] for each in container["env"] if "value" in each}
        self._pods[name] = []
        for index in range(number):
            told = {
                "cluster": {"worker": places},
                "task": {"type": "worker", "index": index},
                "environment": "cloud",
            }
            with (self._folder / f"{name}-worker-{index}.log").open("wb") as log:
                pod = subprocess.Popen(
                    [sys.executable, *arguments],
                    env={**_bare(), **env, "TF_CONFIG": json.dumps(told)},
                    stdout=log,
                    stderr=log,
                )
            self._pods[name].append(pod)

    def _status(self, name: str) -> dict[str, Any]:
        pods = self._pods[name]
        if self.is_asleep:
            return {}
        codes = [pod.poll() for pod in pods]
        conditions = [("Created", "TFJob is created."), ("Running", f"TFJob {name} is running.")]
        if codes[0] == 0:
            conditions.append(("Succeeded", f"TFJob {name} successfully completed."))
        elif any(codes):
            conditions.append(("Failed", f"TFJob {name} is failed because 1 Worker failed."))
        if len(conditions) > 2:
            # cleanPodPolicy: Running
            self._end(pods)
        return {
            "conditions": [
                {"type": kind, "status": "True" if (kind, why) != ("Running", conditions[1][1])
                 or len(conditions) == 2 else "False", "message": why}
                for kind, why in conditions
            ],
            "replicaStatuses": {
                "Worker": {
                    "active": codes.count(None),
                    "succeeded": codes.count(0),
                    "failed": len([code for code in codes if code]),
                }
            },
        }  # fmt: skip

    def _end(self, pods: list[subprocess.Popen[bytes]]) -> None:
        for pod in pods:
            pod.kill()
            pod.wait()


def _bare() -> dict[str, str]:
    """What a pod would have of this machine: nothing but where programs are."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}


def _places(number: int) -> list[str]:
    """Gives addresses in the place of `JOB-worker-N.NAMESPACE.svc:2222`."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    places = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return places
