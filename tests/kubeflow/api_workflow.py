"""Argo workflows as KFP's API tells of them, for the stand-in: what became of each step is given.

A step's nodes, their names and conditions: kubeflow/pipelines,
backend/src/v2/compiler/argocompiler/dag.go (`DAG`, `task`, `depends`) and container.go
(`addContainerExecutorTemplate`). What differs between versions:

- template of a step that is retried: `NAME-system-container-impl` in 2.5,
  `retry-system-container-impl` from 2.15 on; 2.0 retries nothing.
- names of pods: in 2.0, whose manifests bring Argo 3.3, the node's id; later with the template's
  name (`RetrievePodName` in backend/src/common/util/workflow.go).

Nodes, their ids and phases: argoproj/argo-workflows, workflow/controller/{operator,dag}.go and
workflow/util/pod_name.go. Task details: `toModelTasks` and `toApiPipelineTaskDetail` in
backend/src/apiserver/server/api_converter.go, the same in 2.0.5, 2.5.0, 2.15.0 and 2.17.0: neither
names of pods, but of children, nor errors.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

Item = dict[str, Any]

BEGUN = datetime(2026, 3, 2, 3, 0, 0, tzinfo=timezone.utc)
# Go's zero time in seconds, of which KFP makes a time all the same.
_NO_TIME = "0001-01-01T00:00:00Z"
_STATES = {"Error": "FAILED", "Omitted": "RUNTIME_STATE_UNSPECIFIED"}


@dataclass(kw_only=True)
class Fate:
    """What becomes of a step.

    Attributes:
        phase: Of its pod, as Argo calls it; `Cached` where it needs none, `Skipped` where its
            condition does not hold, `NoDriver` where its driver fails.
        log: Of its last pod; `None` where it is gone.
        message: What Argo says of its pod.
        tries: How many pods there were, where the step is retried.
    """

    phase: str = "Succeeded"
    log: str | None = ""
    message: str = ""
    tries: int = 0


class Workflow:
    """A workflow and the logs of its pods.

    Args:
        tasks: Name of a step to names of those that it waits for, in the order of running.
        fates: What becomes of each; the others have not begun.
        version: Of KFP.
        namespace: Of the pods.
    """

    def __init__(
        self, tasks: dict[str, list[str]], fates: dict[str, Fate], version: str, namespace: str
    ) -> None:
        self.name = "name-gender-x7k2p"
        self.version, self.tasks = version, tasks
        self.nodes: dict[str, Item] = {}
        self.logs: dict[str, str] = {}
        self.time = BEGUN
        root = self._node(self.name, "DAG", "Running", template="entrypoint", parent="")
        self._node(f"{self.name}.root-driver", "Pod", "Succeeded", "system-dag-driver")
        self._node(f"{self.name}.root", "DAG", "Running", "root")
        for name, fate in fates.items():
            self._play(name, fate)
        phases = {node["phase"] for node in self.nodes.values() if node["type"] == "Pod"}
        is_over = not phases & {"Running", "Pending"} and set(fates) >= set(tasks)
        has_failed = "Failed" in phases
        if has_failed and not phases & {"Running", "Pending"}:
            is_over = True
            for name in set(tasks) - set(fates):
                self._node(f"{self.name}.root.{name}-driver", "Skipped", "Omitted", "")
        for node in (root, self.nodes[self._id(f"{self.name}.root")]):
            if is_over:
                node["phase"] = "Failed" if has_failed else "Succeeded"
                node["finishedAt"] = _text(self.time)
        self.state = root["phase"].upper()
        status: Item = {"phase": root["phase"], "nodes": self.nodes, "startedAt": _text(BEGUN)}
        if is_over:
            status["finishedAt"] = _text(self.time)
        annotations = {} if version == "2.0" else {_POD_NAMES: "v2"}
        self.manifest: Item = {
            "metadata": {"name": self.name, "namespace": namespace, "annotations": annotations},
            "spec": {"templates": [self._template()]},
            "status": status,
        }

    def details(self, run_id: str) -> list[Item]:
        """Gives `task_details`, in an order that says nothing."""
        details = [
            {
                "run_id": run_id,
                "task_id": str(uuid.uuid5(uuid.NAMESPACE_OID, node["id"])),
                "display_name": node["displayName"],
                "create_time": _text(BEGUN),
                "start_time": node.get("startedAt", _NO_TIME),
                "end_time": node.get("finishedAt", _NO_TIME),
                "state": _STATES.get(node["phase"], node["phase"].upper()),
                "child_tasks": [{"pod_name": child} for child in node["children"]],
            }
            for node in self.nodes.values()
        ]
        return sorted(details, key=lambda each: str(each["task_id"]))

    def _play(self, name: str, fate: Fate) -> None:
        """Makes the nodes of a step."""
        path = f"{self.name}.root.{name}"
        self._pass(2)
        if fate.phase == "NoDriver":
            driver = self._node(f"{path}-driver", "Pod", "Failed", "system-container-driver")
            driver["message"] = fate.message
            self._log(driver, fate)
            return
        self._node(f"{path}-driver", "Pod", "Succeeded", "system-container-driver")
        self._pass(1)
        if fate.phase == "Skipped":
            self._node(path, "Skipped", "Skipped", "system-container-executor")
            return
        phase = {"Cached": "Succeeded", "Pending": "Running"}.get(fate.phase, fate.phase)
        task = self._node(path, "DAG", phase, "system-container-executor")
        begun = self.time
        if fate.phase == "Cached":
            self._node(f"{path}.executor", "Skipped", "Skipped", "", parent=path)
            return
        template = self._pod_template(name, fate)
        if not fate.tries:
            pod = self._node(f"{path}.executor", "Pod", fate.phase, template, parent=path)
        else:
            retry = self._node(f"{path}.executor", "Retry", fate.phase, template, parent=path)
            for number in range(fate.tries):
                is_last = number == fate.tries - 1
                phase = fate.phase if is_last else "Failed"
                named = f"{path}.executor({number})"
                pod = self._node(named, "Pod", phase, template, parent=path)
                retry["children"].append(pod["id"])
                pod["startedAt"] = _text(self.time)
                self._pass(20)
        pod["message"] = fate.message
        self._log(pod, fate)
        self._pass(30)
        for node in (task, *self._inside(path)):
            node.setdefault("startedAt", _text(begun))
            if node["phase"] not in ("Running", "Pending"):
                node["finishedAt"] = _text(self.time)

    def _pod_template(self, name: str, fate: Fate) -> str:
        if not fate.tries:
            return "system-container-impl"
        assert self.version != "2.0", "KFP 2.0 retries nothing"
        return f"{name if self.version == '2.5' else 'retry'}-system-container-impl"

    def _inside(self, path: str) -> list[Item]:
        return [node for node in self.nodes.values() if node["boundaryID"] == self._id(path)]

    def _node(
        self, path: str, kind: str, phase: str, template: str, parent: str | None = None
    ) -> Item:
        """Makes a node below the one that its name goes on from."""
        parent = path.rpartition(".")[0] if parent is None else parent
        node: Item = {
            "id": self._id(path),
            "name": path,
            "displayName": path.rpartition(".")[2],
            "type": kind,
            "templateName": template,
            "phase": phase,
            "boundaryID": self._id(parent) if parent else "",
            "children": [],
        }
        if phase != "Pending":
            node["startedAt"] = _text(self.time)
        if phase not in ("Running", "Pending"):
            node["finishedAt"] = _text(self.time)
        if parent:
            self.nodes[self._id(parent)]["children"].append(node["id"])
        return self.nodes.setdefault(node["id"], node)

    def _id(self, path: str) -> str:
        return self.name if path == self.name else f"{self.name}-{_fnv32a(path)}"

    def _log(self, pod: Item, fate: Fate) -> None:
        if fate.log is None or fate.phase == "Pending":
            return
        name = pod["id"]
        if self.version != "2.0":
            name = f"{self.name}-{pod['templateName']}-{_fnv32a(pod['name'])}"
        self.logs[name] = fate.log

    def _template(self) -> Item:
        tasks = []
        for name, waits in self.tasks.items():
            depends = " && ".join(f"{one}.Succeeded" for one in waits)
            tasks += [
                {"name": f"{name}-driver", "depends": depends},
                {"name": name, "depends": f"{name}-driver.Succeeded"},
            ]
        return {"name": "root", "dag": {"tasks": tasks}}

    def _pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


_POD_NAMES = "workflows.argoproj.io/pod-name-format"


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _fnv32a(text: str) -> int:
    """Gives FNV-1a, of 32 bits, by which Argo tells nodes apart."""
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 % 2**32
    return found
