"""A server that plays S3, and MinIO, for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from kubeflow.object_store import ENDPOINT_VARIABLE


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
