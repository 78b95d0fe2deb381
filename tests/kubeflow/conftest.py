"""Servers that play S3 and KFP's API, and who asks them; processes that steps are forked from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api_server import ApiServer
from asking import Ask, asker, pretend_to_compile
from launcher_process import Forks
from moto.server import ThreadedMotoServer

from kubeflow.step.store_location import ENDPOINT_VARIABLE


@pytest.fixture(scope="session")
def s3_variables() -> Iterator[dict[str, str]]:
    """Starts the server; gives the variables by which a step finds it and may use it."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        ENDPOINT_VARIABLE: f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    server.stop()


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """Plays a KFP without users."""
    with ApiServer() as running:
        yield running


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """The documents that compiling gives; a test may change them."""
    return pretend_to_compile(monkeypatch)


@pytest.fixture
def ask(
    server: ApiServer,
    packages: list[dict],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """Runs `lianxi tfx`; gives exit code, standard output and the error stream."""
    return asker(server, monkeypatch, capsys)


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Processes that have imported what steps import."""
    forks = Forks()
    yield forks
    forks.close()
