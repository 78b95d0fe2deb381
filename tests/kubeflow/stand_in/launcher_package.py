"""Reads a package as KFP's API server and compiler do.

Source: kubeflow/pipelines, backend/src/apiserver/template/v2_template.go (`NewV2SpecTemplate`),
backend/src/v2/compiler/argocompiler/dag.go (`addImplicitDependencies`), container.go
(`getTaskRetryStrategy`), backend/src/v2/driver/k8s.go (`makeVolumeMountPatch`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from launcher_driver import as_json
from launcher_store import StoreError
from launcher_versions import Kfp

Json = dict[str, Any]


@dataclass(frozen=True)
class Package:
    """A package as KFP reads it.

    Attributes:
        spec: The PipelineSpec.
        claims: Names of the PersistentVolumeClaims that steps mount, by label of their executor.
    """

    spec: Json
    claims: Mapping[str, frozenset[str]]


def load(path: Path) -> Package:
    """Reads a package: a PipelineSpec of a schema that KFP knows, and what Kubernetes is told.

    Raises:
        StoreError: For another schema version, or for what KFP or this stand-in does not run.
    """
    document, *others = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    message = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
    spec = as_json(message)
    if spec.get("schemaVersion") != "2.1.0":
        raise StoreError(f"KFP 2 takes schema 2.1.0 only, found {spec.get('schemaVersion')!r}")
    for label, executor in spec["deploymentSpec"]["executors"].items():
        if not set(executor) & {"container", "importer"}:
            raise StoreError(f"executors of {label} not implemented: {sorted(executor)}")
    for name, task in spec["root"]["dag"]["tasks"].items():
        left_out = set(task) & {"parameterIterator", "artifactIterator"}
        strategy = task.get("triggerPolicy", {}).get("strategy")
        component = spec["components"][task["componentRef"]["name"]]
        if left_out or "dag" in component or strategy == "ALL_UPSTREAM_TASKS_COMPLETED":
            raise StoreError(f"task {name} has what the stand-in does not run: {left_out}")
    return Package(spec, _claims(others[0] if others else {}))


def dependencies(task: Json) -> set[str]:
    """Gives the tasks that must succeed before this one: named, or producers of its inputs."""
    inputs = task.get("inputs", {})
    producers = {
        source[kind]["producerTask"]
        for group, kind in (
            ("artifacts", "taskOutputArtifact"),
            ("parameters", "taskOutputParameter"),
        )
        for source in inputs.get(group, {}).values()
        if kind in source
    }
    return producers | set(task.get("dependentTasks", []))


def retries(task: Json, kfp: Kfp) -> int:
    """Says how often a task is tried again."""
    return int(task.get("retryPolicy", {}).get("maxRetryCount", 0)) if kfp.retries else 0


def _claims(platform: Json) -> dict[str, frozenset[str]]:
    kubernetes = platform.get("platforms", {}).get("kubernetes", {})
    return {
        label: frozenset(map(_claim, executor.get("pvcMount", [])))
        for label, executor in kubernetes.get("deploymentSpec", {}).get("executors", {}).items()
    }


def _claim(mount: Json) -> str:
    """Gives the name of a claim: the older field, or the newer one that may be a parameter too."""
    if "constant" in mount:
        return str(mount["constant"])
    return str(mount["pvcNameParameter"]["runtimeValue"]["constant"])
