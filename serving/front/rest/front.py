"""TensorFlow Serving's REST API: status, metadata, predict, classify, regress; metrics.

Source: `tensorflow_serving/model_servers/http_server.cc` and `http_rest_api_handler.cc`.
Differences: an answer may be gzip, where TensorFlow Serving compresses none; a body too large is
413, one too slow 408; TLS; `/openapi.json` describes the models that are loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import re
import socket
import time
from typing import Any

import grpc
import prometheus_client.exposition
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from serving import errors
from serving.calls.api import LARGE_BYTES, Api
from serving.calls.limits import COPIES_OF_A_MESSAGE, exhausted
from serving.config import ServerConfig
from serving.front.rest import calls, listen, openapi, output_values, paths, request_body
from serving.metrics import Metrics

OPENAPI_PATH = "/openapi.json"
_JSON = "application/json"
_HOST = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_COMPRESS_FROM_BYTES = 4_096
# A caller may read an answer as slowly as this, in bytes a second, before it is given up.
_SLOWEST_READER_BYTES_S = 65_536
# `ToHTTPStatusCode`; what is not here is 500.
HTTP_STATUS = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.UNAUTHENTICATED: 401,
}


class RestFront:
    """Listens on the REST port and turns what comes into calls. Lives in one event loop."""

    def __init__(self, api: Api, config: ServerConfig, metrics: Metrics) -> None:
        """Prepares; nothing is bound before `start`.

        Args:
            api: Answers the calls.
            config: Port, limits, origins and certificates.
            metrics: What is shown at the configured path.
        """
        self._api = api
        self._config = config
        self._metrics = metrics
        self._calls = calls.Calls(api)
        self._sockets: list[socket.socket] = []
        self._server: web.Server | None = None
        self._runner: web.ServerRunner | None = None

    def bind(self) -> int:
        """Takes the port; callers wait until `start`.

        Returns:
            The port.

        Raises:
            OSError: The port is taken.
        """
        self._sockets = listen.open_sockets(self._config.host, self._config.rest_port or 0)
        return int(self._sockets[0].getsockname()[1])

    async def start(self) -> int:
        """Begins to answer.

        Returns:
            The port.

        Raises:
            OSError: The port is taken.
            ValueError: The certificates are none.
        """
        context = listen.make_context(self._config.tls) if self._config.tls else None
        if not self._sockets:
            self.bind()
        self._server = web.Server(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            logger=_make_log(),
            keepalive_timeout=self._config.receive_timeout_s,
            auto_decompress=False,
            lingering_time=1.0,
        )
        self._runner = web.ServerRunner(self._server, handle_signals=False)
        await self._runner.setup()
        for each in self._sockets:
            await web.SockSite(self._runner, each, ssl_context=context).start()
        return int(self._sockets[0].getsockname()[1])

    async def stop(self, grace_s: float) -> None:
        """Refuses new connections, finishes the requests in flight, frees the port.

        Args:
            grace_s: How long they may take, in seconds; then they are cut off.
        """
        if self._runner is not None and self._server is not None:
            for site in tuple(self._runner.sites):
                await site.stop()
            # Idle connections end now, busy ones with their request.
            self._server.pre_shutdown()
            # A timeout of 0 would be none to aiohttp.
            await self._server.shutdown(max(grace_s, 0.01))
            await self._runner.cleanup()
            self._runner = None
        for each in self._sockets:
            each.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        with request_body.Held(self._api.admit) as held:
            try:
                response = await self._answer(request, held)
            except ConnectionError:
                # The caller broke off; nobody is there to be told, and nothing is wrong here.
                response = web.Response(status=HTTP_STATUS[grpc.StatusCode.CANCELLED])
            except Exception as error:
                response = _failure(errors.to_serving_error(error))
            if not request.content.is_eof():
                # What was not read would be read as the next request.
                response.force_close()
            self._allow_origin(request, response)
            # Which versions of what serve is nobody's business.
            response.headers[hdrs.SERVER] = "Lianxi"
            await self._send(request, response)
            return response

    async def _send(self, request: web.BaseRequest, response: web.Response) -> None:
        """Sends within bounds of time, so that a caller who reads nothing holds no memory."""
        size_bytes = len(response.body) if isinstance(response.body, bytes) else 0
        limit_s = self._config.receive_timeout_s + size_bytes / _SLOWEST_READER_BYTES_S
        timer = asyncio.get_running_loop().call_later(limit_s, _hang_up, request)
        try:
            await _write(request, response)
        finally:
            timer.cancel()

    async def _answer(self, request: web.BaseRequest, held: request_body.Held) -> web.Response:
        path = _path(request)
        if path.partition("?")[0] == self._config.metrics_path:
            return await self._show_metrics(request)
        if path == OPENAPI_PATH and request.method == hdrs.METH_GET:
            description = openapi.describe(self._api, self._config)
            return await self._respond(request, description)
        if not paths.is_api(path):
            raise errors.not_found(
                f"nothing is at {path[:200]}; models are at /v1/models/NAME, what can be asked of "
                f"them is said at {OPENAPI_PATH}"
            )
        if request.method == hdrs.METH_OPTIONS:
            return _answer_preflight(request)
        target = paths.read_path(request.method, path)
        timeout_s = self._config.rest_timeout_s
        until_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        if request.method == hdrs.METH_GET:
            return await self._respond(request, self._calls.describe(target))
        body = await request_body.receive(
            request,
            self._config.max_message_bytes,
            self._config.receive_timeout_s,
            held,
            lambda work: self._api.convert(LARGE_BYTES + 1, work),
        )
        needed_bytes = await self._api.convert(
            len(body), lambda: request_body.estimate_needed_bytes(body)
        )
        if needed_bytes * COPIES_OF_A_MESSAGE > self._config.max_in_flight_bytes:
            raise exhausted(
                f"this body of {len(body)} bytes has too many values, texts or brackets to be "
                "read at once; send fewer examples at once"
            )
        held.hold(needed_bytes)
        call = self._calls.answer(target, body, until_s)
        if timeout_s is None:
            return await self._respond(request, await call)
        try:
            # What is cancelled ends its run, if nobody else waits for it.
            answer = await asyncio.wait_for(call, until_s - time.monotonic())
        except (asyncio.TimeoutError, TimeoutError):
            raise errors.deadline_exceeded("Deadline Exceeded") from None
        return await self._respond(request, answer)

    async def _respond(self, request: web.BaseRequest, body: bytes) -> web.Response:
        headers = {hdrs.CONTENT_TYPE: _JSON}
        if len(body) >= _COMPRESS_FROM_BYTES and _takes_gzip(request):
            plain = body
            body = await self._api.convert(
                len(plain) * calls.WORK_OF_JSON, lambda: request_body.compress(plain)
            )
            headers |= {hdrs.CONTENT_ENCODING: "gzip", hdrs.VARY: hdrs.ACCEPT_ENCODING}
        return web.Response(body=body, headers=headers)

    async def _show_metrics(self, request: web.BaseRequest) -> web.Response:
        metrics_path = self._config.metrics_path
        if _path(request) != metrics_path:
            message = f"Unexpected path: {_path(request)}. Should be {metrics_path}"
            return web.Response(text=message, status=400)
        accept = request.headers.get(hdrs.ACCEPT, "")
        write, content_type = prometheus_client.exposition.choose_encoder(accept)
        body = await self._api.convert(LARGE_BYTES + 1, lambda: write(self._metrics.registry))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    def _allow_origin(self, request: web.BaseRequest, response: web.Response) -> None:
        """Tells a browser which pages may read the answer.

        Source: `AddCORSHeaders`, which knows only `*`.
        """
        origins, path = self._config.cors_origins, _path(request)
        if not origins or not (paths.is_api(path) or path == OPENAPI_PATH):
            return
        origin = request.headers.get(hdrs.ORIGIN, "")
        if "*" in origins:
            allowed = "*"
        else:
            response.headers.add(hdrs.VARY, hdrs.ORIGIN)
            if origin not in origins:
                return
            allowed = origin
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = allowed
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "POST, GET"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "Content-Type"


async def _write(request: web.BaseRequest, response: web.Response) -> None:
    # A caller who is gone is no fault of anybody's.
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        await response.write_eof()


def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()


def _make_log() -> logging.Logger:
    """Makes a log in which callers who speak no HTTP leave no trace."""
    log = logging.getLogger(f"{__name__}.http")
    log.addFilter(_is_own_fault)
    return log


def _is_own_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, ConnectionError))


def _path(request: web.BaseRequest) -> str:
    """Gives path and query as sent, without the host that proxies put before them."""
    match = _HOST.match(request.raw_path)
    return request.raw_path[match.end() :] if match else request.raw_path


def _takes_gzip(request: web.BaseRequest) -> bool:
    return "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "").lower()


def _answer_preflight(request: web.BaseRequest) -> web.Response:
    origin = request.headers.get(hdrs.ORIGIN, "")
    if "http://" not in origin and "https://" not in origin:
        raise errors.failed_precondition("Origin header is missing in CORS preflight")
    return web.Response()


def _failure(error: errors.ServingError) -> web.Response:
    status: Any = getattr(error, "status", None) or HTTP_STATUS.get(error.code, 500)
    return web.Response(
        body=output_values.write_error(error.message),
        status=int(status),
        headers={hdrs.CONTENT_TYPE: _JSON},
    )
