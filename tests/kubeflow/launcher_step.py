"""Runs the container of a step as a process, as KFP's launcher does in a pod.

Source: kubeflow/pipelines, backend/src/v2/component/launcher_v2.go (`executeV2`, `execute`,
`downloadArtifacts`, `getPlaceholders`, `prepareOutputFolders`, `collectOutputParameters`,
`uploadOutputArtifacts`, `mergeRuntimeArtifacts`, `addDefaultParams`), metadata/converter.go
(`TextToPbValue`).
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from launcher_driver import as_json, as_text, json_text
from launcher_metadata import Metadata, Outputs
from launcher_store import ObjectStore, staged_path

Json = dict[str, Any]
STAGING_VARIABLE = "LIANXI_STAGING_ROOT"


class StepFailed(Exception):
    """The process of a step ended with another code than 0."""


def run_step(
    executor_input: Json,
    component: Json,
    container: Json,
    pod: Path,
    store: ObjectStore,
    metadata: Metadata,
) -> Outputs:
    """Stages the inputs, runs the command, uploads and records the outputs.

    Args:
        executor_input: What the driver made.
        component: The ComponentSpec.
        container: The PipelineContainerSpec.
        pod: An empty folder that plays the pod's file system.
        store: The object store.
        metadata: Takes in the outputs.

    Raises:
        StepFailed: With the end of what the process said.
        StoreError: Where KFP's launcher would give up.
    """
    for entry in executor_input["inputs"]["artifacts"].values():
        uri = entry["artifacts"][0]["uri"]
        store.download(uri, staged_path(uri, pod))
    for parameter in executor_input["outputs"]["parameters"].values():
        Path(parameter["outputFile"]).parent.mkdir(parents=True, exist_ok=True)
    for entry in executor_input["outputs"]["artifacts"].values():
        staged_path(entry["artifacts"][0]["uri"], pod).parent.mkdir(parents=True, exist_ok=True)
    known = placeholders(_with_defaults(executor_input, component), pod)
    command = [
        _substituted(argument, known)
        for argument in (*container.get("command", []), *container.get("args", []))
    ]
    _execute(command, container, pod)
    output = _output_metadata(Path(executor_input["outputs"]["outputFile"]))
    parameters = _output_parameters(executor_input, output, component)
    artifacts = {}
    for name, entry in executor_input["outputs"]["artifacts"].items():
        merged = copy.deepcopy(entry["artifacts"][0])
        for given in output.get("artifacts", {}).get(name, {}).get("artifacts", [])[:1]:
            merged["uri"] = given.get("uri") or merged["uri"]
            merged["metadata"] |= given.get("metadata", {})
        store.upload(staged_path(merged["uri"], pod), merged["uri"])
        artifacts[name] = metadata.record(name, merged)
    return Outputs(artifacts, parameters)


def placeholders(executor_input: Json, pod: Path) -> dict[str, str]:
    """Gives what KFP's launcher puts in the place of each placeholder."""
    known = {"{{$}}": json_text(executor_input)}
    for side in ("inputs", "outputs"):
        for name, entry in executor_input[side]["artifacts"].items():
            uri = entry["artifacts"][0]["uri"]
            known[f"{{{{$.{side}.artifacts['{name}'].uri}}}}"] = uri
            known[f"{{{{$.{side}.artifacts['{name}'].path}}}}"] = str(staged_path(uri, pod))
    for name, value in executor_input["inputs"]["parameterValues"].items():
        known[f"{{{{$.inputs.parameters['{name}']}}}}"] = as_text(value)
    for name, parameter in executor_input["outputs"]["parameters"].items():
        known[f"{{{{$.outputs.parameters['{name}'].output_file}}}}"] = parameter["outputFile"]
    return known


def _substituted(argument: str, known: dict[str, str]) -> str:
    for placeholder, value in known.items():
        argument = argument.replace(placeholder, value)
    return argument


def _execute(command: list[str], container: Json, pod: Path) -> None:
    """Runs a command in an empty working folder, with the environment of the container alone."""
    work = pod / "work"
    work.mkdir()
    home = pod / "home"
    home.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        STAGING_VARIABLE: str(pod),
        **{variable["name"]: variable.get("value", "") for variable in container.get("env", [])},
    }
    with (pod / "log").open("w", encoding="utf-8") as log:
        process = subprocess.run(
            command, cwd=work, env=environment, stdout=log, stderr=log, check=False
        )
    if process.returncode:
        said = (pod / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise StepFailed(said[-1] if said else f"exit code {process.returncode}")


def _output_metadata(path: Path) -> Json:
    """Reads the ExecutorOutput that the step wrote; a field of another name is an error."""
    if not path.is_file():
        return {}
    message = json_format.Parse(path.read_text("utf-8"), pipeline_spec_pb2.ExecutorOutput())
    return as_json(message)


def _output_parameters(executor_input: Json, output: Json, component: Json) -> Json:
    values: Json = dict(output.get("parameterValues", {}))
    for name, parameter in executor_input["outputs"]["parameters"].items():
        if name not in values:
            kind = component["outputDefinitions"]["parameters"][name]["parameterType"]
            text = Path(parameter["outputFile"]).read_text(encoding="utf-8")
            values[name] = text if kind == "STRING" else json.loads(text.strip())
    return values


def _with_defaults(executor_input: Json, component: Json) -> Json:
    result = copy.deepcopy(executor_input)
    for name, spec in component.get("inputDefinitions", {}).get("parameters", {}).items():
        if "defaultValue" in spec:
            result["inputs"]["parameterValues"].setdefault(name, spec["defaultValue"])
    return result
