"""What is known of the cluster of a root: its parts, ports and logs, in a file beside its logs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from modules.common.runtime.errors import LianxiError

_FILE = "cluster.json"
FLINK, PORTABLE = "flink", "portable"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A process of a cluster.

    Attributes:
        name: What it is, such as `worker pool 1`.
        port: Where it listens; 0 where it does not.
        log: The file it writes to.
        pid: Its process.
    """

    name: str
    port: int
    log: str
    pid: int = 0


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster of processes on this machine.

    Attributes:
        mark: Its id, which every process of it bears.
        kind: `flink` or `portable`.
        workers: How many workers it has.
        job_port: Where Beam's job service listens.
        pool_port: Where workers are asked for.
        work: The folder in which its processes work, for what is temporary.
        rest_port: Where Flink's JobManager answers; 0 without Flink.
        parts: Its processes.
    """

    mark: str
    kind: str
    workers: int
    job_port: int
    pool_port: int
    work: str = ""
    rest_port: int = 0
    parts: tuple[Part, ...] = ()


def read(folder: Path) -> Cluster | None:
    """Reads what was written of a root's cluster.

    Args:
        folder: The cluster's folder.

    Raises:
        LianxiError: If the file is no such thing.
    """
    path = folder / _FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Cluster(**{**kept, "parts": tuple(Part(**each) for each in kept["parts"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise LianxiError(
            f"{path} does not say what a cluster is; remove it, and end what it left by hand"
        ) from error


def write(folder: Path, cluster: Cluster) -> None:
    """Writes what a cluster is, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{_FILE}.new"
    written.write_text(json.dumps(asdict(cluster), indent=1), encoding="utf-8")
    written.replace(folder / _FILE)


def forget(folder: Path) -> None:
    """Forgets a cluster that has ended."""
    (folder / _FILE).unlink(missing_ok=True)
