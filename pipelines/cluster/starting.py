"""Starts the parts of a cluster in their order, and waits until each answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from modules.common.runtime.errors import LianxiError
from pipelines import temporary
from pipelines.cluster import state
from pipelines.cluster.marked_processes import end_marked, find_marked, listens, start_marked

_PATIENCE_S = 180.0
_LOOK_EVERY_S = 0.2
_LAST_LINES = 5


@dataclass(frozen=True, kw_only=True)
class Command:
    """How a part is started.

    Attributes:
        name: What the part is.
        words: Its command line.
        port: Where it will listen; 0 where it does not.
        is_ready: Whether it does what it is for; asked after it listens.
    """

    name: str
    words: Sequence[str]
    port: int = 0
    is_ready: Callable[[], bool] = lambda: True


def pool_command(name: str, port: int) -> Command:
    """Says how a pool of Beam's Python workers is started.

    Args:
        name: What it is called.
        port: Where it listens.
    """
    words = (sys.executable, "-m", "pipelines.cluster.worker_pool", f"--service_port={port}")
    return Command(name=name, words=words, port=port)


def start(
    folder: Path,
    cluster: state.Cluster,
    commands: Sequence[Command],
    say: Callable[[str], None],
) -> state.Cluster:
    """Starts a cluster's parts; what began is ended again where one of them fails.

    Args:
        folder: The cluster's folder.
        cluster: What it will be, without parts.
        commands: How its parts are started, in their order.
        say: Told of each part that is ready.

    Returns:
        The cluster with its parts.

    Raises:
        LianxiError: If a part ends, or does not answer in time.
    """
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    # Sockets are in it, whose paths may not be long.
    work = tempfile.mkdtemp(prefix="lianxi-cluster-", dir=temporary.lasting_base())
    cluster = replace(cluster, work=work)
    state.write(folder, cluster)
    try:
        # All at once: most of the time goes into imports, which wait for nobody.
        started = []
        for command in commands:
            log = logs / f"{command.name.replace(' ', '_')}.log"
            log.unlink(missing_ok=True)
            process = start_marked(command.words, cluster.mark, log, Path(work))
            part = state.Part(name=command.name, port=command.port, log=str(log), pid=process.pid)
            cluster = replace(cluster, parts=(*cluster.parts, part))
            state.write(folder, cluster)
            started.append((command, process, log))
        end_s = time.monotonic() + _PATIENCE_S
        for command, process, log in started:
            _wait_for(command, process, log, end_s)
            say(f"{command.name} is ready")
    except BaseException:
        stop(folder, cluster)
        raise
    return cluster


def stop(folder: Path, cluster: state.Cluster) -> None:
    """Ends a cluster's processes, and removes what is temporary of it; its logs stay.

    Args:
        folder: The cluster's folder.
        cluster: What was started.

    Raises:
        LianxiError: If a process does not end.
    """
    if left := end_marked(cluster.mark):
        raise LianxiError(
            f"{len(left)} processes of the cluster do not end: {', '.join(map(str, left))}; end "
            "them by kill -9, then give the same command again"
        )
    if cluster.work:
        shutil.rmtree(cluster.work, ignore_errors=True)
    state.forget(folder)


def find_running(folder: Path) -> state.Cluster | None:
    """Gives a root's cluster, if a process of it lives; forgets one that is gone.

    Args:
        folder: The cluster's folder.
    """
    cluster = state.read(folder)
    if cluster is None or find_marked(cluster.mark):
        return cluster
    stop(folder, cluster)
    return None


def new_mark() -> str:
    """Makes an id that no other cluster has."""
    return uuid.uuid4().hex


def find_silent(cluster: state.Cluster) -> list[state.Part]:
    """Gives the parts that do not answer any more."""
    living = set(find_marked(cluster.mark))
    return [
        part
        for part in cluster.parts
        if part.pid not in living or (part.port and not listens(part.port))
    ]


def _wait_for(command: Command, process: subprocess.Popen[bytes], log: Path, end_s: float) -> None:
    while not ((not command.port or listens(command.port)) and command.is_ready()):
        if process.poll() is not None:
            raise LianxiError(
                f"{command.name} ended with code {process.returncode}: {_last_words(log)}; all it "
                f"said is in {log}"
            )
        if time.monotonic() > end_s:
            raise LianxiError(
                f"{command.name} does not answer after {_PATIENCE_S:.0f} s; what it said is in "
                f"{log}"
            )
        time.sleep(_LOOK_EVERY_S)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " / ".join(line.strip() for line in lines[-_LAST_LINES:]) or "it said nothing"
