"""Runs the command of a step: in a fresh interpreter, or in a fork of one that has imported much.

`fresh` is what a pod does. Most of its time is spent on importing TensorFlow and TFX, nine seconds
of a core for each step. `Forks` keeps a process that has imported them, for each environment that
containers are given, and forks it for each step: see `launcher_forks`. What a step's own modules
do when they are imported, they do in both.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

IMAGE = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
    "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
    "LANG": "C.UTF-8",
}
"""Variables of the image; the code is that of these tests, whatever is installed."""

Execute = Callable[[list[str], Path, Mapping[str, str], Mapping[str, str], Path], int]
"""Takes command, working folder, variables of the container, those of the pod, and the log."""


def fresh(
    command: list[str],
    work: Path,
    container: Mapping[str, str],
    pod: Mapping[str, str],
    log: Path,
) -> int:
    """Runs a command as a process of its own.

    Args:
        command: The program and its arguments.
        work: Working folder.
        container: Variables that containers of the run have in common.
        pod: Variables of this pod.
        log: File that gets what it says.

    Returns:
        The exit code.
    """
    with log.open("a", encoding="utf-8") as said:
        return subprocess.run(
            command,
            cwd=work,
            env={**container, **pod},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            check=False,
        ).returncode


class Forks:
    """Processes that have imported what steps need, by their environment."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="forks-")
        self._servers: dict[str, _Server] = {}
        self._lock = threading.Lock()

    def run(
        self,
        command: list[str],
        work: Path,
        container: Mapping[str, str],
        pod: Mapping[str, str],
        log: Path,
    ) -> int:
        """Runs `python -m MODULE` in a fork, and any other command as `fresh` does."""
        if command[:2] != ["python", "-m"]:
            return fresh(command, work, container, pod, log)
        key = json.dumps(container, sort_keys=True)
        with self._lock:
            if key not in self._servers:
                number = len(self._servers)
                self._servers[key] = _Server(Path(self._folder.name) / str(number), container)
        return self._servers[key].run(command[2:], work, {**container, **pod}, log)

    def close(self) -> None:
        """Ends the processes."""
        for server in self._servers.values():
            server.close()
        self._folder.cleanup()


class _Server:
    def __init__(self, folder: Path, container: Mapping[str, str]) -> None:
        folder.mkdir()
        self._socket = str(folder / "socket")
        self._log = folder / "log"
        with self._log.open("w", encoding="utf-8") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("launcher_forks.py")), self._socket],
                cwd=folder,
                env={**container, "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
            )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no process to fork: {self._log.read_text('utf-8')[-2000:]}")

    def run(
        self, arguments: list[str], work: Path, environment: Mapping[str, str], log: Path
    ) -> int:
        request = {
            "arguments": arguments,
            "work": str(work),
            "environment": dict(environment),
            "log": os.path.abspath(log),
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._socket)
            with connection.makefile("rwb") as stream:
                stream.write(json.dumps(request).encode() + b"\n")
                stream.flush()
                answer = stream.readline()
        if not answer:
            raise RuntimeError("the process that forks is gone")
        return int(answer)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
