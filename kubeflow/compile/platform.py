"""The part of a package that only Kubernetes knows: where each step runs, and what it mounts.

kfp-kubernetes writes it. It says things of a task of KFP's own, so a pipeline of one is made, the
task is told what the step gets, and what KFP makes of it is read back. What the version of
kfp-kubernetes has no function for is written here, under the same names.

A package is for any KFP from 2.0, whose drivers up to 2.4.0 fail at a field that they do not know,
as does the compiler of 2.14. So a field is written only where the configuration asks for what it
says, and in its oldest form, which all read: names of claims and secrets as constants, not as
parameters too.

| setting | since |
|---|---|
| `volumes`, `secrets`, `node_selector` | 2.0 |
| `tolerations`, `image_pull_secrets` | 2.1 |
| `shared_memory_gb` | 2.3 |

Source: kubeflow/pipelines, kubernetes_platform/proto/kubernetes_executor_config.proto;
`extendPodSpecPatch` in backend/src/v2/driver/driver.go (2.0 to 2.5) and k8s.go (from 2.14), which
reads `empty_dir_mounts` and has never read `enabled_shared_memory`; `UnmarshalString` in
backend/src/v2/cmd/driver/main.go (strict up to 2.4.0, lenient from 2.4.1) and in
backend/src/v2/compiler/argocompiler/container.go (strict from 2.14).
"""

# KFP looks at annotations, so here they are no text (`from __future__ import annotations`).
from typing import Any

from kubeflow.compile.config import KubeflowConfig
from kubeflow.compile.config_checks import SHARED_MEMORY_VOLUME
from kubeflow.compile.pods import of_step

_SHARED_MEMORY_PATH = "/dev/shm"


def platform_spec(spec: dict[str, Any], config: KubeflowConfig) -> dict[str, Any]:
    """Makes the second document of a package.

    Args:
        spec: The PipelineSpec.
        config: What the cluster looks like.

    Returns:
        A SinglePlatformSpec for each container under `platforms.kubernetes`; empty where there is
        nothing to say.
    """
    labels = [
        label
        for label, executor in spec["deploymentSpec"]["executors"].items()
        if "container" in executor
    ]
    told = {label: step_config(config, label.removesuffix("_executor")) for label in labels}
    executors = {label: step for label, step in told.items() if step}
    if not executors:
        return {}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def step_config(config: KubeflowConfig, step: str) -> dict[str, Any]:
    """Gives a step's KubernetesExecutorConfig, as plain values; empty where nothing is asked for.

    Args:
        config: What the cluster looks like.
        step: The step's name.
    """
    from google.protobuf import json_format
    from kfp import dsl, kubernetes

    newer = _newer_fields(config, step)
    selector = of_step(config.node_selector, step, {})

    @dsl.container_component
    def one() -> dsl.ContainerSpec:
        return dsl.ContainerSpec(image=config.image)

    @dsl.pipeline(name="one-step")
    def one_step() -> None:
        task = one()
        for volume in config.volumes:
            kubernetes.mount_pvc(task, volume.claim, volume.path)
        for secret in config.secrets:
            if secret.env:
                keys = {key: variable for variable, key in sorted(secret.env.items())}
                kubernetes.use_secret_as_env(task, secret.secret, keys)
            if secret.path:
                kubernetes.use_secret_as_volume(task, secret.secret, secret.path)
        for label, value in sorted(selector.items()):
            kubernetes.add_node_selector(task, label, value)
        _write_newer(kubernetes, task, newer)

    written = json_format.MessageToDict(one_step.platform_spec).get("platforms", {})
    if not written:
        return newer
    [executor] = written["kubernetes"]["deploymentSpec"]["executors"].values()
    return {**newer, **_in_oldest_form(executor)}


def _newer_fields(config: KubeflowConfig, step: str) -> dict[str, Any]:
    """Gives what KFP 2.0 does not know, by the names and in the form of its JSON."""
    tolerations = [
        {
            "key": each.key,
            "operator": each.operator,
            "value": each.value,
            "effect": each.effect,
            "tolerationSeconds": str(each.toleration_seconds)
            if each.toleration_seconds > 0
            else "",
        }
        for each in of_step(config.tolerations, step, ())
    ]
    shared_gb = of_step(config.shared_memory_gb, step, 0.0)
    shared = {
        "volumeName": SHARED_MEMORY_VOLUME,
        "mountPath": _SHARED_MEMORY_PATH,
        "medium": "Memory",
        "sizeLimit": f"{round(shared_gb * 1000)}M",
    }
    fields = {
        "tolerations": [
            {name: value for name, value in each.items() if value} for each in tolerations
        ],
        "imagePullSecret": [{"secretName": name} for name in config.image_pull_secrets],
        "emptyDirMounts": [shared] if shared_gb else [],
    }
    return {name: entries for name, entries in fields.items() if entries}


def _write_newer(kubernetes: Any, task: Any, fields: dict[str, Any]) -> None:
    """Tells a task what this version of kfp-kubernetes has functions for; 1.0 has none of them."""
    if hasattr(kubernetes, "add_toleration"):
        for each in fields.get("tolerations", []):
            seconds = each.get("tolerationSeconds")
            told = {name: text for name, text in each.items() if name != "tolerationSeconds"}
            kubernetes.add_toleration(
                task, **told, toleration_seconds=int(seconds) if seconds else None
            )
    if hasattr(kubernetes, "set_image_pull_secrets"):
        names = [each["secretName"] for each in fields.get("imagePullSecret", [])]
        if names:
            kubernetes.set_image_pull_secrets(task, names)
    if hasattr(kubernetes, "empty_dir_mount"):
        for each in fields.get("emptyDirMounts", []):
            kubernetes.empty_dir_mount(
                task, each["volumeName"], each["mountPath"], each["medium"], each["sizeLimit"]
            )


def _in_oldest_form(value: Any) -> Any:
    """Leaves out what says again, for newer versions alone, what is there or holds anyway."""
    if isinstance(value, list):
        return [_in_oldest_form(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _in_oldest_form(entry)
        for name, entry in value.items()
        if not name.endswith("NameParameter") and not (name == "optional" and entry is False)
    }
