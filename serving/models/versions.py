"""What is on disk: models under a root, versions of a model, and whether a version changed."""

from __future__ import annotations

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
        children = sorted(os.listdir(base_path))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found: dict[int, Path] = {}
    for name in children:
        version = version_number(name)
        if version is not None and is_ready(base_path / name):
            found[version] = base_path / name
    return found


def find_models(root: Path) -> dict[str, Path]:
    """Lists the models under a root.

    Args:
        root: Folder with one folder per model.

    Returns:
        Model name to its folder, for every folder that holds at least one ready version.

    Raises:
        OSError: A folder cannot be read.
    """
    try:
        children = sorted(os.listdir(root))
    except FileNotFoundError:
        return {}
    models = {name: root / name for name in children if not name.startswith((".", "_"))}
    return {name: path for name, path in models.items() if find_versions(path)}


def fingerprint(version_path: Path) -> tuple[tuple[str, int, int], ...]:
    """Describes the files of a version, to notice that a broken one was mended.

    Args:
        version_path: Folder of the version.

    Returns:
        (relative path, bytes, modification time in ns) of every file, sorted.
    """
    files = []
    for folder, _, names in os.walk(version_path):
        for name in names:
            path = Path(folder) / name
            try:
                stat = path.stat()
            except OSError:
                continue
            files.append((str(path.relative_to(version_path)), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(files))
