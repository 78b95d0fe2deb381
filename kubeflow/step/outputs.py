"""Outputs of a step, between the names and types of the package and those of TFX.

`kubeflow.compile.declared_outputs` says how and why a package declares them differently.

Source: kubeflow/pipelines, backend/src/v2/driver/driver.go (`provisionOutputs`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

Json = dict[str, Any]

RENAMED_OUTPUTS = "--renamed_outputs"
"""Argument of the entrypoint: a package's names of outputs to TFX's, as JSON."""
TASK_NAME = "--task_name"
"""Argument of the entrypoint: the task whose metrics Evaluator measures."""

METRICS_TYPE = {"schemaTitle": "system.Metrics", "schemaVersion": "0.0.1"}
"""KFP's type of an output that holds metrics."""

_OF_KFP = "system."
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


def rename(entries: Mapping[str, Json], names: Mapping[str, str]) -> Json:
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
        if artifact.get("type", {}).get("schemaTitle") == METRICS_TYPE["schemaTitle"]:
            filled = {"uri": artifact["uri"], "metadata": dict(numbers)}
            artifacts[name] = {"artifacts": [filled]}
    return executor_output | {"artifacts": artifacts}
