"""Starts processes that bear a cluster's mark, and finds and ends all that bear it.

A process passes its environment on to those that it starts, so that one mark finds the workers of
a pool too, even where the pool itself was killed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

MARK_VARIABLE = "LIANXI_CLUSTER_ID"
_GRACE_S = 10.0
_LOOK_EVERY_S = 0.1


def start_marked(
    command: Sequence[str], mark: str, log: Path, folder: Path
) -> subprocess.Popen[bytes]:
    """Starts a process that outlives this one.

    Args:
        command: What to start.
        mark: The cluster's id.
        log: Where it writes what it says.
        folder: Where it works, and keeps what is temporary.
    """
    env = {**os.environ, MARK_VARIABLE: mark, "TMPDIR": str(folder)}
    with log.open("ab") as said:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            # Ctrl-C at the terminal is not meant for it.
            start_new_session=True,
        )


def find_marked(mark: str) -> list[int]:
    """Lists the living processes that bear a mark."""
    wanted = f"{MARK_VARIABLE}={mark}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        pid = int(place.name)
        if pid == os.getpid():
            continue
        # It may end meanwhile, or belong to somebody else.
        with suppress(OSError):
            if wanted in (place / "environ").read_bytes().split(b"\0") and _lives(place):
                found.append(pid)
    return sorted(found)


def end_marked(mark: str) -> list[int]:
    """Ends all processes that bear a mark, those too that they start meanwhile.

    Args:
        mark: The cluster's id.

    Returns:
        Those that could not be ended.
    """
    for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _GRACE_S)):
        end_s = time.monotonic() + patience_s
        told: set[int] = set()
        while left := find_marked(mark):
            for pid in set(left) - told:
                with suppress(OSError):
                    os.kill(pid, number)
            told.update(left)
            if time.monotonic() > end_s:
                break
            time.sleep(_LOOK_EVERY_S)
        else:
            return []
    return find_marked(mark)


def processor_seconds(pid: int) -> float:
    """Gives the processor time of a process, in seconds; 0 where it has ended.

    That of processes that it started and that have ended is in it.
    """
    with suppress(OSError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        ticks = text.rpartition(")")[2].split()[11:15]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def children(pid: int, among: Sequence[int]) -> list[int]:
    """Lists those of some processes that a process started."""
    found = []
    for each in among:
        with suppress(OSError):
            text = Path(f"/proc/{each}/stat").read_text(encoding="utf-8", errors="replace")
            if int(text.rpartition(")")[2].split()[1]) == pid:
                found.append(each)
    return found


def free_ports(count: int) -> list[int]:
    """Finds ports of the loopback on which nothing listens."""
    taken = [socket.socket() for _ in range(count)]
    try:
        for each in taken:
            each.bind(("localhost", 0))
        return [int(each.getsockname()[1]) for each in taken]
    finally:
        for each in taken:
            each.close()


def listens(port: int) -> bool:
    """Whether something listens on a port of the loopback."""
    with socket.socket() as tried:
        tried.settimeout(1.0)
        return not tried.connect_ex(("localhost", port))


def _lives(place: Path) -> bool:
    text = (place / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()[0] != "Z"
