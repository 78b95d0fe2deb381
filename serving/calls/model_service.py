"""The methods of `tensorflow.serving.ModelService`."""

from __future__ import annotations

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from serving import errors
from serving.files.container import entries_from_proto
from serving.models.manager import ModelManager
from serving.models.registry import Registry


class ModelService:
    """Reports the state of models and changes which are served."""

    def __init__(self, registry: Registry, manager: ModelManager) -> None:
        """Connects the parts.

        Args:
            registry: Holds the models.
            manager: Loads them.
        """
        self._registry = registry
        self._manager = manager

    def status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Reports the versions of a model, newest first.

        Source: `tensorflow_serving/model_servers/get_model_status_impl.cc`.
        """
        if not request.HasField("model_spec"):
            raise errors.invalid_argument("Missing ModelSpec")
        spec = request.model_spec
        choice = spec.WhichOneof("version_choice")
        version = spec.version.value if choice == "version" else None
        if choice == "version_label":
            version = self._registry.version_of_label(spec.name, spec.version_label)
        records = self._registry.status(spec.name, version)
        if not records and version is not None:
            raise errors.not_found(f"Could not find version {version} of model {spec.name}")
        if not records:
            raise errors.not_found(f"Could not find any versions of model {spec.name}")
        response = get_model_status_pb2.GetModelStatusResponse()
        for record in reversed(records):
            added = response.model_version_status.add(
                version=record.version, state=int(record.state)
            )
            if record.error is not None:
                added.status.error_code = record.error.code.value[0]
                added.status.error_message = record.error.message
            else:
                added.status.error_code = 0
        return response

    def reload(
        self, request: model_management_pb2.ReloadConfigRequest
    ) -> model_management_pb2.ReloadConfigResponse:
        """Serves exactly the models of the request, from now on.

        Source: `tensorflow_serving/model_servers/model_service_impl.cc`. Labels are checked
        after loading, so one request can bring a version and its label; TensorFlow Serving
        wants two.
        """
        self._reload(request)
        return model_management_pb2.ReloadConfigResponse()

    def _reload(self, request: model_management_pb2.ReloadConfigRequest) -> None:
        if request.config.WhichOneof("config") != "model_config_list":
            raise errors.invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        entries = entries_from_proto(request.config)
        self._manager.replace_entries(entries)
        absent = [name for name in sorted(entries) if not self._registry.available(name)]
        if absent:
            details = ", ".join(self._reason(name) for name in absent)
            raise errors.ServingError(
                grpc.StatusCode.UNKNOWN,
                f"{len(absent)} model(s) did not become available: {{{details}}}",
            )
        for name, entry in entries.items():
            for label, version in entry.labels.items():
                if version not in self._registry.available(name):
                    raise errors.failed_precondition(
                        f"Request to assign label to version {version} of model {name}, "
                        f"which is not currently available for inference (label {label})"
                    )

    def _reason(self, name: str) -> str:
        failed = [record.error for record in self._registry.status(name) if record.error]
        cause = f" due to error: {failed[-1]}" if failed else ""
        return f"{{name: {name}{cause}}}"
