"""Renders a kustomization as `kustomize build` does, as far as the manifests here go.

Known: resources, namespace, configMapGenerator without a hash in the name, images, patches (JSON
6902, and strategic merges that delete a whole object). Anything else is an error, so that no
manifest uses what the tests do not render.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

_KNOWN = {
    "apiVersion",
    "kind",
    "namespace",
    "resources",
    "generatorOptions",
    "configMapGenerator",
    "images",
    "patches",
}


def render(folder: Path) -> list[Manifest]:
    """Gives the objects of a folder with a kustomization.yaml."""
    spec = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert not set(spec) - _KNOWN, f"{folder}: {set(spec) - _KNOWN} is not rendered"
    assert spec["kind"] == "Kustomization"
    objects: list[Manifest] = []
    for name in spec.get("resources", ()):
        path = folder / name
        if path.is_dir():
            objects += render(path.resolve())
        else:
            objects += [each for each in yaml.safe_load_all(path.read_text()) if each]
    for generator in spec.get("configMapGenerator", ()):
        assert spec["generatorOptions"] == {"disableNameSuffixHash": True}
        _generate(objects, folder, generator)
    for patch in spec.get("patches", ()):
        _patch(objects, patch)
    for image in spec.get("images", ()):
        _set_image(objects, image)
    for each in objects:
        if "namespace" in spec:
            each["metadata"]["namespace"] = spec["namespace"]
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names), f"{folder}: twice the same object in {names}"
    return objects


def _generate(objects: list[Manifest], folder: Path, generator: dict[str, Any]) -> None:
    """Makes a ConfigMap of files, or puts files into one that is there."""
    data = {Path(name).name: (folder / name).read_text() for name in generator["files"]}
    name = generator["name"]
    if generator.get("behavior") == "merge":
        _find(objects, "ConfigMap", name)["data"].update(data)
        return
    objects.append(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    )


def _patch(objects: list[Manifest], patch: dict[str, Any]) -> None:
    """Applies a list of JSON 6902 operations, or a deletion."""
    content = yaml.safe_load(patch["patch"])
    if "target" not in patch:
        assert content.pop("$patch") == "delete", "only deletions are merged here"
        objects.remove(_find(objects, content["kind"], content["metadata"]["name"]))
        return
    target: Any = _find(objects, patch["target"]["kind"], patch["target"]["name"])
    for operation in content:
        *parents, last = operation["path"].strip("/").replace("~1", "/").split("/")
        inside = target
        for key in parents:
            inside = inside[int(key) if isinstance(inside, list) else key]
        if last == "-":
            assert operation["op"] == "add"
            inside.append(operation["value"])
            continue
        at = int(last) if isinstance(inside, list) else last
        if operation["op"] == "remove":
            del inside[at]
        elif operation["op"] == "replace":
            assert inside[at] is not None
            inside[at] = operation["value"]
        else:
            assert operation["op"] == "add" and isinstance(inside, dict)
            inside[at] = operation["value"]


def _set_image(objects: list[Manifest], image: dict[str, str]) -> None:
    """Renames an image wherever a container names it."""

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            for container in node.get("containers", ()):
                # The Flink operator gives its own container an image.
                name, _, tag = container.get("image", "").partition(":")
                if name == image["name"]:
                    tag = image.get("newTag", tag)
                    container["image"] = f"{image.get('newName', name)}:{tag}"
            for value in node.values():
                walk(value)

    walk(objects)


def _find(objects: list[Manifest], kind: str, name: str) -> Manifest:
    found = [x for x in objects if x["kind"] == kind and x["metadata"]["name"] == name]
    assert len(found) == 1, f"no {kind} {name} to change"
    return found[0]
