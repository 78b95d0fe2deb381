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

ABSENT = "absent"
"""Set on the artifact where nothing was pushed yet: it then stands for none."""


@component
def PushedModel(  # noqa: N802 - TFX names components as classes
    model: OutputArtifact[Model],
    models_dir: Parameter[str],
    task_name: Parameter[str],
) -> None:
    """Copies the newest pushed version, or marks the artifact absent.

    A copy, since artifacts must lie where the pipeline keeps its artifacts.

    Args:
        model: The version, laid out as Trainer lays out a model.
        models_dir: Where models are pushed to.
        task_name: The task.
    """
    version = newest_version(os.path.join(models_dir, task_name))
    if version is None:
        model.set_int_custom_property(ABSENT, 1)
        return
    source = os.path.join(models_dir, task_name, str(version))
    io_utils.copy_dir(source, path_utils.serving_model_dir(model.uri))
    model.set_int_custom_property("version", version)


def newest_version(folder: str) -> int | None:
    """Finds the newest version of a model.

    Args:
        folder: A model's folder in TensorFlow Serving's layout, local or remote.

    Returns:
        Its number; `None` where there is no whole version.
    """
    if not fileio.isdir(folder):
        return None
    versions = [
        int(name)
        for name in (entry.rstrip("/") for entry in fileio.listdir(folder))
        if name.isdigit() and fileio.exists(os.path.join(folder, name, "saved_model.pb"))
    ]
    return max(versions, default=None)
