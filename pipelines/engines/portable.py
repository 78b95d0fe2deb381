"""A job service that stays up, reached by Beam's portable protocol: Flink's, or Beam's own."""

from __future__ import annotations

from pipelines.engines.local import UNPACKED


def beam_args(job_port: int, pool_port: int, workers: int) -> tuple[str, ...]:
    """Says what Beam is told for a job service on this machine.

    Args:
        job_port: Where it listens.
        pool_port: Where workers are asked for.
        workers: On how many of them a step runs.
    """
    return (
        "--runner=PortableRunner",
        f"--job_endpoint=localhost:{job_port}",
        "--environment_type=EXTERNAL",
        f"--environment_config=localhost:{pool_port}",
        f"--parallelism={workers}",
        *UNPACKED,
    )
