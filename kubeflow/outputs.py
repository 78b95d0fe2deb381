"""Outputs of steps, as KFP sees them.

A package declares them a little differently from TFX, and the entrypoint translates:

- Up to 2.16.1, KFP's launcher downloads all whose name begins with that of an artifact: with
  `model`, `model_run` beside it. So no output's name is the beginning of another's.
- Evaluator has a further output, `metrics`, of KFP's type `system.Metrics`: what is in its
  metadata, KFP's page shows, and compares between runs. There is no file.

Source: kubeflow/pipelines, backend/src/v2/driver/driver.go (`provisionOutputs`),
objectstore/object_store.go (`DownloadBlob`), frontend/src/components/viewers
(`MetricsVisualizations.tsx`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

Json = dict[str, Any]

RENAMED_OUTPUTS = "--renamed_outputs"
"""Argument of the entrypoint: a package's names of outputs to TFX's, as JSON."""
TASK_NAME = "--task_name"
"""Argument of the entrypoint: the task whose metrics Evaluator measures."""

_OF_KFP = "system."
_METRICS = {"schemaTitle": "system.Metrics", "schemaVersion": "0.0.1"}
_EVALUATOR = "Evaluator"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_of_kfp(entry: Json) -> bool:
    """Tells whether an output has a type of KFP's own, which TFX does not know.

    Args:
        entry: The list of artifacts of an output.
    """
    titles = []
    for artifact in entry.get("artifacts", []):
        kind = artifact.get("type", {})
        schema = yaml.safe_load(kind.get("instanceSchema") or "{}")
        titles.append(kind.get("schemaTitle") or schema.get("title", ""))
    return any(title.startswith(_OF_KFP) for title in titles)


def task_name(executor_input: Json) -> str:
    """Gives the name of the task, which the driver puts into the URIs of outputs.

    Args:
        executor_input: What the launcher gave.

    Returns:
        The folder before the output's; before the run's random one, where there is one, which KFP
        2.0 does not have. Empty without outputs.
    """
    for entry in executor_input.get("outputs", {}).get("artifacts", {}).values():
        *folders, _ = entry["artifacts"][0]["uri"].rstrip("/").split("/")
        while folders and _UUID.fullmatch(folders[-1]):
            folders.pop()
        return folders[-1] if folders else ""
    return ""


def finish(spec: Json, task: str = "") -> None:
    """Makes the outputs of a package's steps what KFP can deal with.

    Args:
        spec: The PipelineSpec; changed in place.
        task: Name of the task whose pipeline it is, if it is one's.
    """
    for name in spec["components"]:
        _make_distinct(spec, name)
    if task and _EVALUATOR in spec["components"]:
        _outputs(spec, _EVALUATOR)["metrics"] = {"artifactType": dict(_METRICS)}
        _arguments(spec, _EVALUATOR).extend([TASK_NAME, task])


def distinct_names(names: Iterable[str]) -> dict[str, str]:
    """Finds other names for those that begin with another.

    Args:
        names: Of the outputs of a step.

    Returns:
        Old to new name, for those that change: `model_run` beside `model` becomes `run_of_model`.
    """
    known = set(names)
    changed: dict[str, str] = {}
    for name in sorted(known):
        beginnings = [other for other in known if other != name and name.startswith(other)]
        if not beginnings:
            continue
        beginning = max(beginnings, key=len)
        new = f"{name.removeprefix(beginning).strip('_-')}_of_{beginning}"
        others = known - {name} | set(changed.values())
        while any(new.startswith(other) or other.startswith(new) for other in others):
            new = f"the_{new}"
        changed[name] = new
    return changed


def renamed(entries: Mapping[str, Json], names: Mapping[str, str]) -> Json:
    """Gives outputs other names.

    Args:
        entries: Outputs by name.
        names: Old to new name, for those that change.
    """
    return {names.get(name, name): entry for name, entry in entries.items()}


def with_metrics(executor_output: Json, executor_input: Json, numbers: Mapping[str, float]) -> Json:
    """Puts numbers into the output that is for metrics.

    Args:
        executor_output: What goes to the launcher.
        executor_input: What the launcher had given.
        numbers: By name.

    Returns:
        A copy, the same where there is no such output.
    """
    artifacts = dict(executor_output.get("artifacts", {}))
    for name, entry in executor_input.get("outputs", {}).get("artifacts", {}).items():
        [artifact] = entry["artifacts"]
        if artifact.get("type", {}).get("schemaTitle") == _METRICS["schemaTitle"]:
            filled = {"uri": artifact["uri"], "metadata": dict(numbers)}
            artifacts[name] = {"artifacts": [filled]}
    return executor_output | {"artifacts": artifacts}


def _make_distinct(spec: Json, component: str) -> None:
    """Renames outputs of a component, and says so to whoever reads them."""
    outputs = _outputs(spec, component)
    names = distinct_names(outputs)
    if not names:
        return
    changed = renamed(outputs, names)
    outputs.clear()
    outputs.update(changed)
    tasks = spec["root"]["dag"]["tasks"]
    producers = {name for name, task in tasks.items() if task["componentRef"]["name"] == component}
    for task in tasks.values():
        for entry in task.get("inputs", {}).get("artifacts", {}).values():
            source = entry.get("taskOutputArtifact", {})
            if source.get("producerTask") in producers:
                key = source["outputArtifactKey"]
                source["outputArtifactKey"] = names.get(key, key)
    back = json.dumps({new: old for old, new in names.items()}, sort_keys=True)
    _arguments(spec, component).extend([RENAMED_OUTPUTS, back])


def _outputs(spec: Json, component: str) -> Json:
    declared: Json = spec["components"][component].get("outputDefinitions", {}).get("artifacts", {})
    return declared


def _arguments(spec: Json, component: str) -> list[str]:
    label = spec["components"][component]["executorLabel"]
    arguments: list[str] = spec["deploymentSpec"]["executors"][label]["container"]["args"]
    return arguments
