"""Beam's portable job service with workers that are processes elsewhere, as a remote engine has.

Workers begin in a folder of their own and know nothing of the step's but what they are sent. Files
that they write are theirs alone, by which they are told from those of steps.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_S = 60.0


@contextmanager
def portable_engine(folder: Path) -> Iterator[list[str]]:
    """Starts the job service and a pool of workers.

    Args:
        folder: An empty folder, in which they work and write their logs.

    Yields:
        Beam's arguments that use them.
    """
    job_port, pool_port = _free_port(), _free_port()
    # The pool starts `python`, whichever comes first.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    env = {"PATH": path, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    commands = {
        "runners.portability.local_job_service_main": ["--port", str(job_port)],
        "runners.worker.worker_pool_main": ["--service_port", str(pool_port)],
    }
    started = []
    try:
        for module, arguments in commands.items():
            with (folder / f"{module}.log").open("w", encoding="utf-8") as log:
                command = [sys.executable, "-m", f"apache_beam.{module}", *arguments]
                process = subprocess.Popen(
                    command, cwd=folder, env=env, stdout=log, stderr=log, umask=0o077
                )
                started.append(process)
        for port in (job_port, pool_port):
            _wait_for(port)
        yield [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{job_port}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool_port}",
            "--sdk_container_image=unused",
        ]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        with socket.socket() as tried:
            if not tried.connect_ex(("localhost", port)):
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port} after {_PATIENCE_S:.0f} s")
