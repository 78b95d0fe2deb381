"""Pushes a blessed model so that what is said to be pushed is what is served.

TFX's Pusher copies into the folder that servers watch, so that a push which is cut short leaves a
part of a model there. It takes the clock's second for the version: a model that is pushed in the
same second as another, or after the clock was set back, is not served. And its cache goes on saying
that a model is pushed when the version was deleted, or another model has been pushed since.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tfx.components.pusher import component, executor
from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.types.artifact import Artifact
from tfx.utils import io_utils, proto_utils

from components.pushed_model import (
    NO_VERSION,
    is_copy,
    newest_version,
    older_versions,
    version_names,
)
from components.pushed_versions import is_newest, publish
from serving.errors import ServingError
from serving.files.kept_models import find_needed

_LOG = logging.getLogger(__name__)

PUSHED, DESTINATION = "pushed", "pushed_destination"
KEEP_VERSIONS = "keep_versions"
"""In `custom_config`: how many versions stay, the pushed one among them; all where absent."""
MODELS_CONFIG = "models_config"
"""In `custom_config`: the file of pins and labels, whose versions stay whatever their age."""
_MODEL_FILE = "saved_model.pb"


class Executor(executor.Executor):
    """Pushes to a folder, local or remote."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes the model if it is blessed.

        Args:
            input_dict: `model`, and its blessings `model_blessing` and `infra_blessing`.
            output_dict: `pushed_model`: a copy of the model, and where it was pushed to.
            exec_properties: `push_destination`, as TFX's Pusher has it, and `custom_config`.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
        )
        folder = destination.filesystem.base_directory
        model = self.GetModelPath(input_dict)
        version = _publish_remotely(model, folder) if "://" in folder else publish(model, folder)
        config = json.loads(exec_properties.get("custom_config") or "null") or {}
        if config.get(KEEP_VERSIONS):
            _clean_up(folder, int(config[KEEP_VERSIONS]), config.get(MODELS_CONFIG, ""))
        io_utils.copy_dir(model, pushed.uri)
        self._MarkPushed(
            pushed, pushed_destination=os.path.join(folder, version), pushed_version=version
        )


class Pusher(component.Pusher):
    """TFX's component, with this executor."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)


def is_served(pushed: Artifact) -> bool:
    """Tells whether what an earlier run says of its push still holds.

    Args:
        pushed: What Pusher gave: a model that is the newest version there, or one that was not
            pushed because it was not blessed.
    """
    destination = pushed.get_string_custom_property(DESTINATION)
    if not pushed.get_int_custom_property(PUSHED) or "://" in destination:
        return True
    return is_newest(pushed.uri, os.path.dirname(destination))


def _clean_up(folder: str, keep: int, models_config: str) -> None:
    """Removes old versions; none at all where it cannot be told which of them are needed."""
    try:
        is_said = bool(models_config)
        needed = find_needed(Path(models_config), os.path.basename(folder)) if is_said else set()
    except (ServingError, OSError):
        _LOG.exception("old versions stay: %s cannot be read", models_config)
        return
    remove_older(folder, keep, needed)


def remove_older(folder: str, keep: int, needed: Collection[int] = ()) -> None:
    """Removes the versions of a model before the newest.

    Args:
        folder: The model's folder, local or remote.
        keep: How many of the newest stay, at least one.
        needed: Versions that stay too.
    """
    for name in older_versions(folder, keep):
        if int(name) in needed:
            continue
        # Without its own file a version is none any more for servers that look in the meantime.
        model_file = os.path.join(folder, name, _MODEL_FILE)
        if fileio.exists(model_file):
            fileio.remove(model_file)
        fileio.rmtree(os.path.join(folder, name))


def _publish_remotely(model: str, folder: str) -> str:
    """Does what `publish` does, on a store that cannot rename: the model's own file comes last."""
    newest = newest_version(folder)
    if newest != NO_VERSION and is_copy(os.path.join(folder, newest), model):
        return newest
    version = str(max(int(time.time()), 1 + max(map(int, version_names(folder)), default=0)))
    target = os.path.join(folder, version)
    io_utils.copy_dir(model, target, deny_regex_patterns=[r"saved_model\.pb$"])
    io_utils.copy_file(os.path.join(model, _MODEL_FILE), os.path.join(target, _MODEL_FILE))
    return version
