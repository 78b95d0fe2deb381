"""The part of a package that only Kubernetes knows: volumes and secrets of each step.

kfp-kubernetes writes it. It says things of a task of KFP's own, so a pipeline of one is made, the
task is told what every step gets, and what KFP makes of it is read back.
"""

# KFP looks at annotations, so here they are no text (`from __future__ import annotations`).
from typing import Any

from kubeflow.config import KubeflowConfig


def platform_spec(spec: dict[str, Any], config: KubeflowConfig) -> dict[str, Any]:
    """Makes the second document of a package.

    Args:
        spec: The PipelineSpec.
        config: What the cluster looks like.

    Returns:
        A SinglePlatformSpec for each container under `platforms.kubernetes`; empty where there is
        nothing to say.
    """
    step = _step_config(config)
    if not step:
        return {}
    labels = [
        label
        for label, executor in spec["deploymentSpec"]["executors"].items()
        if "container" in executor
    ]
    executors = {label: step for label in labels}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def _step_config(config: KubeflowConfig) -> dict[str, Any]:
    """Gives the KubernetesExecutorConfig of any step, as plain values; empty without any."""
    from google.protobuf import json_format
    from kfp import dsl, kubernetes

    @dsl.container_component
    def step() -> dsl.ContainerSpec:
        return dsl.ContainerSpec(image=config.image)

    @dsl.pipeline(name="one-step")
    def one_step() -> None:
        task = step()
        for volume in config.volumes:
            kubernetes.mount_pvc(task, volume.claim, volume.path)
        for secret in config.secrets:
            if secret.env:
                keys = {key: variable for variable, key in sorted(secret.env.items())}
                kubernetes.use_secret_as_env(task, secret.secret, keys)
            if secret.path:
                kubernetes.use_secret_as_volume(task, secret.secret, secret.path)

    written = json_format.MessageToDict(one_step.platform_spec).get("platforms", {})
    if not written:
        return {}
    [executor] = written["kubernetes"]["deploymentSpec"]["executors"].values()
    return dict(executor)
