"""Reads packages as strictly as KFP's protos allow; run in an environment of the newest kfp alone.

    python tests/kubeflow/compile/kfp_newest.py PACKAGE.yaml … [--write-platform CONFIG.yaml STEP …]

Writes JSON: what is in each package by its path, or what the newest kfp-kubernetes makes of a
configuration by step. Ends with a trace where something is not as it must be.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp import components
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

SCHEMA_VERSION = "2.1.0"


def read(path: Path) -> dict[str, Any]:
    """Parses a package, no field of which may be unknown, and loads it as a component.

    Args:
        path: The package, one document or two.

    Returns:
        Counts and names of what is in it.
    """
    spec_document, *others = yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader)
    spec = json_format.ParseDict(spec_document, pipeline_spec_pb2.PipelineSpec())
    assert spec.schema_version == SCHEMA_VERSION, spec.schema_version
    deployment = json_format.ParseDict(
        json_format.MessageToDict(spec.deployment_spec),
        pipeline_spec_pb2.PipelineDeploymentConfig(),
    )
    for label, executor in deployment.executors.items():
        assert executor.WhichOneof("spec") == "container", label
        assert executor.container.image and executor.container.command, label
    kubernetes = _read_platform(others[0]) if others else {}
    assert set(kubernetes) <= set(deployment.executors), path
    loaded = components.load_component_from_file(str(path))
    assert loaded.pipeline_spec == spec
    has_platform = bool(loaded.platform_spec.ByteSize())
    assert has_platform == bool(kubernetes)
    return {
        "name": loaded.name,
        "steps": sorted(spec.root.dag.tasks),
        "executors": len(deployment.executors),
        "kubernetes": len(kubernetes),
        "inputs": sorted(loaded.component_spec.inputs or {}),
        "retried": sum(task.HasField("retry_policy") for task in spec.root.dag.tasks.values()),
    }


def _read_platform(document: dict[str, Any]) -> dict[str, Any]:
    """Parses the second document; gives the KubernetesExecutorConfig of each executor."""
    platform = json_format.ParseDict(document, pipeline_spec_pb2.PlatformSpec())
    assert set(platform.platforms) == {"kubernetes"}, sorted(platform.platforms)
    executors = platform.platforms["kubernetes"].deployment_spec.executors
    return {
        label: json_format.ParseDict(
            json_format.MessageToDict(config),
            kubernetes_executor_config_pb2.KubernetesExecutorConfig(),
        )
        for label, config in executors.items()
    }


def main() -> None:
    """Reads packages, or writes platform configurations, as the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packages", nargs="*", type=Path)
    parser.add_argument("--write-platform", nargs="+", default=[], metavar="CONFIG STEP")
    args = parser.parse_args()
    if args.write_platform:
        from kubeflow.compile.config import load
        from kubeflow.compile.platform import step_config

        config, *steps = args.write_platform
        told = {step: step_config(load(config), step) for step in steps}
    else:
        told = {str(path): read(path) for path in args.packages}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
