"""The embedded server: gRPC, health, reflection and metrics over a folder of models.

    with Server("serving_models", ServerConfig(port=0)) as server:
        server.wait_until_available("name_gender", timeout_s=60)
        print(server.port)

TensorFlow is imported by `start`, not by importing this module.
"""

from __future__ import annotations

import concurrent.futures
import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import grpc

from serving.config import ModelEntry, ServerConfig
from serving.metrics import Metrics, MetricsServer
from serving.models import versions

if TYPE_CHECKING:
    from serving.calls.batching import BatchScheduler
    from serving.models.manager import ModelManager
    from serving.models.registry import Registry
    from serving.models.servable import Servable
    from serving.models.states import Record

_LOG = logging.getLogger(__name__)
Models = str | os.PathLike[str] | Mapping[str, ModelEntry | str | os.PathLike[str]]


class Server:
    """Serves SavedModels over TensorFlow Serving's gRPC API.

    Attributes:
        config: What it was told.
        port: gRPC port once started.
        metrics_port: Port of the metrics once started; None if there are none.
    """

    def __init__(
        self,
        models: Models,
        config: ServerConfig | None = None,
        on_progress: Callable[[str], None] | None = None,
    ) -> None:
        """Prepares; nothing is loaded or bound before `start`.

        Args:
            models: A root folder whose `<model>/<version>/saved_model.pb` are all served, those
                that appear later too; or model name to base path or `ModelEntry`, as
                `serving.files.container.read_models_config` returns it.
            config: Ports, limits, policies and batching.
            on_progress: Gets a line for a person whenever a version comes, goes or fails; None
                logs it.
        """
        self.config = config or ServerConfig()
        self.port = 0
        self.metrics_port: int | None = None
        self._models = models
        self._on_progress = on_progress or _LOG.info
        self._metrics = Metrics()
        self._metrics_server: MetricsServer | None = None
        self._grpc: grpc.Server | None = None
        self._manager: ModelManager | None = None
        self._registry: Registry | None = None
        self._scheduler: BatchScheduler | None = None
        self._health: Any = None
        self._stop_requested = threading.Event()
        self._stopped = threading.Event()
        self._stop_lock = threading.Lock()

    def start(self) -> int:
        """Binds the port, loads what is there, and begins to answer.

        Returns:
            The gRPC port.

        Raises:
            RuntimeError: It was started before, or the gRPC port is taken.
            OSError: The metrics port is taken.
            FileNotFoundError: The root folder does not exist.
        """
        if self._grpc is not None:
            raise RuntimeError("this server was started before; make a new one")
        self._check_root()
        try:
            self._bind()
            self._assemble()
        except BaseException:
            self.stop(0)
            raise
        self._on_progress(f"serving gRPC on {self.config.host}:{self.port}")
        return self.port

    def wait_until_available(self, model: str, timeout_s: float, version: int | None = None) -> int:
        """Waits until a model can be asked.

        Args:
            model: Name of the model.
            timeout_s: Longest wait, in seconds.
            version: A version, or None for any.

        Returns:
            The version that is available.

        Raises:
            ServingError: The model is there but does not load.
            TimeoutError: It was not there in time.
        """
        if self._registry is None:
            raise RuntimeError("start the server first")
        return self._registry.wait_until_available(model, timeout_s, version)

    def wait(self) -> None:
        """Serves until SIGTERM, SIGINT or `stop`, then shuts down gracefully.

        The signals are handled only when called from the main thread, and only meanwhile.
        """
        previous: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                previous[name] = signal.signal(name, lambda *_: self._stop_requested.set())
        try:
            # Waiting in slices lets the interpreter run signal handlers.
            while not self._stop_requested.wait(0.2):
                pass
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        self.stop()

    def stop(self, grace_s: float | None = None) -> None:
        """Refuses new requests, finishes those in flight, and frees everything.

        Args:
            grace_s: How long requests in flight may take, in seconds; then they are cut off.
                None takes the configuration's.
        """
        self._stop_requested.set()
        with self._stop_lock:
            if self._stopped.is_set():
                return
            grace_s = self.config.default_grace_s if grace_s is None else grace_s
            if self._grpc is not None:
                self._set_health(is_serving=False)
                self._grpc.stop(grace_s).wait()
            if self._scheduler is not None:
                self._scheduler.close()
            if self._manager is not None:
                self._manager.stop()
            if self._metrics_server is not None:
                self._metrics_server.close()
            self._stopped.set()
        self._on_progress("stopped")

    def __enter__(self) -> Server:
        """Starts."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops."""
        self.stop()

    def _check_root(self) -> None:
        if not isinstance(self._models, Mapping) and not Path(self._models).is_dir():
            raise FileNotFoundError(
                f"expected a folder of <model>/<version>/saved_model.pb at {self._models}, "
                "found no folder; run a pipeline that pushes a model first"
            )

    def _find_entries(self) -> dict[str, ModelEntry]:
        if not isinstance(self._models, Mapping):
            found = versions.find_models(Path(self._models))
            return {name: self.config.entry(name, path) for name, path in found.items()}
        return {
            name: place if isinstance(place, ModelEntry) else self.config.entry(name, Path(place))
            for name, place in self._models.items()
        }

    def _load(self, model: str, version: int, path: Path) -> Servable:
        from serving.models.servable import Servable
        from serving.models.warmup import warm_up

        servable = Servable(model, version, path)
        if self.config.warmup:
            warm_up(servable, path, self.config.max_message_bytes)
        return servable

    def _report(self, record: Record, seconds: float) -> None:
        name = f"{record.model} version {record.version}"
        if record.error is not None:
            self._metrics.load_failed(record.model)
            self._on_progress(f"{name} cannot be served: {record.error}")
        elif record.state.name == "AVAILABLE":
            self._metrics.loaded(record.model, record.version, is_loaded=True)
            self._on_progress(f"{name} available, {seconds:.1f} s")
        else:
            self._metrics.loaded(record.model, record.version, is_loaded=False)
            self._on_progress(f"{name} unloaded")

    def _bind(self) -> None:
        config = self.config
        self._grpc = grpc.server(
            concurrent.futures.ThreadPoolExecutor(64, thread_name_prefix="grpc"),
            options=[
                ("grpc.max_receive_message_length", config.max_message_bytes),
                ("grpc.max_send_message_length", config.max_message_bytes),
                # Otherwise a second server on the same port would silently share it.
                ("grpc.so_reuseport", 0),
            ],
        )
        self.port = self._grpc.add_insecure_port(f"{config.host}:{config.port}")
        if config.metrics_port is not None:
            self._metrics_server = MetricsServer(self._metrics, config.host, config.metrics_port)
            self.metrics_port = self._metrics_server.port

    def _assemble(self) -> None:
        from serving.calls.batching import BatchScheduler
        from serving.models.manager import ModelManager
        from serving.models.registry import Registry

        assert self._grpc is not None
        self._scheduler = BatchScheduler(self.config.batching, self._metrics.batch)
        self._registry = Registry(self._report)
        self._manager = ModelManager(
            self._registry, self._find_entries, self._load, self.config.poll_interval_s
        )
        self._add_services()
        self._manager.start()
        self._grpc.start()
        self._set_health(is_serving=True)

    def _add_services(self) -> None:
        from grpc_health.v1 import health, health_pb2_grpc
        from grpc_reflection.v1alpha import reflection
        from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2

        from serving.calls import model_service, prediction_service

        assert self._grpc and self._manager and self._scheduler and self._registry
        service = prediction_service.PredictionService(
            self._registry, self._scheduler, self._metrics, self.config.max_message_bytes
        )
        self._grpc.add_generic_rpc_handlers((service.handler(),))
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(
            model_service.ModelService(self._registry, self._manager), self._grpc
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        # Reflection finds the descriptors of PredictionService because its module is imported.
        assert prediction_service_pb2.DESCRIPTOR is not None
        names = (*self._service_names(), health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._grpc)

    @staticmethod
    def _service_names() -> tuple[str, str]:
        from serving.calls import model_service, prediction_service

        return prediction_service.SERVICE_NAME, model_service.SERVICE_NAME

    def _set_health(self, is_serving: bool) -> None:
        from grpc_health.v1 import health_pb2

        if self._health is None:
            return
        statuses = health_pb2.HealthCheckResponse
        status = statuses.SERVING if is_serving else statuses.NOT_SERVING
        for name in ("", *self._service_names()):
            self._health.set(name, status)
