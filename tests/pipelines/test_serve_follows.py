"""`lianxi serve` while `lianxi models` rolls back, labels and moves labels: no call fails."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tiny_server import Stubs

from pipelines import pinning, resident
from pipelines.environment import Environment

LIANXI = str(Path(sys.executable).parent / "lianxi")
NAME = "name_gender"
WAIT_S = 60.0
pytestmark = pytest.mark.e2e


class Caller:
    """Asks again and again, without retries, and counts who answers."""

    def __init__(self, stubs: Stubs, label: str | None = None) -> None:
        self._stubs, self._label = stubs, label
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.last = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._over.wait(0.002):
            try:
                answer = self._stubs.predict(NAME, label=self._label, name=["x"])
            except grpc.RpcError as error:
                self.failures.append(str(error))
            else:
                self.last = answer["label"][0].decode().partition(":")[0]
                self.answers[self.last] += 1

    def wait_for(self, mark: str) -> None:
        end_s = time.monotonic() + WAIT_S
        while self.last != mark and time.monotonic() < end_s:
            time.sleep(0.02)
        assert self.last == mark and not self.failures

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        assert not self.failures, self.failures[:3]


@pytest.fixture
def stubs(env_of_two: Environment) -> Iterator[Stubs]:
    """A `lianxi serve` of these."""
    words = ["serve", "--root", env_of_two.root, "--port", "0", "--no-rest", "--poll", "0.1"]
    process = subprocess.Popen([LIANXI, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = next(each for each in process.stdout if each.startswith("serving gRPC"))
        [port] = re.findall(r":(\d+)$", line.strip())
        threading.Thread(target=process.stdout.read, daemon=True).start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Stubs(channel)
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_rollback_and_canary_while_clients_ask(
    env_of_two: Environment, stubs: Stubs, publish: Callable[..., Path]
) -> None:
    anyone = Caller(stubs)
    anyone.wait_for("v2")
    assert resident.find(env_of_two, NAME)
    assert pinning.roll_back(env_of_two, NAME) == 1
    anyone.wait_for("v1")
    # What is pushed meanwhile is not served.
    publish(Path(env_of_two.models_dir), NAME, 3, template=2)
    time.sleep(1.0)
    assert anyone.last == "v1"
    pinning.unpin(env_of_two, NAME)
    anyone.wait_for("v2")
    pinning.label(env_of_two, NAME, "stable", 1)
    end_s = time.monotonic() + WAIT_S
    while stubs.states(NAME).get(1) != "AVAILABLE" and time.monotonic() < end_s:
        time.sleep(0.05)
    time.sleep(0.5)
    stable = Caller(stubs, "stable")
    stable.wait_for("v1")
    # The canary goes to a version that is pushed, and the stable name is moved there and back.
    pinning.label(env_of_two, NAME, "canary", 3)
    time.sleep(0.5)
    canary = Caller(stubs, "canary")
    canary.wait_for("v2")
    publish(Path(env_of_two.models_dir), NAME, 4, template=1)
    anyone.wait_for("v1")
    pinning.label(env_of_two, NAME, "canary", 4)
    canary.wait_for("v1")
    pinning.label(env_of_two, NAME, "stable", 2)
    stable.wait_for("v2")
    pinning.label(env_of_two, NAME, "stable", 1)
    stable.wait_for("v1")
    pinning.roll_back(env_of_two, NAME, to=4)
    time.sleep(0.5)
    for caller in (anyone, stable, canary):
        caller.stop()
        print(dict(caller.answers), "failed:", len(caller.failures))
        assert min(caller.answers["v1"], caller.answers["v2"]) > 0
