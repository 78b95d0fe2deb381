"""Tiny packages for the stand-in: steps that are one line of Python each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
TYPE = {"instanceSchema": "title: tfx.Model\ntype: object\n"}


def step(
    code: str,
    *arguments: str,
    inputs: Json | None = None,
    artifacts: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    output_parameters: Json | None = None,
    after: tuple[str, ...] = (),
    condition: str = "",
    cache: bool = False,
) -> Json:
    """Describes a step.

    Args:
        code: Python, run with `-c`.
        arguments: Its arguments, with placeholders.
        inputs: Sources of input parameters by name, each with its `type`.
        artifacts: Input artifacts, as `producer.key`; the key is the name of the input.
        outputs: Names of output artifacts.
        output_parameters: Types of output parameters by name.
        after: Tasks to wait for.
        condition: Trigger condition.
        cache: Whether the cache may answer.
    """
    given = inputs or {}
    return {
        "component": {
            "inputDefinitions": {
                "parameters": {
                    name: {"parameterType": source["type"]} for name, source in given.items()
                },
                "artifacts": {name.split(".")[1]: {"artifactType": TYPE} for name in artifacts},
            },
            "outputDefinitions": {
                "artifacts": {name: {"artifactType": TYPE} for name in outputs},
                "parameters": {
                    name: {"parameterType": kind}
                    for name, kind in (output_parameters or {}).items()
                },
            },
        },
        "container": {"image": "none", "command": ["python", "-c", code], "args": list(arguments)},
        "task": {
            "inputs": {
                "parameters": {
                    name: {key: value for key, value in source.items() if key != "type"}
                    for name, source in given.items()
                },
                "artifacts": {
                    name.split(".")[1]: {
                        "taskOutputArtifact": {
                            "producerTask": name.split(".")[0],
                            "outputArtifactKey": name.split(".")[1],
                        }
                    }
                    for name in artifacts
                },
            },
            "dependentTasks": list(after),
            "triggerPolicy": {"condition": condition} if condition else {},
            "cachingOptions": {"enableCache": cache},
        },
    }


def constant(value: Any, kind: str) -> Json:
    """Describes an input parameter that is a constant."""
    return {"type": kind, "runtimeValue": {"constant": value}}


def write_package(path: Path, steps: dict[str, Json], parameters: Json | None = None) -> Path:
    """Writes a package.

    Args:
        path: The file.
        steps: What `step` made, by name.
        parameters: ParameterSpecs of the run.
    """
    document = {
        "schemaVersion": "2.1.0",
        "pipelineInfo": {"name": "tiny"},
        "deploymentSpec": {
            "executors": {
                f"{name}_executor": {
                    key: each[key] for key in ("container", "importer") if key in each
                }
                for name, each in steps.items()
            }
        },
        "components": {
            name: each["component"] | {"executorLabel": f"{name}_executor"}
            for name, each in steps.items()
        },
        "root": {
            "inputDefinitions": {"parameters": parameters or {}},
            "dag": {
                "tasks": {
                    name: each["task"]
                    | {"taskInfo": {"name": name}, "componentRef": {"name": name}}
                    for name, each in steps.items()
                }
            },
        },
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path
