"""Apache Flink, reached through the job server that Beam has for it."""

from __future__ import annotations

import re
from pathlib import Path

from modules.common.runtime.errors import WrongUsage
from pipelines.engines.local import UNPACKED

MASTER_VARIABLE = "LIANXI_FLINK_MASTER"
JOB_SERVER_VARIABLE = "LIANXI_JOB_SERVER"
# Said here too, so that a run and the cluster of `lianxi cluster` have the same.
FLINK_LINE = "1.20"
# Where Beam's worker pool listens beside a TaskManager, as Beam's own examples have it.
SIDECAR = "localhost:50000"
_SIDECAR_ARGS = ("--environment_type=EXTERNAL", f"--environment_config={SIDECAR}", *UNPACKED)
_ADDRESS = re.compile(r"(https?://)?([\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")


def check_address(given: str, whose: str = "Flink's JobManager") -> str:
    """Gives an address as `HOST:PORT`.

    Args:
        given: What a person gave.
        whose: Who is there.

    Raises:
        WrongUsage: If it is no such address.
    """
    found = _ADDRESS.fullmatch(given.strip().rstrip("/"))
    if not found or not 0 < int(found[3]) < 65536:
        raise WrongUsage(
            f"expected the address of {whose} as HOST:PORT, found {given!r}; the JobManager's REST "
            "service listens on 8081, Beam's job server on 8099, unless they were told otherwise"
        )
    return f"{found[2]}:{found[3]}"


def beam_args(master: str, jar: Path | None = None) -> tuple[str, ...]:
    """Says what Beam is told for a cluster elsewhere, to which it starts a job server itself.

    Args:
        master: `HOST:PORT` of the JobManager's REST service.
        jar: Beam's job server; Beam looks for it where not given.
    """
    return (
        "--runner=FlinkRunner",
        f"--flink_master={check_address(master)}",
        f"--flink_version={FLINK_LINE}",
        *((f"--flink_job_server_jar={jar}",) if jar else ()),
        *_SIDECAR_ARGS,
    )


def job_server_args(address: str) -> tuple[str, ...]:
    """Says what Beam is told for a job server that runs beside a cluster elsewhere.

    Args:
        address: `HOST:PORT` of the job server.
    """
    return (
        "--runner=PortableRunner",
        f"--job_endpoint={check_address(address, whose='the job server')}",
        *_SIDECAR_ARGS,
    )
