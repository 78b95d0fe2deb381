"""A stand-in for a cluster with KFP 2: runs a compiled package, each step a process of its own.

It does what KFP's compiler, driver and launcher do with a package, on one machine, with a folder
in the place of the object store, as the version does that it is told: `launcher_versions`. From
kubeflow/pipelines it takes:

- order by `dependentTasks` and by producers of inputs, at the same time what can be:
  backend/src/v2/compiler/argocompiler/dag.go (`addImplicitDependencies`, `depends`). A task whose
  condition does not hold is skipped, and what depends on it is left out, in all versions;
- retries: backend/src/v2/compiler/argocompiler/container.go (`getTaskRetryStrategy`). The driver
  is not asked again, so URIs stay; a new pod has nothing but what is in the store;
- what a package must be: `launcher_package`;
- parameters of the run, constants, outputs of tasks, with their types; output URIs; the cache,
  which is asked when the outputs are provisioned, before a pod is: `launcher_driver`;
- conditions: `launcher_condition`;
- staging, placeholders, the process, output metadata, upload: `launcher_step`, `launcher_store`;
- what becomes of artifacts and their metadata between steps: `launcher_metadata`;
- importers: backend/src/v2/component/importer_launcher.go.

It leaves out: images (the command runs in the installed environment, in an empty folder with the
container's own variables); resources, accelerators, volumes, secrets and all else of the package's
Kubernetes part but the names of claims; the wait between retries; exit handlers, loops, nested DAGs
and final statuses (a package with them is refused); several artifacts under one name; `oci://`,
workspaces and custom paths. `/` of a pod is a folder that LIANXI_STAGING_ROOT names, and what is in
a pod's `/tmp` lies below it.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import launcher_process
from launcher_condition import holds
from launcher_driver import (
    RunContext,
    fingerprint,
    provision_outputs,
    resolve_inputs,
    run_parameters,
)
from launcher_metadata import Metadata, Outputs
from launcher_package import Package, dependencies, load, retries
from launcher_process import Execute
from launcher_step import Step, StepFailed, run_step
from launcher_store import ObjectStore, StoreError
from launcher_versions import NEWEST, Kfp

Json = dict[str, Any]
_STEPS_AT_ONCE = 2


@dataclass
class Run:
    """What came of a run.

    Attributes:
        states: `succeeded`, `cached`, `failed`, `skipped` (its condition) or `omitted` (an earlier
            step did not succeed), by task.
        outputs: What the tasks gave.
        errors: Last line of a failed step's log, by task.
        seconds: How long each step took.
        logs: What each step wrote, in its last attempt.
        attempts: How often a pod was started.
    """

    states: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Outputs] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether no step failed."""
        return "failed" not in self.states.values()


class Cluster:
    """Object store, metadata and cache, which outlive a run."""

    def __init__(
        self,
        folder: Path,
        pipeline_root: str = "minio://mlpipeline/v2/artifacts",
        kfp: Kfp = NEWEST,
        execute: Execute = launcher_process.fresh,
    ) -> None:
        self.folder = folder
        self.pipeline_root = pipeline_root
        self.kfp = kfp
        self.execute = execute
        self.store = ObjectStore(folder / "store")
        self.metadata = Metadata(kfp)

    def run(self, package: Path, parameters: Mapping[str, Any] | None = None) -> Run:
        """Runs a compiled package.

        Args:
            package: A PipelineSpec in YAML, with or without a second document for Kubernetes.
            parameters: Parameters of the run.

        Raises:
            StoreError: For a package or parameters that KFP would refuse.
        """
        read = load(package)
        name = read.spec["pipelineInfo"]["name"]
        number = str(uuid.uuid4())
        context = RunContext(
            kfp=self.kfp,
            root=f"{self.pipeline_root}/{name}/{number}",
            parameters=run_parameters(read.spec["root"], parameters or {}, self.kfp),
            names=_names_of_run(name, number),
        )
        return _Execution(self, read, context).run()


class _Execution:
    """One run of a package."""

    def __init__(self, cluster: Cluster, package: Package, context: RunContext) -> None:
        self._cluster = cluster
        self._package = package
        self._spec = package.spec
        self._context = context
        self._tasks = package.spec["root"]["dag"]["tasks"]
        self._result = Run()

    def run(self) -> Run:
        """Runs all tasks, as many at once as there may be."""
        sorter = TopologicalSorter(
            {name: sorted(dependencies(task)) for name, task in sorted(self._tasks.items())}
        )
        sorter.prepare()
        running: dict[Future[None], str] = {}
        with ThreadPoolExecutor(_STEPS_AT_ONCE) as pool:
            while sorter.is_active():
                for name in sorted(sorter.get_ready()):
                    running[pool.submit(self._run_task, name)] = name
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    sorter.done(running.pop(future))
        return self._result

    def _run_task(self, name: str) -> None:
        result = self._result
        before = dependencies(self._tasks[name])
        if any(result.states[task] not in ("succeeded", "cached") for task in before):
            result.states[name] = "omitted"
            return
        started = time.monotonic()
        try:
            state = self._state_of(name)
        except (StepFailed, StoreError) as error:
            state = "failed"
            result.errors[name] = str(error)
        result.seconds[name] = time.monotonic() - started
        result.states[name] = state

    def _state_of(self, name: str) -> str:
        task = self._tasks[name]
        component = self._spec["components"][task["componentRef"]["name"]]
        label = component["executorLabel"]
        executor = self._spec["deploymentSpec"]["executors"][label]
        inputs = resolve_inputs(task, component, self._context, self._result.outputs)
        condition = task.get("triggerPolicy", {}).get("condition")
        if condition and not holds(condition, inputs):
            return "skipped"
        if "importer" in executor:
            self._result.outputs[name] = self._import(executor["importer"], component, inputs)
            return "succeeded"
        container = executor["container"]
        pod = self._cluster.folder / "pods" / f"{name}-{uuid.uuid4().hex[:8]}"
        task_name = task["taskInfo"]["name"]
        executor_input = {
            "inputs": inputs,
            "outputs": provision_outputs(component, self._context, task_name, pod),
        }
        cache = self._cluster.metadata.cache
        claims = self._package.claims.get(label, frozenset())
        digest = fingerprint(executor_input, component, container, claims, self._context.kfp)
        key = (self._spec["pipelineInfo"]["name"], digest)
        has_cache = task.get("cachingOptions", {}).get("enableCache", False)
        if has_cache and key in cache:
            self._result.outputs[name] = cache[key]
            return "cached"
        step = Step(executor_input, component, container, self._context)
        outputs = self._attempt(name, step, pod, retries(task, self._context.kfp))
        if has_cache:
            cache[key] = outputs
        self._result.outputs[name] = outputs
        return "succeeded"

    def _attempt(self, name: str, step: Step, pod: Path, limit: int) -> Outputs:
        """Runs a step in a pod, and again in a new one where it fails, at most `limit` times."""
        cluster = self._cluster
        for attempt in range(limit + 1):
            pod.mkdir(parents=True)
            self._result.attempts[name] = attempt + 1
            tried = dataclasses.replace(step, attempt=attempt)
            try:
                return run_step(tried, pod, cluster.store, cluster.metadata, cluster.execute)
            except (StepFailed, StoreError):
                if attempt == limit:
                    raise
            finally:
                log = pod / "log"
                if log.is_file():
                    said = log.read_text(encoding="utf-8", errors="replace")
                    self._result.logs[name] = said
                # A pod's files are gone with it: what later steps read is in the object store.
                shutil.rmtree(pod)
        raise AssertionError("unreachable")

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
        again = importer.get("reimport", False)
        return Outputs({name: self._cluster.metadata.imported(name, artifact, again)}, {})


def _names_of_run(pipeline: str, number: str) -> dict[str, str]:
    """Gives what placeholders of the run stand for."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "pipeline_job_name": pipeline,
        "pipeline_job_resource_name": f"{pipeline}-{number[:5]}",
        "pipeline_job_uuid": number,
        "pipeline_task_uuid": "1",
        "pipeline_job_create_time_utc": now,
        "pipeline_job_schedule_time_utc": now,
    }
