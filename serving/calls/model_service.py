"""The methods of `tensorflow.serving.ModelService`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusRequest,
    GetModelStatusResponse,
)
from tensorflow_serving.apis.model_management_pb2 import (
    ReloadConfigRequest,
    ReloadConfigResponse,
)

from serving import errors
from serving.config import ModelEntry
from serving.files.models_config import entries_from_proto
from serving.models.manager import ModelManager
from serving.models.registry import Registry
from serving.models.states import Record


class ModelService:
    """Reports the state of models and changes which are served."""

    def __init__(
        self,
        registry: Registry,
        manager: ModelManager,
        reload_root: Path | None = None,
        allow_reload: bool = False,
        read_metric: Callable[[str], int] = lambda name: 0,
    ) -> None:
        """Connects the parts.

        Args:
            registry: Holds the models.
            manager: Loads them.
            reload_root: Folder that base paths of a reload must be in; None allows none.
            allow_reload: Whether callers may say which models are served.
            read_metric: Gives a metric's value by its name; 0 for one that does not exist.
        """
        self._registry = registry
        self._manager = manager
        self._reload_root = reload_root
        self._allow_reload = allow_reload
        self._read_metric = read_metric

    def status(self, request: GetModelStatusRequest) -> GetModelStatusResponse:
        """Reports the versions of a model, newest first.

        Args:
            request: Names the model and perhaps a version. A version label is passed over, as
                TensorFlow Serving does.

        Returns:
            The state of each version, and why it is not available if it is not.

        Raises:
            ServingError: INVALID_ARGUMENT without a model spec; NOT_FOUND.

        Source: `tensorflow_serving/model_servers/get_model_status_impl.cc`.
        """
        if not request.HasField("model_spec"):
            raise errors.invalid_argument("Missing ModelSpec")
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        records = self._registry.status(spec.name, version)
        if not records and version is not None:
            raise errors.not_found(f"Could not find version {version} of model {spec.name}")
        if not records:
            raise errors.not_found(f"Could not find any versions of model {spec.name}")
        response = GetModelStatusResponse()
        for record in reversed(records):
            added = response.model_version_status.add(
                version=record.version, state=int(record.state)
            )
            added.status.SetInParent()
            if record.error is not None:
                added.status.error_code = record.error.code.value[0]
                added.status.error_message = record.error.message
        return response

    def reload(self, request: ReloadConfigRequest) -> ReloadConfigResponse:
        """Serves exactly the models of the request from now on, and waits until they are loaded.

        Args:
            request: Models, policies and labels, and names of metrics.

        Returns:
            Status OK, and by how much each of the metrics has risen.

        Raises:
            ServingError: PERMISSION_DENIED, if the server was not told to allow it or a folder
                is not below the models' root; INVALID_ARGUMENT; FAILED_PRECONDITION for a label
                that may not be, and then nothing changes; UNKNOWN if a model does not load.

        Source: `tensorflow_serving/model_servers/model_service_impl.cc`, `server_core.cc`,
            where anybody may load any folder.
        """
        if not self._allow_reload:
            raise errors.permission_denied(
                "this server does not let callers choose its models; `lianxi serve "
                "--allow-reload` does"
            )
        before = {name: self._read_metric(name) for name in request.metric_names}
        if request.config.WhichOneof("config") != "model_config_list":
            raise errors.invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        entries = entries_from_proto(request.config)
        for name, entry in entries.items():
            self._check_place(name, entry)
        self._manager.replace_entries(entries)
        absent = [name for name in sorted(entries) if not self._registry.available(name)]
        if absent:
            details = ", ".join(self._reason(name) for name in absent)
            raise errors.ServingError(
                grpc.StatusCode.UNKNOWN,
                f"{len(absent)} model(s) did not become available: {{{details}}}",
            )
        response = ReloadConfigResponse()
        response.status.SetInParent()
        for name, value in before.items():
            response.metric.add(name=name, int64_value_increase=self._read_metric(name) - value)
        return response

    def _check_place(self, name: str, entry: ModelEntry) -> None:
        """Insists on a folder below the root: a SavedModel can read and write files."""
        root = self._reload_root
        if root is None:
            raise errors.permission_denied("this server has no folder that models may be taken of")
        try:
            is_below = entry.base_path.resolve().is_relative_to(root.resolve())
        except (OSError, RuntimeError, ValueError):
            # Links that go round, and characters that no path may have.
            is_below = False
        if not is_below:
            raise errors.permission_denied(
                f"model {name} is not below this server's folder of models; expected a base_path "
                f"in it, got {entry.base_path}"
            )

    def _reason(self, name: str) -> str:
        failed: list[Record] = [r for r in self._registry.status(name) if r.error is not None]
        if not failed:
            return f"{{name: {name}}}"
        return f"{{name: {name} version: {failed[-1].version} due to error: {failed[-1].error}}}"
