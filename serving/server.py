"""The embedded server: gRPC, REST, health, reflection and metrics over a folder of models.

    with Server("serving_models", ServerConfig(port=0)) as server:
        server.wait_until_available("name_gender", timeout_s=60)
        print(server.port)

TensorFlow is imported by `start`, not by importing this module.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from serving.config import ServerConfig
from serving.front.loop import LoopThread
from serving.metrics import Metrics, MetricsServer
from serving.models.sources import Models, source_of
from serving.models.tensorflow_alone import import_tensorflow_alone
from serving.stop_signals import stop_signals

if TYPE_CHECKING:
    from serving.calls.api import Api
    from serving.front.grpc_front import GrpcFront
    from serving.front.rest.front import RestFront
    from serving.models.manager import ModelManager
    from serving.models.registry import Registry
    from serving.models.servable import Servable
    from serving.models.states import Record

_LOG = logging.getLogger(__name__)


class Server:
    """Serves SavedModels over TensorFlow Serving's gRPC and REST APIs.

    Attributes:
        config: What it was told.
        port: gRPC port once started.
        rest_port: REST port once started; None if there is none.
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
                `serving.files.models_config.read_models_config` returns it; or a function that
                returns such entries at every look.
            config: Ports, limits, policies and batching.
            on_progress: Gets a line for a person whenever a version comes, goes or fails; None
                logs it.
        """
        self.config = config or ServerConfig()
        self.port = 0
        self.rest_port: int | None = None
        self.metrics_port: int | None = None
        self._models = models
        self._on_progress = on_progress or _LOG.info
        self._metrics = Metrics()
        self._metrics_server: MetricsServer | None = None
        self._loop = LoopThread()
        self._api: Api | None = None
        self._grpc: GrpcFront | None = None
        self._rest: RestFront | None = None
        self._manager: ModelManager | None = None
        self._registry: Registry | None = None
        self._stop_requested = threading.Event()
        self._stopped = threading.Event()
        self._stop_lock = threading.Lock()

    def start(self) -> int:
        """Binds the port, loads what is there, and begins to answer.

        Returns:
            The gRPC port.

        Raises:
            RuntimeError: It was started before, or the gRPC port is taken.
            OSError: The REST or the metrics port is taken.
            FileNotFoundError: The root folder does not exist.
        """
        if self._registry is not None:
            raise RuntimeError("this server was started before; make a new one")
        self._check_root()
        try:
            self._assemble()
            self._loop.run(self._bind())
            assert self._manager is not None
            self._manager.start()
            self._loop.run(self._listen())
        except BaseException:
            self.stop(0)
            raise
        for kind, port in (("gRPC", self.port), ("REST", self.rest_port)):
            if port is not None:
                self._on_progress(f"serving {kind} on {self.config.host}:{port}")
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
        with stop_signals(self._stop_requested):
            # Waiting in slices lets the interpreter run signal handlers.
            while not self._stop_requested.wait(0.2):
                pass
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
            self._loop.run(self._close(grace_s))
            self._loop.close()
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

    @property
    def _root(self) -> Path | None:
        """The folder that is served, if it is one."""
        if isinstance(self._models, Mapping) or callable(self._models):
            return None
        return Path(self._models)

    def _check_root(self) -> None:
        if self._root is not None and not self._root.is_dir():
            raise FileNotFoundError(
                f"expected a folder of <model>/<version>/saved_model.pb at {self._root}, "
                "found no folder; run a pipeline that pushes a model first"
            )

    def _load(self, model: str, version: int, path: Path) -> Servable:
        from serving.models.servable import Servable
        from serving.models.warmup import warm_up

        servable = Servable(model, version, path)
        if self.config.warmup:
            warm_up(servable, path)
        return servable

    def _report(self, record: Record, seconds: float) -> None:
        name = f"{record.model} version {record.version}"
        if record.error is not None:
            self._metrics.load_failed(record.model)
            self._on_progress(f"{name} cannot be served: {record.error}")
        elif record.state.name == "AVAILABLE":
            self._metrics.note_loaded(record.model, record.version, is_loaded=True)
            self._on_progress(f"{name} available, {seconds:.1f} s")
        else:
            self._metrics.note_loaded(record.model, record.version, is_loaded=False)
            self._on_progress(f"{name} unloaded")

    def _assemble(self) -> None:
        """Makes the parts; nothing is bound or loaded yet."""
        import_tensorflow_alone()
        from serving.calls.api import Api
        from serving.calls.batching import BatchScheduler
        from serving.calls.limits import Admission
        from serving.calls.model_service import ModelService
        from serving.front.grpc_front import GrpcFront
        from serving.models.manager import ModelManager
        from serving.models.registry import Registry
        from serving.models.threads import allow_many_runs

        config = self.config
        allow_many_runs()
        self._registry = Registry(self._report)
        self._registry.on_can_answer = lambda _: self._loop.call(self._refresh_health)
        self._manager = ModelManager(
            self._registry,
            source_of(self._models, config),
            self._load,
            config.poll_interval_s,
            config.allow_labels_for_unavailable,
        )
        self._api = Api(
            self._registry,
            ModelService(
                self._registry,
                self._manager,
                reload_root=config.reload_root or self._root,
                allow_reload=config.allow_reload,
                read_metric=self._metrics.read,
            ),
            BatchScheduler(config.batching, self._metrics.batch),
            self._metrics,
            Admission(config.max_in_flight_bytes, config.max_memory_bytes),
            config.max_examples,
        )
        self._grpc = GrpcFront(self._api, config)
        if config.rest_port is not None:
            from serving.front.rest.front import RestFront

            self._rest = RestFront(self._api, config, self._metrics)

    async def _bind(self) -> None:
        """Takes the ports, in the event loop; callers wait until `_listen`."""
        assert self._grpc is not None
        self.port = self._grpc.bind()
        if self._rest is not None:
            self.rest_port = self._rest.bind()
        config = self.config
        if config.metrics_port is not None and config.metrics_path is not None:
            self._metrics_server = MetricsServer(
                self._metrics, config.host, config.metrics_port, config.metrics_path
            )
            self.metrics_port = self._metrics_server.port

    async def _listen(self) -> None:
        """Begins to answer, in the event loop."""
        assert self._grpc is not None
        await self._grpc.start()
        if self._rest is not None:
            await self._rest.start()
        self._refresh_health()

    async def _close(self, grace_s: float) -> None:
        """Finishes what is in flight and frees the ports, in the event loop."""
        if self._grpc is not None:
            await self._grpc.set_health(is_serving=False)
            fronts = [front for front in (self._grpc, self._rest) if front is not None]
            await asyncio.gather(*(front.stop(grace_s) for front in fronts))
        if self._api is not None:
            self._api.close()

    def _refresh_health(self) -> None:
        """Tells health checks whether any model can answer, in the event loop."""
        if self._registry is None or self._grpc is None or self._stop_requested.is_set():
            return
        asyncio.ensure_future(self._grpc.set_health(self._registry.can_answer()))
