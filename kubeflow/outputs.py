"""Outputs of steps, as KFP sees them.

Source: kubeflow/pipelines, backend/src/v2/driver/driver.go (`provisionOutputs`).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

Json = dict[str, Any]

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
