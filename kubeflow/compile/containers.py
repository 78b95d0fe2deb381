"""What is written to the steps of a package: variables, resources, further attempts.

Source: kubeflow/pipelines, `initPodSpecPatch` in backend/src/v2/driver/driver.go (resources);
`getTaskRetryStrategy…` in backend/src/v2/compiler/argocompiler/container.go, which reads
`retryPolicy` from 2.4.1, while versions before let it lie: 2.5 cuts `backoffFactor` to a whole
number, and from 2.14 a policy without `backoffMaxDuration` has 0 seconds for all attempts. Argo
Workflows, `processNodeRetries` in workflow/controller/operator.go, counts that duration from the
beginning of the first attempt, and ends an attempt that runs longer. Its policy is `OnFailure`: a
pod that failed, or was evicted, is tried again; one that was deleted with its node is not. KFP
2.17's manifests/kustomize/third-party/argo/base/workflow-controller-configmap-patch.yaml sets
`templateDefaults.retryStrategy.retryPolicy: OnError`, which Argo merges into every template
(`mergedTemplateDefaultsInto`): the reverse, and two attempts where a step has none of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubeflow.compile import training_job
from kubeflow.compile.beam_engine import find_shared_staging
from kubeflow.compile.config import KubeflowConfig
from kubeflow.compile.settings import ConfigError
from kubeflow.step.staging import SHARED_STAGING_VARIABLE
from modules.common.runtime.errors import did_you_mean

# Keras 3 behind every `keras`, whatever imports TensorFlow first.
_ENV = {"TF_USE_LEGACY_KERAS": "0"}


def finish(spec: dict[str, Any], config: KubeflowConfig, optional_steps: tuple[str, ...]) -> None:
    """Writes what the configuration says to each step.

    Args:
        spec: The PipelineSpec; changed in place.
        config: What the cluster looks like.
        optional_steps: Steps that other packages have, so that a configuration may name them.

    Raises:
        ConfigError: Where the configuration names a step that no package has.
    """
    executors = {
        label.removesuffix("_executor"): executor["container"]
        for label, executor in spec["deploymentSpec"]["executors"].items()
        if "container" in executor
    }
    known = {*executors, *optional_steps}
    for step, setting in config.named_steps.items():
        if step not in known:
            raise ConfigError(
                f"the configuration of Kubeflow is not valid: {setting} names a step {step!r}, "
                f"which the pipeline does not have; {did_you_mean(step, known)}"
            )
    for step, container in executors.items():
        _finish_container(container, config, step)
        _set_retries(spec["root"]["dag"]["tasks"][step], config, step)


def variables(config: KubeflowConfig) -> Mapping[str, str]:
    """Gives the variables of every step; what the configuration says goes before."""
    shared = ",".join(find_shared_staging(config.volumes))
    staging = {SHARED_STAGING_VARIABLE: shared} if shared else {}
    return {**_ENV, **staging, **config.env}


def _finish_container(container: dict[str, Any], config: KubeflowConfig, step: str) -> None:
    """Takes hooks away, adds variables and resources."""
    container.pop("lifecycle", None)
    told = variables(config)
    if step == training_job.TRAINER:
        told = {**told, **training_job.variables(config)}
    container["env"] = [{"name": name, "value": told[name]} for name in sorted(told)]
    resources = training_job.resources(config, step)
    limits: dict[str, Any] = {}
    if resources.cpu:
        limits |= {"cpuLimit": resources.cpu, "cpuRequest": resources.cpu}
    if resources.memory_gb:
        limits |= {"memoryLimit": resources.memory_gb, "memoryRequest": resources.memory_gb}
    if resources.accelerators:
        limits["accelerator"] = {
            "type": resources.accelerator,
            "count": str(resources.accelerators),
        }
    if limits:
        container["resources"] = limits


def _set_retries(task: dict[str, Any], config: KubeflowConfig, step: str) -> None:
    """Writes how often the step begins again, all that KFP has no default for included."""
    retries = config.retries_of(step)
    if retries.count:
        task["retryPolicy"] = {
            "maxRetryCount": retries.count,
            "backoffDuration": f"{retries.wait_s}s",
            "backoffFactor": float(retries.factor),
            "backoffMaxDuration": f"{retries.within_s}s",
        }
