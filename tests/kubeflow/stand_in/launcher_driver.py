"""Resolves what a step gets, provisions what it gives, and looks for an earlier execution.

Source: kubeflow/pipelines, backend/src/v2/driver/driver.go (`Container`, `resolveInputs`,
`provisionOutputs`, `OutputMetadataFilepath`; from 2.14 in container.go and resolve.go),
driver/cache.go and cacheutils/cache.go (`GenerateCacheKey`), metadata/converter.go
(`PbValueToText`), apiserver/template/v2_template.go and argocompiler/argo.go (parameters of a run).
What differs between versions is in `launcher_versions`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from launcher_metadata import Outputs
from launcher_store import StoreError, staged_path
from launcher_versions import Kfp

Json = dict[str, Any]

_PYTHON_TYPES = {
    "STRING": str,
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


LOGS = "executor-logs"
_LOGS_SPEC = {"artifactType": {"schemaTitle": "system.Artifact"}}


@dataclass(frozen=True)
class RunContext:
    """What the steps of a run have in common.

    Attributes:
        kfp: The version.
        root: URI below which the outputs lie.
        parameters: Parameters of the run; `None` is a null.
        names: What placeholders of the run stand for, such as `pipeline_job_uuid`.
    """

    kfp: Kfp
    root: str
    parameters: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)


def as_json(message: Any) -> Json:
    """Gives a proto as JSON in camelCase."""
    result: Json = json_format.MessageToDict(message)
    return result


def run_parameters(root: Json, given: Mapping[str, Any], kfp: Kfp) -> Json:
    """Gives the parameters of a run: what was given, else the defaults.

    Args:
        root: The root component.
        given: What the person who starts the run chose.
        kfp: The version.

    Raises:
        StoreError: For an unknown parameter, one of another type, or one that is missing.
    """
    declared = root.get("inputDefinitions", {}).get("parameters", {})
    unknown = set(given) - set(declared)
    if unknown:
        raise StoreError(f"unknown parameters {sorted(unknown)}; declared {sorted(declared)}")
    values: Json = {}
    for name, spec in declared.items():
        if name in given:
            if spec["parameterType"] == "STRING" and not isinstance(given[name], str):
                raise StoreError(f"input parameter {name} requires type string")
            values[name] = _checked(name, spec["parameterType"], given[name])
        elif "defaultValue" in spec:
            values[name] = spec["defaultValue"]
        elif not spec.get("isOptional"):
            raise StoreError(f"parameter {name} is not optional, yet has neither value nor default")
        elif kfp.has_nulls:
            values[name] = None
    return values


def resolve_inputs(
    task: Json, component: Json, context: RunContext, done: Mapping[str, Outputs]
) -> Json:
    """Gives `inputs` of an ExecutorInput.

    Args:
        task: The PipelineTaskSpec.
        component: Its ComponentSpec.
        context: Of the run.
        done: What earlier tasks gave.
    """
    declared = component.get("inputDefinitions", {}).get("parameters", {})
    inputs = task.get("inputs", {})
    values: Json = {}
    for name, source in inputs.get("parameters", {}).items():
        value = _parameter(name, source, context, task["taskInfo"]["name"], done)
        if value is None and declared[name].get("isOptional"):
            continue
        if value is None:
            raise StoreError(f"the resolved input parameter is null: {name!r}")
        values[name] = _checked(name, declared[name]["parameterType"], value)
    for name, spec in declared.items():
        if name not in values and not spec.get("isOptional") and "defaultValue" not in spec:
            raise StoreError(f"neither value nor default value provided for {name!r}")
    artifacts: Json = {}
    for name, source in inputs.get("artifacts", {}).items():
        producer = source["taskOutputArtifact"]
        artifact = done[producer["producerTask"]].artifacts[producer["outputArtifactKey"]]
        artifacts[name] = {"artifacts": [artifact.runtime()]}
    return {"parameterValues": values, "artifacts": artifacts}


def provision_outputs(component: Json, context: RunContext, task_name: str, pod: Path) -> Json:
    """Gives `outputs` of an ExecutorInput.

    Args:
        component: The ComponentSpec.
        context: Of the run.
        task_name: Name of the task.
        pod: Plays `/`, which is a pod's own.
    """
    kfp = context.kfp
    declared = component.get("outputDefinitions", {})
    artifacts = dict(declared.get("artifacts", {}))
    if kfp.publishes_logs:
        artifacts[LOGS] = _LOGS_SPEC
    task_root = f"{context.root}/{task_name}"
    if kfp.salts_uris:
        task_root += f"/{uuid.uuid4()}"
    output_folder = pod / "tmp/kfp_outputs"
    if kfp.output_file_in_task_root:
        output_folder = staged_path(task_root, pod)
    return {
        "artifacts": {
            name: {"artifacts": [_provisioned(name, spec, task_root, kfp)]}
            for name, spec in artifacts.items()
        },
        "parameters": {
            name: {"outputFile": str(pod / "tmp/kfp/outputs" / name)}
            for name in declared.get("parameters", {})
        },
        "outputFile": str(output_folder / "output_metadata.json"),
    }


def _provisioned(name: str, spec: Json, task_root: str, kfp: Kfp) -> Json:
    artifact: Json = {"uri": f"{task_root}/{name}", "type": spec["artifactType"]}
    if kfp.names_outputs:
        artifact["name"] = name
    if "metadata" in spec:
        artifact["metadata"] = dict(spec["metadata"])
    return artifact


def fingerprint(
    executor_input: Json, component: Json, container: Json, claims: frozenset[str], kfp: Kfp
) -> str:
    """Digests what KFP's cache looks at: names of artifacts and values, not contents.

    Variables, resources and all else of the container are not in it.

    Args:
        executor_input: What the driver made.
        component: The ComponentSpec.
        container: The PipelineContainerSpec.
        claims: Names of the PersistentVolumeClaims that the step mounts.
        kfp: The version.
    """
    inputs, outputs = executor_input["inputs"], executor_input["outputs"]
    key = {
        "inputs": {
            name: [artifact["name"] for artifact in entry["artifacts"]]
            for name, entry in inputs["artifacts"].items()
        },
        "parameters": inputs["parameterValues"],
        "outputs": {
            name: [{k: v for k, v in artifact.items() if k != "uri"} for artifact in e["artifacts"]]
            for name, e in outputs["artifacts"].items()
        },
        "output_parameters": {
            name: spec["parameterType"]
            for name, spec in component.get("outputDefinitions", {}).get("parameters", {}).items()
        },
        "command": [*container.get("command", []), *container.get("args", [])],
        "image": container["image"],
        "claims": sorted(claims) if kfp.keys_have_claims else [],
    }
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


def _parameter(
    name: str, source: Json, context: RunContext, task_name: str, done: Mapping[str, Outputs]
) -> Any:
    if "componentInputParameter" in source:
        chosen = source["componentInputParameter"]
        if chosen not in context.parameters:
            raise StoreError(f"parent DAG does not have input parameter {chosen}")
        return context.parameters[chosen]
    if "taskOutputParameter" in source:
        producer = source["taskOutputParameter"]
        return done[producer["producerTask"]].parameters[producer["outputParameterKey"]]
    if "constant" in source.get("runtimeValue", {}):
        constant = source["runtimeValue"]["constant"]
        names = {**context.names, "pipeline_task_name": task_name}
        for placeholder in context.kfp.job_placeholders:
            if constant == f"{{{{$.{placeholder}}}}}":
                return names[placeholder]
        return constant
    raise StoreError(f"parameter {name!r}: {source} is not implemented")


def _checked(name: str, kind: str, value: Any) -> Any:
    """Holds a value against its type; anything becomes a string where one is asked for."""
    if kind == "STRING" and not isinstance(value, str):
        return as_text(value)
    is_number = kind.startswith("NUMBER")
    if not isinstance(value, _PYTHON_TYPES[kind]) or (is_number and isinstance(value, bool)):
        raise StoreError(f"input parameter {name!r} type mismatch: expect {kind}, got {value!r}")
    return value


def as_text(value: Any) -> str:
    """Writes a parameter's value as KFP does in commands and for strings."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else f"{Decimal(repr(value)):f}"
    return json_text(value)


def json_text(value: Any) -> str:
    """Writes JSON as Go does: numbers that are whole, as whole numbers."""
    return json.dumps(_whole(value), ensure_ascii=False, separators=(",", ":"))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    return value
