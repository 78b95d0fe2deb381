"""What is on disk: models under a root, versions of a model, and whether a version changed."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")


def version_number(name: str) -> int | None:
    """Reads a folder name as a version.

    Args:
        name: Folder name.

    Returns:
        The number, or None for a folder that is not a version. Leading zeros are allowed, as
        in TensorFlow Serving.
    """
    return int(name) if name.isascii() and name.isdigit() and int(name) < 2**63 else None


def is_ready(version_path: Path) -> bool:
    """Tells whether a version has been copied completely.

    Args:
        version_path: Folder of the version.

    Returns:
        True once the SavedModel's own file is there. Whoever publishes a version copies that
        file last.
    """
    return any((version_path / name).is_file() for name in SAVED_MODEL_FILES)


@dataclasses.dataclass(frozen=True)
class Listing:
    """What a model's folder holds.

    Attributes:
        ready: Version number to folder.
        unreadable: Version number to why it cannot be read.
    """

    ready: dict[int, Path] = dataclasses.field(default_factory=dict)
    unreadable: dict[int, OSError] = dataclasses.field(default_factory=dict)


def list_versions(base_path: Path) -> Listing:
    """Lists the versions of a model.

    Args:
        base_path: Folder of the model.

    Returns:
        Its versions. Of two folders of one number, such as `01` and `1`, the last in
        alphabetical order counts, as in TensorFlow Serving.

    Raises:
        OSError: The folder is not there or cannot be read.
    """
    listing = Listing()
    for name in sorted(os.listdir(base_path)):
        version = version_number(name)
        if version is None:
            continue
        try:
            if is_ready(base_path / name):
                listing.ready[version] = base_path / name
        except OSError as error:
            listing.unreadable[version] = error
    return listing


def find_versions(base_path: Path) -> dict[int, Path]:
    """Lists the versions of a model that are ready.

    Args:
        base_path: Folder of the model.

    Returns:
        Version number to folder; empty if the model's folder is gone.

    Raises:
        OSError: The folder exists but cannot be read.
    """
    try:
        return list_versions(base_path).ready
    except (FileNotFoundError, NotADirectoryError):
        return {}


def find_models(root: Path) -> dict[str, Path]:
    """Lists the models under a root.

    Args:
        root: Folder with one folder per model.

    Returns:
        Model name to its folder, for every folder that holds at least one ready version. One
        that cannot be read is passed over.

    Raises:
        OSError: The root exists but cannot be read.
    """
    try:
        children = sorted(os.listdir(root))
    except FileNotFoundError:
        return {}
    models = {}
    for name in filter(is_model_name, children):
        try:
            if find_versions(root / name):
                models[name] = root / name
        except OSError:
            continue
    return models


def is_model_name(name: str) -> bool:
    """Tells whether a folder of this name may be a model."""
    return not name.startswith((".", "_"))


def fingerprint(version_path: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Describes the files of a version, to notice that a broken one was mended.

    Args:
        version_path: Folder of the version.

    Returns:
        (relative path, bytes, ns of the last change of content, ns of the last change of
        content, owner or mode) of every file, sorted.
    """
    files = []
    seen = set()
    for folder, children, names in os.walk(version_path, followlinks=True):
        place = os.path.realpath(folder)
        if place in seen:
            # A link to a folder above would go round for ever.
            children.clear()
            continue
        seen.add(place)
        for name in names:
            path = Path(folder) / name
            try:
                stat = path.stat()
            except OSError:
                continue
            files.append(
                (
                    str(path.relative_to(version_path)),
                    stat.st_size,
                    stat.st_mtime_ns,
                    stat.st_ctime_ns,
                )
            )
    return tuple(sorted(files))
