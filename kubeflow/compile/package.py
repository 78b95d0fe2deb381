"""A compiled pipeline: what KFP 2's API takes, as YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes what is in several places in each of them, without YAML's references."""

    def ignore_aliases(self, data: Any) -> bool:
        """Says that nothing is referred to."""
        return True


@dataclass(frozen=True, kw_only=True)
class Package:
    """A compiled pipeline.

    Attributes:
        spec: The PipelineSpec, schema 2.1, as plain values.
        platform: What only Kubernetes knows: `platforms.kubernetes…`; empty where nothing is set.
    """

    spec: dict[str, Any]
    platform: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return str(self.spec["pipelineInfo"]["name"])

    @property
    def steps(self) -> list[str]:
        """Names of the steps, each after those that it waits for."""
        tasks = self.spec["root"]["dag"]["tasks"]
        waiting = {
            name: {
                *task.get("dependentTasks", []),
                *(
                    entry["taskOutputArtifact"]["producerTask"]
                    for entry in task.get("inputs", {}).get("artifacts", {}).values()
                    if "taskOutputArtifact" in entry
                ),
            }
            for name, task in tasks.items()
        }
        ordered: list[str] = []
        while waiting:
            ready = sorted(name for name, needs in waiting.items() if needs <= set(ordered))
            ordered += ready
            waiting = {name: needs for name, needs in waiting.items() if name not in ready}
        return ordered

    @property
    def parameters(self) -> dict[str, Any]:
        """Runtime parameters with their defaults."""
        declared = self.spec["root"].get("inputDefinitions", {}).get("parameters", {})
        return {name: entry.get("defaultValue") for name, entry in declared.items()}

    @property
    def images(self) -> list[str]:
        """Container images of the steps."""
        executors = self.spec["deploymentSpec"]["executors"].values()
        return sorted({each["container"]["image"] for each in executors if "container" in each})

    def text(self) -> str:
        """Gives the package as YAML, one document or two, the same each time."""
        documents = [self.spec, self.platform] if self.platform else [self.spec]
        options: dict[str, Any] = {"sort_keys": True, "allow_unicode": True, "width": 10**6}
        return str(yaml.dump_all(documents, Dumper=_Dumper, **options))

    def write(self, path: Path) -> None:
        """Writes the package.

        Args:
            path: The file; its folder is made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(), encoding="utf-8")
