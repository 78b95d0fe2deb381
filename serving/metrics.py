"""Prometheus metrics of a server, and the HTTP port they are read from.

Names and buckets of the latency are TensorFlow Serving's, so a dashboard for it works here. One
difference: prometheus-client ends a counter's name in `_total`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import grpc
import prometheus_client

from serving.config import METRICS_PATH

# Scale 10 µs, power 1.8, 33 buckets: tensorflow_serving/servables/tensorflow/util.cc.
_LATENCY_BUCKETS_US = tuple(10 * 1.8**power for power in range(33))
_ROWS_BUCKETS = tuple(2.0**power for power in range(11))


class Metrics:
    """What one server counts.

    Attributes:
        registry: Where the metrics are registered; one per server, so that several servers in
            one process do not mix.
    """

    def __init__(self) -> None:
        """Registers the metrics."""
        self.registry = prometheus_client.CollectorRegistry()
        prefix = ":tensorflow:serving:"
        self._request_children: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self._requests = prometheus_client.Counter(
            f"{prefix}request_count",
            "Requests answered.",
            ["model_name", "API", "signature", "status"],
            registry=self.registry,
        )
        self._latency_us = prometheus_client.Histogram(
            f"{prefix}request_latency",
            "Wall time of a request, in microseconds.",
            ["model_name", "API", "signature", "status", "entrypoint"],
            buckets=_LATENCY_BUCKETS_US,
            registry=self.registry,
        )
        self._batch_rows = prometheus_client.Histogram(
            f"{prefix}batching_session:processed_batch_size",
            "Rows in one run of the graph, padding included.",
            ["signature"],
            buckets=_ROWS_BUCKETS,
            registry=self.registry,
        )
        self._loaded = prometheus_client.Gauge(
            f"{prefix}model_version_loaded",
            "1 while the version can be asked.",
            ["model_name", "version"],
            registry=self.registry,
        )
        self._load_failures = prometheus_client.Counter(
            f"{prefix}model_load_failures",
            "Versions that could not be loaded.",
            ["model_name"],
            registry=self.registry,
        )

    def request(
        self,
        model: str,
        api: str,
        signature: str,
        code: grpc.StatusCode,
        seconds: float,
        entrypoint: str,
    ) -> None:
        """Counts one request.

        Args:
            model: Name of the model; empty for one that is not served, so that callers cannot
                invent label values.
            api: Name of the method, such as `Predict`.
            signature: Name of the signature; empty likewise.
            code: How it ended.
            seconds: How long it took.
            entrypoint: `GRPC` or `REST`.
        """
        key = (model, api, signature, code, entrypoint)
        children = self._request_children.get(key)
        if children is None:
            labels = (model, api, signature, code.name)
            children = (
                self._requests.labels(*labels),
                self._latency_us.labels(*labels, entrypoint),
            )
            self._request_children[key] = children
        children[0].inc()
        children[1].observe(seconds * 1e6)

    def batch(self, signature: str, rows: int) -> None:
        """Counts one run of the graph.

        Args:
            signature: Name of the signature.
            rows: Rows run, padding included.
        """
        self._batch_rows.labels(signature).observe(rows)

    def note_loaded(self, model: str, version: int, is_loaded: bool) -> None:
        """Records that a version came or went.

        Args:
            model: Name of the model.
            version: The version.
            is_loaded: Whether it can be asked.
        """
        if is_loaded:
            self._loaded.labels(model, str(version)).set(1)
        else:
            self._loaded.remove(model, str(version))

    def read(self, name: str) -> int:
        """Reads a metric by TensorFlow Serving's own name.

        Args:
            name: Such as `/tensorflow/serving/request_count`.

        Returns:
            Its value, summed over its labels; of a distribution, how many values it has; 0 for
            one that does not exist.
        """
        exported = name.replace("/", ":")
        wanted = {exported, f"{exported}_total", f"{exported}_count"}
        return int(
            sum(
                sample.value
                for metric in self.registry.collect()
                for sample in metric.samples
                if sample.name in wanted
            )
        )

    def load_failed(self, model: str) -> None:
        """Counts a version that could not be loaded.

        Args:
            model: Name of the model.
        """
        self._load_failures.labels(model).inc()


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a scrape every few seconds is no news."""


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class MetricsServer:
    """Serves a registry at one path; any other is 404."""

    def __init__(
        self, metrics: Metrics, host: str, port: int, metrics_path: str = METRICS_PATH
    ) -> None:
        """Binds and starts.

        Args:
            metrics: What to serve.
            host: Address to bind.
            port: Port to bind; 0 picks a free one.
            metrics_path: The path.

        Raises:
            OSError: The port is taken.
        """
        expose = prometheus_client.make_wsgi_app(metrics.registry)

        def application(
            environ: dict[str, Any], start_response: Callable[..., Any]
        ) -> Iterable[bytes]:
            if environ["PATH_INFO"] == metrics_path:
                return expose(environ, start_response)
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [f"metrics are at {metrics_path}\n".encode()]

        self._server = make_server(host, port, application, _ThreadingServer, _QuietHandler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stops and frees the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
