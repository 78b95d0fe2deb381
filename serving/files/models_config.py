"""`models.config`: which models are served, in TensorFlow Serving's `ModelServerConfig`."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from serving import errors
from serving.config import ModelEntry, VersionPolicy
from serving.files.texts import read_text_proto
from serving.models.notices import Notices, reason

_LOG = logging.getLogger(__name__)
_PLATFORM = "tensorflow"
CONTAINER_ROOT = "/models"


def new_models_config() -> Any:
    """Makes an empty ModelServerConfig."""
    from tensorflow_serving.config import model_server_config_pb2

    return model_server_config_pb2.ModelServerConfig()


def models_config(entries: Mapping[str, ModelEntry], written: Any = None) -> str:
    """Writes a ModelServerConfig.

    Args:
        entries: Model name to base path, version policy and labels.
        written: A ModelServerConfig; its other models stay, and what it says of these beside that.

    Returns:
        Text proto, models in alphabetical order.
    """
    from google.protobuf import text_format

    before = {each.name: each for each in written.model_config_list.config} if written else {}
    proto = new_models_config()
    proto.model_config_list.SetInParent()
    for name in sorted({*entries, *before}):
        config = proto.model_config_list.config.add()
        if name in before:
            config.CopyFrom(before[name])
        if name in entries:
            _fill(config, name, entries[name])
    return str(text_format.MessageToString(proto))


def _fill(config: Any, name: str, entry: ModelEntry) -> None:
    config.name, config.base_path = name, str(entry.base_path)
    config.model_platform = _PLATFORM
    config.ClearField("model_version_policy")
    policy = config.model_version_policy
    if entry.policy.kind == "all":
        policy.all.SetInParent()
    elif entry.policy.kind == "specific":
        policy.specific.versions.extend(entry.policy.versions)
    else:
        policy.latest.num_versions = entry.policy.num_versions
    config.ClearField("version_labels")
    config.version_labels.update(entry.labels)


def read_models_config(
    path: Path | str, container_root: Path | str | None = None
) -> dict[str, ModelEntry]:
    """Reads a `models.config` for the embedded server.

    Args:
        path: Text proto of a ModelServerConfig.
        container_root: Where on this machine the folder is that the container has at `/models`.
            Base paths below `/models` are taken below it, unless this machine has a `/models`.

    Returns:
        Model name to entry, as `serving.server.Server` takes it; none for an empty file.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no such file or could not be served.
        OSError: The file cannot be read.
    """
    proto = read_text_proto(path, new_models_config())
    if proto.WhichOneof("config") == "custom_model_config":
        raise errors.invalid_argument(
            f"{path}: expected model_config_list, got custom_model_config, which no server of "
            "TensorFlow Serving's own takes either"
        )
    entries = entries_from_proto(proto)
    if container_root is None or Path(CONTAINER_ROOT).is_dir():
        return entries
    return {
        name: ModelEntry(
            _outside(entry.base_path, Path(container_root)), entry.policy, entry.labels
        )
        for name, entry in entries.items()
    }


def entries_from_proto(proto: Any) -> dict[str, ModelEntry]:
    """Reads a ModelServerConfig.

    Args:
        proto: The message.

    Returns:
        Model name to entry.

    Raises:
        ServingError: INVALID_ARGUMENT if a model has no name, no path or a relative one, is
            listed twice, or is not a TensorFlow model.

    Source: `tensorflow_serving/model_servers/server_core.cc`.
    """
    entries: dict[str, ModelEntry] = {}
    for config in proto.model_config_list.config:
        if not config.name or not config.base_path:
            raise errors.invalid_argument("Expected name and base_path in every ModelConfig")
        if config.name in entries:
            raise errors.invalid_argument(
                f"Illegal to list model {config.name} multiple times in config list"
            )
        if not PurePosixPath(config.base_path).is_absolute():
            raise errors.invalid_argument(
                f"Expected model {config.name} to have an absolute path or URI; "
                f"got base_path()={config.base_path}"
            )
        # 1 is the deprecated ModelType.TENSORFLOW.
        if config.model_platform != _PLATFORM and config.model_type != 1:
            raise errors.invalid_argument(
                f"Expected model_platform '{_PLATFORM}' for model {config.name}, "
                f"got '{config.model_platform}'"
            )
        policy = _policy(config.name, config.model_version_policy)
        entries[config.name] = ModelEntry(
            Path(config.base_path), policy, dict(config.version_labels)
        )
    return entries


class ModelsFile:
    """The models of a `models.config`, which may change while the server runs."""

    def __init__(
        self, path: Path | str, poll_s: float = 0, container_root: Path | str | None = None
    ) -> None:
        """Reads the file for the first time.

        Args:
            path: The file.
            poll_s: How often it is read again, in seconds; 0 never.
            container_root: See `read_models_config`.

        Raises:
            ServingError: It is no such file.
            OSError: It cannot be read.
        """
        self._path = Path(path)
        self._poll_s = poll_s
        self._container_root = container_root
        self._notices = Notices(_LOG)
        self._entries = read_models_config(path, container_root)
        self._read_s = time.monotonic()

    def __call__(self) -> dict[str, ModelEntry]:
        """Lists the models.

        Returns:
            What the file says, or what it said last when it could be read.
        """
        if not self._poll_s or time.monotonic() - self._read_s < self._poll_s:
            return self._entries
        self._read_s = time.monotonic()
        try:
            entries = read_models_config(self._path, self._container_root)
            if self._entries and not entries:
                raise errors.failed_precondition(
                    f"{self._path} lists no model any more; expected at least one"
                )
        except errors.ServingError as error:
            self._notices.say(f"what is served stays as it is: {error.message}")
        except OSError as error:
            self._notices.say(f"what is served stays as it is: cannot read {reason(error)}")
        else:
            self._notices.clear()
            self._entries = entries
        return self._entries


def _outside(base_path: Path, container_root: Path) -> Path:
    if base_path.is_relative_to(CONTAINER_ROOT):
        return container_root / base_path.relative_to(CONTAINER_ROOT)
    return base_path


def _policy(model: str, proto: Any) -> VersionPolicy:
    kind = proto.WhichOneof("policy_choice")
    if kind == "all":
        return VersionPolicy.all()
    if kind == "specific":
        if not proto.specific.versions:
            raise errors.invalid_argument(
                f"the specific version policy of model {model} names no versions"
            )
        return VersionPolicy.specific(*proto.specific.versions)
    return VersionPolicy.latest(max(1, proto.latest.num_versions))
