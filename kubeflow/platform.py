"""The part of a package that only Kubernetes knows: volumes and secrets of each step.

Source: kubeflow/pipelines, kubernetes_platform/proto/kubernetes_executor_config.proto.
"""

from __future__ import annotations

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
    step: dict[str, Any] = {}
    if config.volumes:
        step["pvcMount"] = [
            {"constant": volume.claim, "mountPath": volume.path} for volume in config.volumes
        ]
    as_env = [
        {
            "secretName": secret.secret,
            "keyToEnv": [
                {"secretKey": key, "envVar": variable}
                for variable, key in sorted(secret.env.items())
            ],
        }
        for secret in config.secrets
        if secret.env
    ]
    as_files = [
        {"secretName": secret.secret, "mountPath": secret.path}
        for secret in config.secrets
        if secret.path
    ]
    if as_env:
        step["secretAsEnv"] = as_env
    if as_files:
        step["secretAsVolume"] = as_files
    if not step:
        return {}
    labels = [
        label
        for label, executor in spec["deploymentSpec"]["executors"].items()
        if "container" in executor
    ]
    executors = {label: step for label in labels}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
