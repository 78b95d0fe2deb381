"""Outputs of steps, as a package declares them: a little differently from TFX.

- Up to 2.16.1, KFP's launcher downloads all whose name begins with that of an artifact: with
  `model`, `model_run` beside it. So no output's name is the beginning of another's.
- Evaluator has a further output, `metrics`, of KFP's type `system.Metrics`: what is in its
  metadata, KFP's page shows, and compares between runs. There is no file.

In the step, `kubeflow.step.outputs` translates back.

Source: kubeflow/pipelines, objectstore/object_store.go (`DownloadBlob`),
frontend/src/components/viewers (`MetricsVisualizations.tsx`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from kubeflow.step.outputs import METRICS_TYPE, RENAMED_OUTPUTS, TASK_NAME, Json, rename

_EVALUATOR = "Evaluator"


def finish(spec: Json, task: str = "") -> None:
    """Makes the outputs of a package's steps what KFP can deal with.

    Args:
        spec: The PipelineSpec; changed in place.
        task: Name of the task whose pipeline it is, if it is one's.
    """
    for name in spec["components"]:
        _make_distinct(spec, name)
    if task and _EVALUATOR in spec["components"]:
        _outputs(spec, _EVALUATOR)["metrics"] = {"artifactType": dict(METRICS_TYPE)}
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


def _make_distinct(spec: Json, component: str) -> None:
    """Renames outputs of a component, and says so to whoever reads them."""
    outputs = _outputs(spec, component)
    names = distinct_names(outputs)
    if not names:
        return
    changed = rename(outputs, names)
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
