"""A stand-in for a cluster with KFP 2: runs a compiled package, each step a process of its own.

It does what KFP's compiler, driver and launcher do with a package, on one machine, with a folder
in the place of the object store. From kubeflow/pipelines it takes:

- order by `dependentTasks` and by producers of inputs: backend/src/v2/compiler/argocompiler/dag.go
  (`addImplicitDependencies`); a resolver is refused there;
- what a package must be: backend/src/apiserver/template/v2_template.go (`NewV2SpecTemplate`);
- parameters of the run, constants, outputs of tasks, with their types; output URIs; the cache key:
  `launcher_driver`;
- conditions: `launcher_condition`;
- staging, placeholders, the process, output metadata, upload: `launcher_step`, `launcher_store`;
- what becomes of artifacts and their metadata between steps: `launcher_metadata`;
- importers: backend/src/v2/component/importer_launcher.go.

It leaves out: images (the command runs in the installed environment, in an empty folder with the
container's own variables); resources, accelerators, volumes, secrets and all of the package's
Kubernetes part; steps at the same time; retries, exit handlers, loops, nested DAGs and final
statuses (a package with them is refused); several artifacts under one name; placeholders of the
job (`{{$.pipeline_job_name}}` and the like); `oci://`; names of volumes in the cache key; logs as
artifacts. `/` of a pod is a folder that LIANXI_STAGING_ROOT names, and the output metadata lies
below it, not in `/tmp/kfp_outputs`.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from launcher_condition import holds
from launcher_driver import (
    as_json,
    fingerprint,
    provision_outputs,
    resolve_inputs,
    run_parameters,
)
from launcher_metadata import Metadata, Outputs
from launcher_step import StepFailed, run_step
from launcher_store import ObjectStore, StoreError

Json = dict[str, Any]


@dataclass
class Run:
    """What came of a run.

    Attributes:
        states: `succeeded`, `cached`, `failed`, `skipped` (its condition) or `omitted` (an earlier
            step did not succeed), by task.
        outputs: What the tasks gave.
        errors: Last line of a failed step's log, by task.
        seconds: How long each step took.
        logs: What each step wrote.
    """

    states: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Outputs] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether no step failed."""
        return "failed" not in self.states.values()


class Cluster:
    """Object store, metadata and cache, which outlive a run."""

    def __init__(
        self, folder: Path, pipeline_root: str = "minio://mlpipeline/v2/artifacts"
    ) -> None:
        self.folder = folder
        self.pipeline_root = pipeline_root
        self.store = ObjectStore(folder / "store")
        self.metadata = Metadata()

    def run(self, package: Path, parameters: Mapping[str, Any] | None = None) -> Run:
        """Runs a compiled package.

        Args:
            package: A PipelineSpec in YAML, with or without a second document for Kubernetes.
            parameters: Parameters of the run.

        Raises:
            StoreError: For a package or parameters that KFP would refuse.
        """
        spec = load(package)
        values = run_parameters(spec["root"], parameters or {})
        name = spec["pipelineInfo"]["name"]
        root = f"{self.pipeline_root}/{name}/{uuid.uuid4()}"
        tasks = spec["root"]["dag"]["tasks"]
        result = Run()
        for task_name in order(tasks):
            before = dependencies(tasks[task_name])
            if any(result.states[task] not in ("succeeded", "cached") for task in before):
                result.states[task_name] = "omitted"
                continue
            started = time.monotonic()
            try:
                state = self._task(spec, tasks[task_name], task_name, values, root, result)
            except (StepFailed, StoreError) as error:
                state = "failed"
                result.errors[task_name] = str(error)
            result.states[task_name] = state
            result.seconds[task_name] = time.monotonic() - started
        return result

    def _task(
        self, spec: Json, task: Json, task_name: str, values: Json, root: str, result: Run
    ) -> str:
        component = spec["components"][task["componentRef"]["name"]]
        executor = spec["deploymentSpec"]["executors"][component["executorLabel"]]
        inputs = resolve_inputs(task, component, values, result.outputs)
        condition = task.get("triggerPolicy", {}).get("condition")
        if condition and not holds(condition, inputs):
            return "skipped"
        if "importer" in executor:
            result.outputs[task_name] = self._import(executor["importer"], component, inputs)
            return "succeeded"
        container = executor["container"]
        pod = self.folder / "pods" / f"{task_name}-{uuid.uuid4().hex[:8]}"
        executor_input = {
            "inputs": inputs,
            "outputs": provision_outputs(component, root, task["taskInfo"]["name"], pod),
        }
        has_cache = task.get("cachingOptions", {}).get("enableCache", False)
        print_of_step = fingerprint(executor_input, component, container)
        key = (spec["pipelineInfo"]["name"], print_of_step)
        if has_cache and key in self.metadata.cache:
            result.outputs[task_name] = self.metadata.cache[key]
            return "cached"
        pod.mkdir(parents=True)
        try:
            outputs = run_step(executor_input, component, container, pod, self.store, self.metadata)
        finally:
            log = pod / "log"
            if log.is_file():
                result.logs[task_name] = log.read_text(encoding="utf-8", errors="replace")
            # A pod's files are gone with it: what later steps read is in the object store.
            shutil.rmtree(pod)
        if has_cache:
            self.metadata.cache[key] = outputs
        result.outputs[task_name] = outputs
        return "succeeded"

    def _import(self, importer: Json, component: Json, inputs: Json) -> Outputs:
        [name] = component["outputDefinitions"]["artifacts"]
        uri = importer["artifactUri"]
        artifact = {
            "uri": uri["constant"]
            if "constant" in uri
            else inputs["parameterValues"][uri["runtimeParameter"]],
            "type": importer["typeSchema"],
            "metadata": importer.get("metadata", {}),
        }
        kept = self.metadata.imported(name, artifact, importer.get("reimport", False))
        return Outputs({name: kept}, {})


def load(package: Path) -> Json:
    """Reads a package as KFP's API server does: a PipelineSpec of a schema that it knows.

    Raises:
        StoreError: For another schema version, or for what KFP or this stand-in does not run.
    """
    document, *_ = yaml.safe_load_all(package.read_text(encoding="utf-8"))
    message = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
    spec = as_json(message)
    if spec.get("schemaVersion") != "2.1.0":
        raise StoreError(f"KFP 2 takes schema 2.1.0 only, found {spec.get('schemaVersion')!r}")
    for label, executor in spec["deploymentSpec"]["executors"].items():
        if not set(executor) & {"container", "importer"}:
            raise StoreError(f"executors of {label} not implemented: {sorted(executor)}")
    for name, task in spec["root"]["dag"]["tasks"].items():
        left_out = set(task) & {"parameterIterator", "artifactIterator", "retryPolicy"}
        strategy = task.get("triggerPolicy", {}).get("strategy")
        component = spec["components"][task["componentRef"]["name"]]
        if left_out or "dag" in component or strategy == "ALL_UPSTREAM_TASKS_COMPLETED":
            raise StoreError(f"task {name} has what the stand-in does not run: {left_out}")
    return spec


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


def order(tasks: Mapping[str, Json]) -> list[str]:
    """Gives the tasks in an order that their dependencies allow."""
    graph = {name: sorted(dependencies(task)) for name, task in sorted(tasks.items())}
    return list(TopologicalSorter(graph).static_order())
