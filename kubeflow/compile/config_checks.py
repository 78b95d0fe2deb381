"""What a cluster could not do, told of a configuration before anything is sent there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kubeflow.compile import beam_engine, training_job
from kubeflow.compile.pods import Retries, Toleration, of_step
from kubeflow.step.staging import FOLDERS

if TYPE_CHECKING:
    from kubeflow.compile.config import KubeflowConfig

STORES = tuple(FOLDERS)
SHARED_MEMORY_VOLUME = "shared-memory"

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KUBERNETES_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
# KFP's driver calls a volume like the claim or secret on it, and such names have no dots.
_VOLUME_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_OPERATORS = ("Equal", "Exists")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_MAX_WAIT_S = 2**31 - 1


def problems(config: KubeflowConfig) -> list[str]:
    """Says what a cluster could not do with, each with what was expected and found."""
    found = [*_places(config), *_numbers(config), *_names(config), *_mounts(config)]
    for step, tolerations in config.tolerations.items():
        for toleration in tolerations:
            found += [f"tolerations of {step}: {told}" for told in _toleration(toleration)]
    for step, labels in config.node_selector.items():
        found += [f"node_selector of {step}: {told}" for told in _labels(labels)]
    for step, retries in config.retries.items():
        found += [f"retries of {step}: {told}" for told in _retries(retries)]
    return [*found, *beam_engine.problems(config), *training_job.problems(config)]


def _places(config: KubeflowConfig) -> Iterator[str]:
    """Says which image, bucket or path is none."""
    if not config.image or any(letter.isspace() for letter in config.image):
        yield f"image must name a container image, found {config.image!r}"
    if config.pipeline_root and not config.pipeline_root.startswith(STORES):
        yield (
            f"pipeline_root must begin with {', '.join(STORES)}, found {config.pipeline_root!r}; "
            "KFP keeps artifacts on an object store only (models_dir may be a volume)"
        )
    for name, place in (("models_dir", config.models_dir), ("data", config.data or "/")):
        if not place.startswith(("/", *STORES)):
            yield (
                f"{name} must be an absolute path, on a volume of volumes, or begin with "
                f"{', '.join(STORES)}, found {place!r}"
            )


def _numbers(config: KubeflowConfig) -> Iterator[str]:
    """Says which number is too small, or goes with nothing."""
    for name in ("train_steps", "keep_versions"):
        if getattr(config, name) < 0:
            yield f"{name} must not be negative, found {getattr(config, name)}"
    for step, resources in config.resources.items():
        if min(resources.cpu, resources.memory_gb, resources.accelerators) < 0:
            yield f"resources of {step} must not be negative"
        if bool(resources.accelerator) != bool(resources.accelerators):
            yield f"resources of {step}: accelerator and accelerators go together"
    for step in dict.fromkeys([*config.shared_memory_gb, *config.resources]):
        shared_gb = of_step(config.shared_memory_gb, step, 0.0)
        memory_gb = config.resources_of(step).memory_gb
        if shared_gb < 0:
            yield f"shared_memory_gb of {step} must not be negative, found {shared_gb:g}"
        elif 0 < memory_gb <= shared_gb:
            yield (
                f"shared_memory_gb of {step} counts as memory: expected less than its memory_gb, "
                f"{memory_gb:g}, found {shared_gb:g}"
            )


def _names(config: KubeflowConfig) -> Iterator[str]:
    """Says what Kubernetes does not take as a name."""
    variables = [*config.env, *(name for secret in config.secrets for name in secret.env)]
    for name in variables:
        if not _ENV_NAME.fullmatch(name):
            yield f"{name!r} is no variable's name"
    for name in sorted(set(variables)):
        if variables.count(name) > 1:
            yield f"the variable {name} is set twice, in env or secrets; a pod takes one"
    for name in [*(each.secret for each in config.secrets), *config.image_pull_secrets]:
        if not _KUBERNETES_NAME.fullmatch(name):
            yield f"{name!r} is no name of a Kubernetes object: small letters, digits, dashes, dots"


def _mounts(config: KubeflowConfig) -> Iterator[str]:
    """Says what a pod cannot mount: its volumes are called like the claims and secrets."""
    names = [each.claim for each in config.volumes]
    names += [each.secret for each in config.secrets if each.path]
    paths = [each.path for each in config.volumes]
    paths += [each.path for each in config.secrets if each.path]
    if any(config.shared_memory_gb.values()):
        names, paths = [*names, SHARED_MEMORY_VOLUME], [*paths, "/dev/shm"]
    for name in names:
        if not _VOLUME_NAME.fullmatch(name):
            yield (
                f"{name!r} is no name of a Kubernetes object that KFP can mount: small letters, "
                "digits and dashes, at most 63"
            )
    for name in sorted(set(names)):
        if names.count(name) > 1:
            yield (
                f"{name} is the name of two volumes, and KFP calls a volume like its claim or "
                "secret; mount each once, or rename one"
            )
    for path in paths:
        if not path.startswith("/"):
            yield f"mount path {path!r} is not absolute"
    for path in sorted(set(paths)):
        if paths.count(path) > 1:
            yield f"{path} is mounted twice"
    for secret in config.secrets:
        if not secret.env and not secret.path:
            yield f"secret {secret.secret} needs env or path, or no step sees it"


def _toleration(toleration: Toleration) -> Iterator[str]:
    """Says what Kubernetes refuses in a toleration."""
    if toleration.operator not in _OPERATORS:
        yield f"operator must be one of {', '.join(_OPERATORS)}, found {toleration.operator!r}"
    elif toleration.operator == "Exists" and toleration.value:
        yield f"operator Exists takes no value, found {toleration.value!r}"
    elif toleration.operator == "Equal" and not toleration.key:
        yield "operator Equal needs the key of a taint; Exists alone stands for all taints"
    if toleration.effect and toleration.effect not in _EFFECTS:
        yield f"effect must be one of {', '.join(_EFFECTS)}, found {toleration.effect!r}"
    seconds = toleration.toleration_seconds
    if seconds < 1 and seconds != -1:
        yield (
            f"toleration_seconds must be at least 1, found {seconds}, by which Kubernetes "
            "evicts at once; leave it out to stay without end, or leave the toleration out"
        )
    elif seconds != -1 and toleration.effect != "NoExecute":
        yield "toleration_seconds goes with the effect NoExecute"


def _labels(labels: Mapping[str, str]) -> Iterator[str]:
    """Says what is no label of a node."""
    for key, value in labels.items():
        if not key or not _LABEL.fullmatch(key.rpartition("/")[2]):
            yield f"{key!r} is no label's name, such as cloud.google.com/gke-accelerator"
        if not _LABEL.fullmatch(value):
            yield (
                f"{value!r} is no label's value: letters, digits, dashes, underscores, dots, at "
                "most 63"
            )


def _retries(retries: Retries) -> Iterator[str]:
    """Says which number Argo Workflows cannot take."""
    for name, least in (("count", 0), ("wait_s", 0), ("factor", 1), ("within_s", 1)):
        number = getattr(retries, name)
        if not least <= number <= _MAX_WAIT_S:
            yield f"{name} must be from {least} to {_MAX_WAIT_S}, found {number}"
    if retries.count and retries.within_s <= retries.wait_s:
        yield (
            f"within_s must be more than wait_s, {retries.wait_s}, or there is no second attempt; "
            f"found {retries.within_s}"
        )
