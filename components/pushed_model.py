"""Finds the model that was pushed last: what a candidate is compared with, or training begins with.

A cluster has no metadata store that TFX's resolvers could ask, but it has the folder that models
are pushed to, and only blessed models are pushed.
"""

import os

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import Model
from tfx.utils import io_utils, path_utils

from modules.common.runtime.errors import DataError
from serving.models.versions import version_number

ABSENT = "absent"
"""Set on the artifact where nothing was pushed yet: it then stands for none."""
NO_VERSION = "none"
"""What stands for the version where there is none."""
_FINGERPRINT = "fingerprint.pb"


@component
def PushedModel(
    model: OutputArtifact[Model],
    models_dir: Parameter[str],
    task_name: Parameter[str],
    version: Parameter[str],
) -> None:
    """Copies a pushed version, or marks the artifact absent.

    A copy, since artifacts must lie where the pipeline keeps its artifacts.

    Args:
        model: The version, laid out as Trainer lays out a model.
        models_dir: Where models are pushed to.
        task_name: The task.
        version: Number of the version, or `none`; the newest where empty.

    Raises:
        DataError: If there is no such version any more.
    """
    folder = os.path.join(models_dir, task_name)
    version = version or newest_version(folder)
    if version == NO_VERSION:
        model.set_int_custom_property(ABSENT, 1)
        return
    source = os.path.join(folder, version)
    if not fileio.isdir(source):
        raise DataError(
            f"version {version} was in {folder} when this run began and is gone; start another run"
        )
    io_utils.copy_dir(source, path_utils.serving_model_dir(model.uri))
    model.set_int_custom_property("version", int(version))


def newest_version(folder: str, candidate: str = "") -> str:
    """Finds the newest version of a model.

    Args:
        folder: A model's folder in TensorFlow Serving's layout, local or remote.
        candidate: Folder of a SavedModel. Versions that are copies of it are left out: what a model
            is compared with must not change when the model itself is pushed.

    Returns:
        Its number; `none` where there is no whole version.
    """
    for name in sorted(version_names(folder), key=int, reverse=True):
        version = os.path.join(folder, name)
        is_whole = fileio.exists(os.path.join(version, "saved_model.pb"))
        if is_whole and not (candidate and is_copy(version, candidate)):
            return name
    return NO_VERSION


def version_names(folder: str) -> list[str]:
    """Lists the folders, of a model's folder, that are called like versions, whole or not."""
    if not fileio.isdir(folder):
        return []
    names = [entry.rstrip("/") for entry in fileio.listdir(folder)]
    return [name for name in names if version_number(name) is not None]


def older_versions(folder: str, keep: int) -> list[str]:
    """Lists the versions of a model before the newest, whole or not, the oldest first.

    Args:
        folder: A model's folder, local or remote.
        keep: How many of the newest are left out, at least one.
    """
    return sorted(version_names(folder), key=int)[:-keep]


def is_copy(one: str, other: str) -> bool:
    """Tells whether two SavedModels are one, by the fingerprint that each export has of its own."""
    paths = [os.path.join(folder, _FINGERPRINT) for folder in (one, other)]
    if not all(fileio.exists(path) for path in paths):
        return False
    contents = []
    for path in paths:
        with fileio.open(path, "rb") as file:
            contents.append(file.read())
    return bool(contents[0] == contents[1])
