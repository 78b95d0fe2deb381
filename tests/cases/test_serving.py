"""What people's gRPC clients send, by the probe that is kept with the cases."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from smoke import LIANXI, SmokeRun

# As TensorFlow Serving answers each line of the probe.
EXPECTED = {
    "plain": "ok",
    "default signature, by name": "ok",
    "no such signature": "FAILED_PRECONDITION",
    "no such model": "NOT_FOUND",
    "no such version": "NOT_FOUND",
    "version label": "INVALID_ARGUMENT",
    "missing input": "INVALID_ARGUMENT",
    "another input's name": "INVALID_ARGUMENT",
    "one input too many": "INVALID_ARGUMENT",
    "scalar, no batch dimension": "INVALID_ARGUMENT",
    "[1,1]": "INVALID_ARGUMENT",
    "wrong dtype": "INVALID_ARGUMENT",
    "empty batch": "ok",
    "batch of 5000": "ok",
    "bytes that are not UTF-8": "ok",
    "NUL, emoji, 1 MB name": "ok",
    "shape says 3, one value": "ok",
    "output_filter of nothing": "INVALID_ARGUMENT",
    "output_filter": "ok",
    "GetModelMetadata, no field": "INVALID_ARGUMENT",
    "GetModelMetadata": "ok",
    "GetModelStatus": "ok",
    "Classify serve_examples": "ok",
    "Classify without a signature": "INVALID_ARGUMENT",
    "Regress": "INVALID_ARGUMENT",
    # No such model is there.
    "captcha": "NOT_FOUND",
    "gzip compression": "ok",
    "deadline 1 ms": "DEADLINE_EXCEEDED",
}


@pytest.fixture
def port(run_of_one: SmokeRun) -> Iterator[int]:
    """Where `lianxi serve` serves the model of the smoke run."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        number = free.getsockname()[1]
    words = [LIANXI, "serve", "--root", str(run_of_one.root), "--env", "smoke"]
    process = subprocess.Popen(
        [*words, "--port", str(number), "--rest-port", "0"], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(number, time.monotonic() + 300)
        yield number
    finally:
        process.terminate()
        assert process.wait(timeout=60) is not None


def wait_for(port: int, end_s: float) -> None:
    """Waits until a server listens, which it does once its models are loaded."""
    while True:
        try:
            socket.create_connection(("localhost", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end_s
            time.sleep(0.2)


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_clients_are_answered_as_by_tensorflow_serving(
    case: Callable[[str], Path], port: int
) -> None:
    probe = case("70") / "probe.py"
    words = [sys.executable, str(probe), str(port)]
    said = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout
    lines = said.strip().splitlines()
    assert len(lines) >= len(EXPECTED)
    for line in lines:
        what = next((what for what in EXPECTED if line.startswith(what)), "")
        assert what, f"the probe says what is not expected: {line}"
        [code] = re.findall(r"  +(ok|[A-Z_]+|client \w+)\b", line[len(what) :] + " ")[:1]
        assert code == EXPECTED[what], line
