"""Whether a request fails while versions come and go: load on `lianxi serve`, and swaps.

    python benchmarks/serving_swaps.py lianxi_runs/models --minutes 60 --swap-s 30

Copies name_gender's newest version into a folder of its own, serves it in a process of its own,
pushes the same model as the next version every so often and removes the oldest but two. Clients ask
in turn, with a pause between, over gRPC and REST, and every answer is held against the first.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from serving_load import free_port

from lianxi_client import Client, ClientError

MODEL = "name_gender"
NAMES = ["王婷婷", "李强", "田野", "高帅富"]
PAUSE_S = 0.02
CLIENTS_OF_EACH = 2


def push(source: Path, target: Path) -> None:
    """Copies a version as Pusher does: `saved_model.pb` last."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("saved_model.pb"))
    shutil.copy(source / "saved_model.pb", target / "part")
    (target / "part").rename(target / "saved_model.pb")


class Load:
    """Clients that ask until they are told to stop."""

    def __init__(self, addresses: list[str]) -> None:
        """Prepares.

        Args:
            addresses: Of gRPC and REST.
        """
        self.times_s: dict[str, list[float]] = collections.defaultdict(list)
        self.failures: list[str] = []
        self.end = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(address,))
            for address in addresses
            for _ in range(CLIENTS_OF_EACH)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Waits for the last answers."""
        self.end.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, address: str) -> None:
        kind = "REST" if address.startswith("http") else "gRPC"
        with Client(address, max_retries=0) as client:
            first = client.predict(MODEL, name=NAMES)
            while not self.end.wait(PAUSE_S):
                start_s = time.perf_counter()
                try:
                    answer = client.predict(MODEL, name=NAMES)
                except ClientError as error:
                    self.failures.append(f"{time.strftime('%H:%M:%S')} {kind} {error}")
                    continue
                self.times_s[kind].append(time.perf_counter() - start_s)
                if list(answer["label"]) != list(first["label"]):
                    self.failures.append(f"{kind} answered {answer['label']}")


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, help="folder of pushed models, with name_gender")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--swap-s", type=float, default=30, help="seconds between swaps")
    arguments = parser.parse_args()
    source = max((arguments.models / MODEL).iterdir(), key=lambda path: int(path.name))
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / MODEL
        push(source, folder / "1")
        grpc_port, rest_port = free_port(), free_port()
        code = (
            "import sys\nfrom serving.config import ServerConfig\n"
            "from serving.server import Server\n"
            f"server = Server({root!r}, ServerConfig(port={grpc_port}, rest_port={rest_port}))\n"
            "server.start()\nserver.wait()\n"
        )
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        try:
            address = f"127.0.0.1:{grpc_port}"
            with Client(address) as client:
                client.wait_until_ready(MODEL, timeout_s=300)
            load = Load([address, f"http://127.0.0.1:{rest_port}"])
            watch(psutil.Process(process.pid), load, folder, source, arguments)
            load.stop()
        finally:
            process.terminate()
            process.wait()
    for failure in load.failures[:20]:
        print(failure)


def watch(
    process: psutil.Process,
    load: Load,
    folder: Path,
    source: Path,
    arguments: argparse.Namespace,
) -> None:
    """Swaps versions until the time is over, and prints a line every five minutes."""
    start_s = time.monotonic()
    version, said = 1, 0
    while time.monotonic() - start_s < arguments.minutes * 60 and process.is_running():
        time.sleep(arguments.swap_s)
        version += 1
        push(source, folder / str(version))
        for old in sorted(folder.iterdir(), key=lambda path: int(path.name))[:-3]:
            shutil.rmtree(old)
        minutes = (time.monotonic() - start_s) / 60
        if minutes >= said or minutes >= arguments.minutes:
            said += 5
            report(process, load, minutes, version - 1)


def report(process: psutil.Process, load: Load, minutes: float, swaps: int) -> None:
    """Prints what there is so far."""
    parts = []
    for kind, times_s in sorted(load.times_s.items()):
        p50, p99 = np.percentile(times_s, [50, 99]) * 1000
        parts.append(f"{kind} {len(times_s)} p50 {p50:.1f} p99 {p99:.1f} ms")
    memory_mib = process.memory_info().rss / 2**20
    print(
        f"{minutes:5.1f} min  {swaps} swaps  {len(load.failures)} failed  "
        f"{'  '.join(parts)}  {memory_mib:.0f} MiB",
        flush=True,
    )


if __name__ == "__main__":
    main()
