"""Argo workflows as KFP's API tells of them, for the stand-in: what became of each step is given.

A step's nodes, their names and conditions: kubeflow/pipelines,
backend/src/v2/compiler/argocompiler/dag.go (`DAG`, `task`, `depends`) and container.go
(`addContainerExecutorTemplate`). What differs between versions:

- template of a step that is retried: `NAME-system-container-impl` in 2.5,
  `retry-system-container-impl` from 2.15 on; 2.0 retries nothing.
- what is tried again: `executor` where the package says so; by 2.17.0's manifests everything, with
  `templateDefaults` in third-party/argo/base/workflow-controller-configmap-patch.yaml.
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
        self.tries_all = version == "2.17"
        self.nodes: dict[str, Item] = {}
        self.logs: dict[str, str] = {}
        self.time = BEGUN
        whole = self._run(self.name, "", "DAG", "Running", "entrypoint")
        self._run(f"{whole['name']}.root-driver", whole["name"], "Pod", "Succeeded", "dag-driver")
        root = self._run(f"{whole['name']}.root", whole["name"], "DAG", "Running", "root")
        self.root = root["name"]
        for name, fate in fates.items():
            self._play(name, fate)
        phases = {node["phase"] for node in self.nodes.values() if node["type"] == "Pod"}
        is_busy = bool(phases & {"Running", "Pending"})
        has_failed = "Failed" in phases and fates[list(fates)[-1]].phase in ("Failed", "NoDriver")
        is_over = not is_busy and (has_failed or set(fates) >= set(tasks))
        if is_over:
            for name in set(tasks) - set(fates):
                self._node(f"{self.root}.{name}-driver", self.root, "Skipped", "Omitted", "")
            self._end(self.name, has_failed)
            self._end(f"{whole['name']}.root", has_failed)
        phase = self.nodes[self.name]["phase"]
        self.state = phase.upper()
        status: Item = {"phase": phase, "nodes": self.nodes, "startedAt": _text(BEGUN)}
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
        path = f"{self.root}.{name}"
        driver = f"{path}-driver"
        self._pass(2)
        if fate.phase == "NoDriver":
            pod = self._run(driver, self.root, "Pod", "Failed", "system-container-driver")
            pod["message"] = fate.message
            self._log(pod, fate)
            return
        self._run(driver, self.root, "Pod", "Succeeded", "system-container-driver")
        self._pass(1)
        if fate.phase == "Skipped":
            self._node(path, self.root, "Skipped", "Skipped", "system-container-executor")
            return
        phase = {"Cached": "Succeeded", "Pending": "Running"}.get(fate.phase, fate.phase)
        task = self._run(path, self.root, "DAG", phase, "system-container-executor")["name"]
        if fate.phase == "Cached":
            self._node(f"{task}.executor", task, "Skipped", "Skipped", "")
            return
        template = self._pod_template(name, fate)
        pod = self._run(f"{task}.executor", task, "Pod", fate.phase, template, fate.tries)
        pod["message"] = fate.message
        self._log(pod, fate)
        self._pass(30)
        for each in (path, f"{task}.executor"):
            if fate.phase not in ("Running", "Pending"):
                self._end(each, fate.phase == "Failed")

    def _pod_template(self, name: str, fate: Fate) -> str:
        if not fate.tries:
            return "system-container-impl"
        assert self.version != "2.0", "KFP 2.0 retries nothing"
        return f"{name if self.version == '2.5' else 'retry'}-system-container-impl"

    def _run(
        self, path: str, parent: str, kind: str, phase: str, template: str, tries: int = 0
    ) -> Item:
        """Makes the nodes of what Argo runs; gives that of the last try."""
        if not tries and not self.tries_all:
            return self._node(path, parent, kind, phase, template)
        last = retry = self._node(path, parent, "Retry", phase, template)
        for number in range(max(tries, 1)):
            if number:
                last["phase"], last["finishedAt"] = "Failed", _text(self.time)
                self._pass(20)
            last = self._node(f"{path}({number})", parent, kind, phase, template, retry)
        return last

    def _node(
        self,
        path: str,
        parent: str,
        kind: str,
        phase: str,
        template: str,
        above: Item | None = None,
    ) -> Item:
        """Makes a node inside that of `parent`, and a child of that or of `above`."""
        node: Item = {
            "id": self._id(path),
            "name": path,
            "displayName": path.removeprefix(parent).removeprefix("."),
            "type": kind,
            "templateName": template,
            "phase": phase,
            "boundaryID": self._id(parent) if parent else "",
            "children": [],
            # Argo counts from when a node is made, though its pod is still to come.
            "startedAt": _text(self.time),
        }
        if phase not in ("Running", "Pending"):
            node["finishedAt"] = _text(self.time)
        if parent or above:
            above = above or self.nodes[self._id(parent)]
            above["children"].append(node["id"])
        return self.nodes.setdefault(node["id"], node)

    def _end(self, path: str, has_failed: bool) -> None:
        """Ends a node and its last try."""
        tries = [each for each in self.nodes.values() if each["name"].startswith(f"{path}(")]
        tries = [each for each in tries if each["name"].count(".") == path.count(".")]
        for node in [self.nodes[self._id(path)], *tries[-1:]]:
            node["phase"] = "Failed" if has_failed else "Succeeded"
            node["finishedAt"] = _text(self.time)

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
