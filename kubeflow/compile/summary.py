"""What a package asks of a cluster, in words."""

from __future__ import annotations

from collections.abc import Iterator

from kubeflow.compile.config import DEFAULT_IMAGE, KubeflowConfig
from kubeflow.compile.package import Package
from kubeflow.compile.pods import Resources, Toleration, of_step


def rows(package: Package, config: KubeflowConfig, task: str) -> list[tuple[str, str]]:
    """Tells what was compiled.

    Args:
        package: The package.
        config: What it was compiled with.
        task: Name of the task.

    Returns:
        Names and texts; a row without name goes on with what the one before tells.
    """
    count = len(package.steps)
    return [
        ("pipeline", package.name),
        ("steps", f"{count}: {', '.join(package.steps)}"),
        ("image", ", ".join(package.images)),
        *_name_them("parameters", _parameters(package)),
        ("artifacts", config.pipeline_root or "where KFP keeps them"),
        ("models", f"{config.models_dir}/{task}"),
        *_name_them("beam", [" ".join(config.beam_args)] if config.beam_args else []),
        *_name_them("mounts", _mounts(config)),
        *_name_them("pods", _pods(package, config)),
    ]


def warnings(package: Package, config: KubeflowConfig) -> list[str]:
    """Says what would probably go wrong in the cluster.

    Args:
        package: The package.
        config: What it was compiled with.
    """
    return [*_of_image(config.image), *_of_places(config), *_of_accelerators(package, config)]


def _name_them(name: str, texts: list[str]) -> list[tuple[str, str]]:
    """Puts a name before the first of several texts."""
    return list(zip([name, *[""] * len(texts)], texts, strict=False))


def _parameters(package: Package) -> list[str]:
    declared = package.spec["root"].get("inputDefinitions", {}).get("parameters", {})
    return [
        f"{name} = {entry.get('defaultValue')!r}   {entry.get('description', '')}".rstrip()
        for name, entry in declared.items()
    ]


def _mounts(config: KubeflowConfig) -> list[str]:
    claims = [f"{each.path} from the claim {each.claim}" for each in config.volumes]
    return claims + [
        f"{each.path} from the secret {each.secret}" for each in config.secrets if each.path
    ]


def _pods(package: Package, config: KubeflowConfig) -> list[str]:
    """Says what pods are given, steps of the same kind in one text."""
    alike: dict[str, list[str]] = {}
    for step in package.steps:
        told = ", ".join(_pod(config, step))
        if told:
            alike.setdefault(told, []).append(step)
    most = max(alike.values(), key=len, default=[])
    return [
        f"{'the others' if steps is most and len(alike) > 1 else _list(steps, package)}: {told}"
        for told, steps in sorted(alike.items(), key=lambda entry: entry[1] is most)
    ]


def _list(steps: list[str], package: Package) -> str:
    return "each step" if len(steps) == len(package.steps) else ", ".join(steps)


def _pod(config: KubeflowConfig, step: str) -> Iterator[str]:
    """Says what the pod of a step is given."""
    resources = config.resources_of(step)
    if resources.cpu:
        yield f"{resources.cpu:g} cores"
    if resources.memory_gb:
        yield f"{resources.memory_gb:g} GB"
    if resources.accelerators:
        yield f"{resources.accelerators} × {resources.accelerator}"
    for label, value in of_step(config.node_selector, step, {}).items():
        yield f"on nodes with {label}={value}"
    for toleration in of_step(config.tolerations, step, ()):
        yield f"tolerates {_taint(toleration)}"
    if of_step(config.shared_memory_gb, step, 0.0):
        yield f"{of_step(config.shared_memory_gb, step, 0.0):g} GB at /dev/shm"
    if config.retries_of(step).count:
        yield f"up to {1 + config.retries_of(step).count} attempts"


def _taint(toleration: Toleration) -> str:
    value = f"={toleration.value}" if toleration.value else ""
    effect = f":{toleration.effect}" if toleration.effect else ""
    return f"{toleration.key or 'any taint'}{value}{effect}"


def _of_image(image: str) -> Iterator[str]:
    """Says where nodes, and KFP's cache, could not tell an image from the one before."""
    tag = image.rpartition("/")[2].partition(":")[2]
    if image == DEFAULT_IMAGE:
        yield f"the image is {DEFAULT_IMAGE}, which no registry has; name yours with --image"
    elif "@" not in image and tag in ("", "latest"):
        yield (
            f"the image {image} has no tag of its own: KFP's cache, and nodes that have it, go by "
            "the name, so an image that was made anew may not run; tag each, such as :0.1.1"
        )


def _of_places(config: KubeflowConfig) -> Iterator[str]:
    """Says which path is on no volume, and so in the pod of one step alone."""
    mounted = [volume.path.rstrip("/") for volume in config.volumes]
    for name, path in (("models_dir", config.models_dir), ("data", config.data)):
        on_volume = any(path == mount or path.startswith(mount + "/") for mount in mounted)
        if path.startswith("/") and not on_volume:
            yield (
                f"{name} {path} is on no volume of the configuration; what is written there is "
                "gone with the step"
                if name == "models_dir"
                else f"{name} {path} is on no volume of the configuration, so no step sees it"
            )


def _of_accelerators(package: Package, config: KubeflowConfig) -> Iterator[str]:
    """Says which step probably gets to no node that has what it asks for."""
    for step in package.steps:
        resources: Resources = config.resources_of(step)
        if resources.accelerators and not of_step(config.tolerations, step, ()):
            yield (
                f"{step} asks for {resources.accelerator} and tolerates no taint, which nodes with "
                "accelerators mostly have; see tolerations in kubeflow/config.example.yaml"
            )
