"""Over what Trainer spreads training in a cluster, and what the pods of a training job are.

`kubeflow.step.training_job` makes the job. What its pods get is what the configuration gives the
step Trainer; the step itself, which waits, takes none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import dataclass

from kubeflow.compile.pods import Resources, of_step
from kubeflow.compile.settings import STRICT, Text, WholeNumber
from kubeflow.step.staging import FOLDERS
from kubeflow.step.training_job import CONTAINER, JOB_VARIABLE
from modules.common.runtime.errors import did_you_mean
from modules.common.training.distribution import (
    MOST_WORKERS,
    MULTI_WORKER,
    NONE,
    STRATEGIES,
    Distribution,
)

if TYPE_CHECKING:
    from kubeflow.compile.config import KubeflowConfig

TRAINER = "Trainer"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Training:
    """Over what training is spread.

    Attributes:
        strategy: `none`; `mirrored`, all accelerators of Trainer's pod; `multi_worker`, pods of a
            TFJob.
        workers: How many pods, for `multi_worker`.
    """

    strategy: Text = NONE
    workers: WholeNumber = 2

    @property
    def is_job(self) -> bool:
        """Whether pods of their own train."""
        return self.strategy == MULTI_WORKER


def problems(config: KubeflowConfig) -> Iterator[str]:
    """Says what a cluster could not do.

    Args:
        config: What the cluster looks like.
    """
    # Imported here: it imports the module that imports this one.
    from kubeflow.compile.beam_engine import find_shared_staging

    training = config.training
    if training.strategy not in STRATEGIES:
        close = did_you_mean(training.strategy, STRATEGIES)
        yield f"training: no strategy is called {training.strategy!r}; {close}"
    if not 2 <= training.workers <= MOST_WORKERS:
        yield f"training: expected 2 to {MOST_WORKERS} workers, found {training.workers}"
    if not training.is_job:
        return
    root, shared = config.pipeline_root, find_shared_staging(config.volumes)
    if not root.startswith(tuple(uri for uri, folder in FOLDERS.items() if folder in shared)):
        folder = next((FOLDERS[uri] for uri in FOLDERS if root.startswith(uri)), "minio")
        told = f"found {root!r}" if root else "found none, which leaves it to KFP"
        yield (
            "training: the pods of a training job are not the step's and must see its files: "
            f"expected a pipeline_root of a store whose staging folder is a volume, {told}; add "
            f"{{claim: NAME, path: /{folder}}} to volumes, a claim that many nodes may write"
        )


def variables(config: KubeflowConfig) -> dict[str, str]:
    """Gives the variables by which Trainer knows of it; none where training is not spread."""
    training = config.training
    if training.strategy == NONE:
        return {}
    told = Distribution(strategy=training.strategy, workers=training.workers).variables()
    if training.is_job:
        told[JOB_VARIABLE] = json.dumps(pod_template(config), sort_keys=True)
    return told


def resources(config: KubeflowConfig, step: str) -> Resources:
    """Says what a step may use; Trainer nothing in particular where its job's pods have it."""
    is_waiting = step == TRAINER and config.training.is_job
    return Resources() if is_waiting else config.resources_of(step)


def pod_template(config: KubeflowConfig) -> dict[str, Any]:
    """Gives the template of a job's pods, but for what is run.

    Args:
        config: What the cluster looks like.
    """
    # Imported here: it imports this one.
    from kubeflow.compile.containers import variables as of_all_steps

    volumes, mounts = _volumes(config)
    env: list[dict[str, Any]] = [
        {"name": name, "value": value} for name, value in sorted(of_all_steps(config).items())
    ]
    env += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": each.secret, "key": key}}}
        for each in config.secrets
        for name, key in sorted(each.env.items())
    ]
    container: dict[str, Any] = {"name": CONTAINER, "image": config.image, "env": env}
    if limits := _limits(config.resources_of(TRAINER)):
        container["resources"] = {"limits": limits, "requests": limits}
    if mounts:
        container["volumeMounts"] = mounts
    tolerations = [_toleration(each) for each in of_step(config.tolerations, TRAINER, ())]
    spec: dict[str, Any] = {
        "containers": [container],
        "volumes": volumes,
        "nodeSelector": dict(of_step(config.node_selector, TRAINER, {})),
        "tolerations": tolerations,
        "imagePullSecrets": [{"name": name} for name in config.image_pull_secrets],
        "serviceAccountName": config.service_account,
    }
    # Istio's sidecar would keep the workers from one another, and the job from its end.
    metadata = {"annotations": {"sidecar.istio.io/inject": "false"}}
    return {"metadata": metadata, "spec": {name: value for name, value in spec.items() if value}}


def _volumes(config: KubeflowConfig) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Gives volumes of a pod, and where its container mounts them."""
    found: list[tuple[str, dict[str, Any], str]] = [
        (each.claim, {"persistentVolumeClaim": {"claimName": each.claim}}, each.path)
        for each in config.volumes
    ]
    found += [
        (each.secret, {"secret": {"secretName": each.secret}}, each.path)
        for each in config.secrets
        if each.path
    ]
    if shared_gb := of_step(config.shared_memory_gb, TRAINER, 0.0):
        size = f"{round(shared_gb * 1000)}M"
        memory = {"emptyDir": {"medium": "Memory", "sizeLimit": size}}
        found.append(("shared-memory", memory, "/dev/shm"))
    volumes = [{"name": name, **source} for name, source, _ in found]
    return volumes, [{"name": name, "mountPath": path} for name, _, path in found]


def _limits(given: Resources) -> dict[str, str]:
    limits = {}
    if given.cpu:
        limits["cpu"] = f"{given.cpu:g}"
    if given.memory_gb:
        limits["memory"] = f"{round(given.memory_gb * 1000)}M"
    if given.accelerators:
        limits[given.accelerator] = str(given.accelerators)
    return limits


def _toleration(given: Any) -> Mapping[str, Any]:
    told = {
        "key": given.key,
        "operator": given.operator,
        "value": given.value,
        "effect": given.effect,
        "tolerationSeconds": given.toleration_seconds if given.toleration_seconds > 0 else None,
    }
    return {name: value for name, value in told.items() if value}
