"""Runs the container of a step as a process, as KFP's launcher does in a pod.

Source: kubeflow/pipelines, backend/src/v2/component/launcher_v2.go (`executeV2`, `execute`,
`downloadArtifacts`, `getPlaceholders`, `prepareOutputFolders`, `collectOutputParameters`,
`uploadOutputArtifacts`, `mergeRuntimeArtifacts`, `addDefaultParams`, `getLogWriter`),
metadata/converter.go (`TextToPbValue`). What differs between versions is in `launcher_versions`.
"""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import launcher_process
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from launcher_driver import LOGS, RunContext, as_json, as_text, json_text
from launcher_metadata import Artifact, Metadata, Outputs
from launcher_process import Execute
from launcher_store import SCHEMES, ObjectStore, check_belongs, staged_path

Json = dict[str, Any]
STAGING_VARIABLE = "LIANXI_STAGING_ROOT"


class StepFailed(Exception):
    """The process of a step ended with another code than 0."""


@dataclass(frozen=True)
class Step:
    """What the launcher of a step is told.

    Attributes:
        executor_input: What the driver made.
        component: The ComponentSpec.
        container: The PipelineContainerSpec.
        context: Of the run.
        attempt: How often it was tried before.
    """

    executor_input: Json
    component: Json
    container: Json
    context: RunContext
    attempt: int = 0


def run_step(
    step: Step,
    pod: Path,
    store: ObjectStore,
    metadata: Metadata,
    execute: Execute = launcher_process.fresh,
) -> Outputs:
    """Stages the inputs, runs the command, uploads and records the outputs.

    Args:
        step: What to do.
        pod: An empty folder that plays the pod's file system.
        store: The object store.
        metadata: Takes in the outputs.
        execute: Runs the command.

    Raises:
        StepFailed: With the end of what the process said.
        StoreError: Where KFP's launcher would give up.
    """
    kfp = step.context.kfp
    executor_input = copy.deepcopy(step.executor_input)
    artifacts = executor_input["outputs"]["artifacts"]
    if kfp.numbers_logs:
        [logs] = artifacts[LOGS]["artifacts"]
        logs["uri"] += f"-{step.attempt}"
    for entry in executor_input["inputs"]["artifacts"].values():
        uri = entry["artifacts"][0]["uri"]
        store.download(uri, staged_path(uri, pod), kfp.downloads_namesakes)
    for parameter in executor_input["outputs"]["parameters"].values():
        Path(parameter["outputFile"]).parent.mkdir(parents=True, exist_ok=True)
    for entry in artifacts.values():
        staged_path(entry["artifacts"][0]["uri"], pod).parent.mkdir(parents=True, exist_ok=True)
    log = pod / "log"
    log.touch()
    if LOGS in artifacts:
        # One file with two names: what the step says is in both at any time.
        os.link(log, staged_path(artifacts[LOGS]["artifacts"][0]["uri"], pod))
    try:
        _execute(_command(step, executor_input, pod), step.container, pod, log, execute)
    except StepFailed:
        if kfp.keeps_logs_of_failures and LOGS in artifacts:
            _upload({LOGS: artifacts[LOGS]}, {}, step.context.root, pod, store, metadata)
        raise
    output = _output_metadata(Path(executor_input["outputs"]["outputFile"]))
    parameters = _output_parameters(executor_input, output, step.component)
    return Outputs(_upload(artifacts, output, step.context.root, pod, store, metadata), parameters)


def _upload(
    declared: Json, output: Json, root: str, pod: Path, store: ObjectStore, metadata: Metadata
) -> dict[str, Artifact]:
    """Uploads and records outputs; one that the step did not make is recorded nevertheless."""
    artifacts = {}
    for name, entry in declared.items():
        merged = copy.deepcopy(entry["artifacts"][0])
        for given in output.get("artifacts", {}).get(name, {}).get("artifacts", [])[:1]:
            merged["uri"] = given.get("uri") or merged["uri"]
            merged["metadata"] = {**merged.get("metadata", {}), **given.get("metadata", {})}
        if merged["uri"].startswith(SCHEMES):
            check_belongs(merged["uri"], root)
            try:
                store.upload(staged_path(merged["uri"], pod), merged["uri"])
            except FileNotFoundError:
                if name == LOGS and metadata.kfp.keeps_logs_of_failures:
                    continue
        artifacts[name] = metadata.record(name, merged)
    return artifacts


def _command(step: Step, executor_input: Json, pod: Path) -> list[str]:
    """Gives the command with values in the place of placeholders."""
    known = placeholders(_with_defaults(executor_input, step.component), pod)
    program, *arguments = [*step.container.get("command", []), *step.container.get("args", [])]
    of_program = known
    if not step.context.kfp.program_has_placeholders:
        of_program = {"{{$}}": known["{{$}}"]}
    return [
        _substituted(program, of_program),
        *(_substituted(argument, known) for argument in arguments),
    ]


def placeholders(executor_input: Json, pod: Path) -> dict[str, str]:
    """Gives what KFP's launcher puts in the place of each placeholder."""
    known = {"{{$}}": json_text(_without_empty_maps(executor_input))}
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


def _without_empty_maps(executor_input: Json) -> Json:
    """Leaves out what protojson leaves out, so a step cannot count on such a key."""
    return {
        side: {key: value for key, value in holder.items() if value}
        for side, holder in executor_input.items()
    }


def _substituted(argument: str, known: dict[str, str]) -> str:
    for placeholder, value in known.items():
        argument = argument.replace(placeholder, value)
    return argument


def _execute(command: list[str], container: Json, pod: Path, log: Path, execute: Execute) -> None:
    """Runs a command in an empty working folder, with the environment of the container alone."""
    work = pod / "work"
    work.mkdir()
    home = pod / "home"
    home.mkdir()
    variables = {each["name"]: each.get("value", "") for each in container.get("env", [])}
    environment = {**launcher_process.IMAGE, **variables}
    try:
        code = execute(
            command, work, environment, {"HOME": str(home), STAGING_VARIABLE: str(pod)}, log
        )
    except FileNotFoundError as error:
        raise StepFailed(f'exec: "{command[0]}": executable file not found in $PATH') from error
    if code:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise StepFailed(said[-1] if said else f"exit code {code}")


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
