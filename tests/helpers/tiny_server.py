"""Fixtures: servers over tiny models, and plain TensorFlow Serving stubs.

A conftest.py has them by importing them.
"""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tiny_model import export

from serving.config import ServerConfig
from serving.server import Server


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """SavedModels of versions 1 and 2."""
    folder = tmp_path_factory.mktemp("templates")
    return {version: export(folder / str(version), f"v{version}") for version in (1, 2)}


@pytest.fixture(scope="session")
def publish(templates: dict[int, Path]) -> Callable[..., Path]:
    """Copies a version into place as a pusher does: saved_model.pb last."""

    def copy(root: Path, model: str, version: int, template: int | None = None) -> Path:
        source, target = templates[template or version], root / model / str(version)
        shutil.copytree(
            source, target, ignore=shutil.ignore_patterns("saved_model.pb"), dirs_exist_ok=True
        )
        part = target / "part"
        shutil.copy(source / "saved_model.pb", part)
        part.rename(target / "saved_model.pb")
        return target

    return copy


@dataclasses.dataclass
class Stubs:
    """The generated stubs on one channel, and shorthands."""

    channel: grpc.Channel

    def __post_init__(self) -> None:
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.model = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def request(
        self,
        model: str,
        signature: str = "",
        version: int | None = None,
        label: str | None = None,
        output_filter: tuple[str, ...] = (),
        **inputs: Any,
    ) -> predict_pb2.PredictRequest:
        request = predict_pb2.PredictRequest(output_filter=output_filter)
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        if label is not None:
            request.model_spec.version_label = label
        for name, value in inputs.items():
            is_proto = isinstance(value, type(tf.make_tensor_proto(0)))
            request.inputs[name].CopyFrom(value if is_proto else tf.make_tensor_proto(value))
        return request

    def predict(self, *args: Any, timeout: float = 20, **kwargs: Any) -> dict[str, Any]:
        response = self.prediction.Predict(self.request(*args, **kwargs), timeout=timeout)
        return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

    def states(self, model: str) -> dict[int, str]:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        response = self.model.GetModelStatus(request, timeout=10)
        name = get_model_status_pb2.ModelVersionStatus.State.Name
        return {entry.version: name(entry.state) for entry in response.model_version_status}

    def examples_request(
        self, kind: Any, model: str, signature: str, values: list[float]
    ) -> classification_pb2.ClassificationRequest:
        request = kind()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        for value in values:
            example = request.input.example_list.examples.add()
            example.features.feature["x"].float_list.value.append(value)
        return request


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Server, Stubs]]]:
    """Starts servers on free ports and stops them after the test."""
    running: list[tuple[Server, Stubs]] = []

    def start(models: Any, lines: list[str] | None = None, **config: Any) -> tuple[Server, Stubs]:
        settings = ServerConfig(**{"port": 0, "poll_interval_s": 0.05, **config})
        server = Server(models, settings, None if lines is None else lines.append)
        port = server.start()
        running.append((server, Stubs(grpc.insecure_channel(f"127.0.0.1:{port}"))))
        return running[-1]

    yield start
    for server, stubs in running:
        stubs.channel.close()
        server.stop(grace_s=5)


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory: pytest.TempPathFactory, publish: Callable[..., Path]) -> Path:
    """A root with one model, which no test changes."""
    root = tmp_path_factory.mktemp("shared")
    publish(root, "tiny", 1)
    return root


@pytest.fixture(scope="session")
def shared_server(shared_root: Path) -> Iterator[Server]:
    """A server that no test changes."""
    with Server(shared_root, ServerConfig(port=0, rest_port=0, poll_interval_s=0.5)) as server:
        yield server


@pytest.fixture(scope="session")
def stubs(shared_server: Server) -> Iterator[Stubs]:
    """Stubs on the shared server."""
    limit = 256 * 1024 * 1024
    options = [("grpc.max_send_message_length", limit), ("grpc.max_receive_message_length", limit)]
    with grpc.insecure_channel(f"127.0.0.1:{shared_server.port}", options=options) as channel:
        yield Stubs(channel)


@pytest.fixture
def connect() -> Iterator[Callable[[int], Stubs]]:
    """Connects stubs to a port."""
    connected: list[Stubs] = []

    def open_stubs(port: int) -> Stubs:
        connected.append(Stubs(grpc.insecure_channel(f"127.0.0.1:{port}")))
        return connected[-1]

    yield open_stubs
    for stubs in connected:
        stubs.channel.close()


@pytest.fixture
def serve_apart(connect: Callable[[int], Stubs]) -> Iterator[Callable[..., Stubs]]:
    """Starts servers in processes of their own and connects to them."""
    running: list[subprocess.Popen[str]] = []
    code = (
        "import sys\nfrom serving.config import ServerConfig\nfrom serving.server import Server\n"
        "server = Server(sys.argv[1], ServerConfig(port=0))\n"
        "print(server.start(), flush=True)\nserver.wait()\n"
    )

    def start(root: Path) -> Stubs:
        command = [sys.executable, "-c", code, str(root)]
        repository = Path(__file__).parents[2]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository))
        assert running[-1].stdout is not None
        return connect(int(running[-1].stdout.readline()))

    yield start
    for process in running:
        process.terminate()
        process.wait(60)


@pytest.fixture
def fails() -> Callable[..., str]:
    """Calls something, checks the code it fails with, and returns the message."""

    def check(code: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        with pytest.raises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        details = caught.value.details()
        assert caught.value.code().name == code, details
        assert "\n" not in details and "Traceback" not in details
        return str(details)

    return check


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits until something is true."""
    import time

    def wait(condition: Callable[[], bool], timeout_s: float = 15) -> None:
        end_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end_s, "it never became true"
            time.sleep(0.02)

    return wait
