"""The steps of a run, out of what KFP's API says of its Argo workflow.

KFP makes of each step three nodes: `NAME-driver`, a pod that resolves the inputs and looks into the
cache; `NAME`, which is skipped where a condition does not hold; and in it `executor`, which is
skipped where the cache had the outputs, and is the pod of the step otherwise. What may be tried
again is a node of its own, and each try a further one beside it, `NAME(0)`, `NAME(1)`: `executor`
where the package says so; everything by the manifests of KFP 2.17.0.

Two answers of the API tell of them. `GET /apis/v1beta1/runs/ID` has the whole workflow, with what
Kubernetes says of pods, and with the steps that are still to come. `run_details.task_details` of
`/apis/v2beta1` has names, states and times alone: no names of pods but in `child_tasks`, no errors,
and nothing that tells one `executor` from another. So the first is read, and the second only where
a server does not have the first.

Source: kubeflow/pipelines, backend/src/v2/compiler/argocompiler/{dag,container}.go,
backend/src/common/util/workflow.go (`NodeStatuses`, `RetrievePodName`),
backend/src/apiserver/server/api_converter.go (`toApiRunDetailV1`, `toApiPipelineTaskDetail`); the
same from 2.0 to 2.17. 2.17's `templateDefaults`:
manifests/kustomize/third-party/argo/base/workflow-controller-configmap-patch.yaml, and
argoproj/argo-workflows, workflow/controller/operator.go (`mergedTemplateDefaultsInto`,
`executeTemplate`, `initializeNode`).
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from graphlib import TopologicalSorter
from typing import Any, Literal

State = Literal["succeeded", "cached", "running", "waiting", "failed", "skipped"]
Node = dict[str, Any]

_DRIVER = "-driver"
_ROOT_DRIVER = "root-driver"
_POD_TEMPLATE = "system-container-impl"
_MOST_TRIES = 20
_BROKEN = ("Failed", "Error")
_NOT_RUN = ("Skipped", "Omitted")
_DEPENDENCY = re.compile(r"([\w.-]+?)\.(?:Succeeded|Skipped|Failed|Errored|Daemoned|Omitted)")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a run.

    Attributes:
        name: Such as `Trainer`.
        state: `cached`: its outputs were taken from an earlier run; `waiting`: for other steps, or
            for a place to run; `skipped`: it will not run.
        started: When it began to run.
        ended: When it ended.
        tries: How many pods were made for it.
        pods: Names that its last pod may have, the likelier first; empty where it has none.
        message: What Kubernetes or Argo says of it.
    """

    name: str
    state: State
    started: datetime | None = None
    ended: datetime | None = None
    tries: int = 0
    pods: tuple[str, ...] = ()
    message: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it ran, or has been running; `None` where it did not run."""
        if self.started is None:
            return None
        end = self.ended or datetime.now(timezone.utc)
        return max((end - self.started).total_seconds(), 0.0)


def of_workflow(workflow: Mapping[str, Any]) -> list[Step]:
    """Reads the steps of an Argo workflow.

    Args:
        workflow: As the API's version v1beta1 gives it.

    Returns:
        Steps by when they began, then in the order in which they may run.
    """
    nodes = {node["name"]: node for node in _nodes(workflow).values()}
    is_over = bool(workflow.get("status", {}).get("finishedAt"))
    steps = {}
    for node in nodes.values():
        title = node["displayName"]
        if title.endswith(_DRIVER) and title != _ROOT_DRIVER:
            name = title.removesuffix(_DRIVER)
            steps[name] = _step(workflow, name, node, nodes)
    order = _list_planned(workflow)
    for name in order:
        steps.setdefault(name, Step(name=name, state="skipped" if is_over else "waiting"))
    places = {name: place for place, name in enumerate(order)}
    late = datetime.max.replace(tzinfo=timezone.utc)
    return sorted(
        steps.values(), key=lambda step: (step.started or late, places.get(step.name, len(places)))
    )


def of_details(details: Iterable[Any]) -> list[Step]:
    """Reads the steps of `run_details.task_details`.

    Args:
        details: Of kfp_server_api's type `V2beta1PipelineTaskDetail`.

    Returns:
        The steps that have begun. Cached ones count as succeeded, which is all that these say.
    """
    details = list(details)
    found = {each.display_name: each for each in details if each.display_name}
    ids = {
        str(child.pod_name)
        for each in details
        for child in each.child_tasks or ()
        if child.pod_name
    }
    steps = []
    for title, driver in found.items():
        if not title.endswith(_DRIVER) or title == _ROOT_DRIVER:
            continue
        name = title.removesuffix(_DRIVER)
        task = found.get(name)
        shown = task or driver
        states: dict[str | None, State] = {
            "SUCCEEDED": "succeeded" if task else "running",
            "FAILED": "failed",
            "RUNNING": "running",
            "SKIPPED": "skipped",
        }
        pods = _guess_pods(name, ids)
        steps.append(
            Step(
                name=name,
                state=states.get(shown.state, "waiting"),
                started=_known(shown.start_time),
                ended=_known(shown.end_time),
                tries=int(bool(pods)),
                pods=pods,
            )
        )
    return sorted(steps, key=lambda step: (step.started is None, step.started, step.name))


def _step(workflow: Mapping[str, Any], name: str, driver: Node, nodes: Mapping[str, Node]) -> Step:
    """Puts one step together out of its nodes, which are given by name."""
    if driver["phase"] in _BROKEN:
        return _of_pod(workflow, name, driver, _tries(driver, nodes))
    task = nodes.get(driver["name"].removesuffix(_DRIVER))
    if driver["phase"] in _NOT_RUN or (task and task["phase"] in _NOT_RUN):
        return Step(name=name, state="skipped")
    main = nodes.get(f"{_tries(task, nodes)[-1]['name']}.executor") if task else None
    begun, ended = _time(driver.get("startedAt")), _time(driver.get("finishedAt"))
    if main is None:
        # The driver is at work, or has just ended.
        said = _message(_tries(driver, nodes)[-1])
        return Step(name=name, state="running", started=begun, message=said)
    if main["phase"] in _NOT_RUN:
        return Step(name=name, state="cached", started=begun, ended=ended)
    return _of_pod(workflow, name, main, _tries(main, nodes))


def _tries(node: Node, nodes: Mapping[str, Node]) -> list[Node]:
    """Gives the tries of a node, the last one last; itself where it is not tried again."""
    tries: list[Node] = []
    while (named := f"{node['name']}({len(tries)})") in nodes:
        tries.append(nodes[named])
    return tries or [node]


def _of_pod(workflow: Mapping[str, Any], name: str, node: Node, tries: list[Node]) -> Step:
    """Makes a step of the node that runs it."""
    last = tries[-1]
    phase = node["phase"]
    state: State = "running" if last["phase"] == "Running" else "waiting"
    if phase == "Succeeded":
        state = "succeeded"
    elif phase in _BROKEN:
        state = "failed"
    return Step(
        name=name,
        state=state,
        started=_time(node.get("startedAt")),
        ended=_time(node.get("finishedAt")),
        tries=len(tries),
        pods=_pod_names(workflow, last),
        message=_message(last) or _message(node),
    )


def _pod_names(workflow: Mapping[str, Any], node: Node) -> tuple[str, ...]:
    """Gives the names that Argo may have given the pod of a node: with its template's, or without.

    Argo 3.3, which KFP 2.0 brings, calls a pod by the node's id; later ones say which they do.
    """
    annotations = workflow["metadata"].get("annotations") or {}
    said = annotations.get("workflows.argoproj.io/pod-name-format")
    base, _, number = node["id"].rpartition("-")
    names = {"v1": node["id"], "v2": f"{base}-{node.get('templateName', '')}-{number}"}
    return (names[said],) if said in names else (names["v2"], names["v1"])


def _guess_pods(step: str, ids: set[str]) -> tuple[str, ...]:
    """Gives the names that a step's pod may have, of which only the ids of all nodes are known.

    An id is the workflow's name and a number that comes of the node's name.
    """
    base = next((each.rpartition("-")[0] for each in ids), "")
    for path in (f"{base}.root.{step}.executor", f"{base}(0).root(0).{step}(0).executor"):
        for name in (*(f"{path}({number})" for number in reversed(range(_MOST_TRIES))), path):
            number = _fnv1a(name)
            if f"{base}-{number}" in ids:
                kinds = (_POD_TEMPLATE, f"retry-{_POD_TEMPLATE}", f"{step}-{_POD_TEMPLATE}")
                return (*(f"{base}-{kind}-{number}" for kind in kinds), f"{base}-{number}")
    return ()


def _fnv1a(text: str) -> int:
    """Gives the number of 32 bits by which Argo tells nodes apart."""
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 % 2**32
    return found


def _nodes(workflow: Mapping[str, Any]) -> dict[str, Node]:
    """Gives the nodes by id; Argo packs them where they are many."""
    status = workflow.get("status", {})
    packed = status.get("compressedNodes")
    nodes = json.loads(gzip.decompress(base64.b64decode(packed))) if packed else status.get("nodes")
    return dict(nodes or {})


def _list_planned(workflow: Mapping[str, Any]) -> list[str]:
    """Names the steps that the workflow has, each after those that it waits for."""
    waits: dict[str, set[str]] = {}
    for template in workflow.get("spec", {}).get("templates", ()):
        for task in template.get("dag", {}).get("tasks", ()):
            if task["name"].endswith(_DRIVER) and task["name"] != _ROOT_DRIVER:
                name = task["name"].removesuffix(_DRIVER)
                waits[name] = set(_DEPENDENCY.findall(task.get("depends", "")))
    known = {name: {one for one in ones if one in waits} for name, ones in sorted(waits.items())}
    return list(TopologicalSorter(known).static_order())


def _message(node: Node) -> str:
    return " ".join(str(node.get("message") or "").split())


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _known(time: datetime | None) -> datetime | None:
    """Leaves out the year 1, and 1970, by which KFP says that it knows no time."""
    return time if time is not None and time.year > 1970 else None
