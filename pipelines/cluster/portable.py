"""A cluster without Flink: Beam's own job service, and as many pools of workers as asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from pipelines.cluster import state
from pipelines.cluster.marked_processes import free_ports
from pipelines.cluster.starting import Command, new_mark, pool_command, start


def up(folder: Path, workers: int, say: Callable[[str], None]) -> state.Cluster:
    """Starts the cluster.

    Args:
        folder: Where it keeps its state and logs.
        workers: How many workers it has, each in a pool of its own, as on a host of its own.
        say: Told of each part that is ready.
    """
    job_port, *pool_ports = free_ports(1 + workers)
    pools = [pool_command(f"worker pool {n}", port) for n, port in enumerate(pool_ports, start=1)]
    addresses = ",".join(f"localhost:{port}" for port in pool_ports)
    words = (sys.executable, "-m", "pipelines.cluster.job_service", "--port", str(job_port))
    service = Command(name="job service", words=(*words, "--pools", addresses), port=job_port)
    cluster = state.Cluster(
        mark=new_mark(),
        kind=state.PORTABLE,
        workers=workers,
        job_port=job_port,
        pool_port=pool_ports[0],
    )
    return start(folder, cluster, [*pools, service], say)
