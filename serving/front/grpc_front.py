"""The gRPC port: every method as a coroutine, so that a caller who waits costs no thread.

Handlers take a stream of messages, of which they read one. On the wire that is the same as a
method of one message, and it lets a caller who opens a call and never sends the message be told
so, instead of being waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    predict_pb2,
    prediction_service_pb2,
)

from serving import errors
from serving.calls import limits
from serving.calls.api import LARGE_BYTES, Api
from serving.calls.examples import ExamplesRequest, TasksRequest
from serving.config import ServerConfig
from serving.front import health

_ENTRYPOINT = "GRPC"
PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"
# Calls that one connection may have open, and calls that may wait for their message.
_MAX_CALLS_OF_A_CONNECTION = 256
_MAX_WAITING_CALLS = 8192
# How often calls that wait for their message are looked at, in seconds.
_WATCH_S = 0.2
# After this long without a call a connection is closed; clients open another by themselves.
_IDLE_CONNECTION_S = 300

# Their names for health checks here, and TensorFlow Serving's, from its `server.cc`.
_HEALTH_NAMES = (PREDICTION_SERVICE, MODEL_SERVICE, "PredictionService", "ModelService")

# Takes a request, its size in bytes, and when the caller gives up; gives a message's bytes.
_Answer = Callable[[Any, int, float], Awaitable[bytes]]


class GrpcFront:
    """Listens for gRPC. To be used in one event loop."""

    def __init__(self, api: Api, config: ServerConfig) -> None:
        """Prepares; nothing is bound before `start`.

        Args:
            api: What answers.
            config: Address, limits and certificates.
        """
        self._api = api
        self._config = config
        self._server: grpc.aio.Server | None = None
        self._health = health.Health(_HEALTH_NAMES)
        self._receiving: set[_Receiving] = set()
        self._watching: asyncio.Task[None] | None = None

    def bind(self) -> int:
        """Takes the port; callers wait until `start`.

        Returns:
            The port.

        Raises:
            RuntimeError: The port is taken.
        """
        config = self._config
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", config.max_message_bytes),
                ("grpc.max_send_message_length", config.max_message_bytes),
                # Otherwise a second server on the same port would silently share it.
                ("grpc.so_reuseport", 0),
                ("grpc.max_concurrent_streams", _MAX_CALLS_OF_A_CONNECTION),
                ("grpc.max_connection_idle_ms", _IDLE_CONNECTION_S * 1000),
            ],
        )
        self._add_services(self._server)
        address = f"{config.host}:{config.port}"
        if config.tls is None:
            return int(self._server.add_insecure_port(address))
        return int(self._server.add_secure_port(address, _credentials(config.tls)))

    async def start(self) -> None:
        """Begins to answer."""
        assert self._server is not None
        await self._server.start()
        self._watching = asyncio.ensure_future(self._watch_receiving())

    async def set_health(self, is_serving: bool) -> None:
        """Answers health checks with SERVING or NOT_SERVING from now on."""
        await self._health.set(is_serving)

    async def stop(self, grace_s: float) -> None:
        """Refuses new calls and finishes those in flight.

        Args:
            grace_s: How long these may take, in seconds; then they are cut off.
        """
        if self._watching is not None:
            self._watching.cancel()
        if self._server is not None:
            await self._server.stop(grace_s)

    def _add_services(self, server: grpc.aio.Server) -> None:
        from grpc_health.v1 import health as grpc_health
        from grpc_reflection.v1alpha import reflection

        api = self._api
        methods: dict[str, dict[str, tuple[Callable[[bytes], Any], _Answer]]] = {
            PREDICTION_SERVICE: {
                "Predict": (predict_pb2.PredictRequest.FromString, self._predict),
                "Classify": (ExamplesRequest.from_bytes, self._bound(api.classify)),
                "Regress": (ExamplesRequest.from_bytes, self._bound(api.regress)),
                "MultiInference": (TasksRequest.from_bytes, self._bound(api.multi_inference)),
                "GetModelMetadata": (
                    get_model_metadata_pb2.GetModelMetadataRequest.FromString,
                    self._get_model_metadata,
                ),
            },
            MODEL_SERVICE: {
                "GetModelStatus": (
                    get_model_status_pb2.GetModelStatusRequest.FromString,
                    self._get_model_status,
                ),
                "HandleReloadConfigRequest": (
                    model_management_pb2.ReloadConfigRequest.FromString,
                    self._reload_config,
                ),
            },
        }
        for service, of_service in methods.items():
            handlers = {
                name: grpc.stream_unary_rpc_method_handler(self._handler(name, parse, answer))
                for name, (parse, answer) in of_service.items()
            }
            handler = grpc.method_handlers_generic_handler(service, handlers)
            server.add_generic_rpc_handlers((handler,))
        self._health.add_to(server)
        # Reflection finds the descriptors of PredictionService because its module is imported.
        assert prediction_service_pb2.DESCRIPTOR is not None
        names = (*methods, grpc_health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)

    @staticmethod
    def _bound(call: Callable[[Any, float, str], Awaitable[Message]]) -> _Answer:
        async def answer(request: Any, size_bytes: int, until_s: float) -> bytes:
            return (await call(request, until_s, _ENTRYPOINT)).SerializeToString()

        return answer

    async def _predict(self, request: Any, size_bytes: int, until_s: float) -> bytes:
        return await self._api.predict_encoded(request, size_bytes, until_s, _ENTRYPOINT)

    async def _get_model_metadata(self, request: Any, size_bytes: int, until_s: float) -> bytes:
        return self._api.get_model_metadata(request, _ENTRYPOINT).SerializeToString()

    async def _get_model_status(self, request: Any, size_bytes: int, until_s: float) -> bytes:
        return self._api.get_model_status(request).SerializeToString()

    async def _reload_config(self, request: Any, size_bytes: int, until_s: float) -> bytes:
        return (await self._api.reload_config(request)).SerializeToString()

    def _handler(
        self, name: str, parse: Callable[[bytes], Any], answer: _Answer
    ) -> Callable[[Any, grpc.aio.ServicerContext[Any, Any]], Awaitable[bytes]]:
        async def handle(messages: Any, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            try:
                data = await self._receive(context)
                remaining_s = context.time_remaining()
                until_s = float("inf") if remaining_s is None else time.monotonic() + remaining_s
                with self._api.admit(len(data)):
                    return await self._answer(name, parse, answer, data, until_s)
            except errors.ServingError as error:
                failure = error
            await context.abort(failure.code, failure.message)
            raise AssertionError("abort returned")

        return handle

    async def _answer(
        self,
        name: str,
        parse: Callable[[bytes], Any],
        answer: _Answer,
        data: bytes,
        until_s: float,
    ) -> bytes:
        def read() -> Any:
            limits.check_fields(name, data)
            try:
                return parse(data)
            except (DecodeError, ValueError):
                # The code is gRPC's own for bytes that are no message.
                raise errors.ServingError(
                    grpc.StatusCode.INTERNAL, f"the bytes are no request of {name}"
                ) from None

        is_small = len(data) <= LARGE_BYTES
        request = read() if is_small else await self._api.convert(len(data), read)
        return await answer(request, len(data), until_s)

    async def _receive(self, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        """Waits for the message of a call, but not for ever."""
        if len(self._receiving) >= _MAX_WAITING_CALLS:
            raise limits.exhausted(f"{_MAX_WAITING_CALLS} calls wait for their message; try again")
        receiving = _Receiving()
        self._receiving.add(receiving)
        try:
            data = await context.read()
        except asyncio.CancelledError:
            if receiving.reason is None:
                raise
            raise receiving.reason from None
        finally:
            self._receiving.discard(receiving)
        if data is grpc.aio.EOF:
            raise errors.invalid_argument("the call ended without a message")
        return bytes(data)

    async def _watch_receiving(self) -> None:
        """Gives up on messages that take too long, or while the process holds too much."""
        timeout_s = self._config.receive_timeout_s
        late = errors.deadline_exceeded(
            f"the message of this call was not sent within {timeout_s:g} s"
        )
        while True:
            await asyncio.sleep(_WATCH_S)
            full = None
            try:
                self._api.check_memory()
            except errors.ServingError as error:
                full = error
            for receiving in tuple(self._receiving):
                if full is not None:
                    receiving.give_up(full)
                elif time.monotonic() - receiving.started_s > timeout_s:
                    receiving.give_up(late)


class _Receiving:
    """A call that waits for its message."""

    def __init__(self) -> None:
        self.reason: errors.ServingError | None = None
        self.started_s = time.monotonic()
        self._task = asyncio.current_task()

    def give_up(self, reason: errors.ServingError) -> None:
        """Ends the waiting."""
        assert self._task is not None
        self.reason = reason
        self._task.cancel()


def _credentials(tls: Any) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(tls.server_key.encode(), tls.server_cert.encode())],
        root_certificates=tls.custom_ca.encode() or None,
        require_client_auth=tls.client_verify,
    )
