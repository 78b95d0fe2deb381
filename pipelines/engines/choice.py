"""Chooses the engine of a run by its name, and finds where it is."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from modules.common.runtime.errors import LianxiError, WrongUsage, did_you_mean
from pipelines.cluster import starting, state
from pipelines.cluster.flink_jars import find_job_server_jar
from pipelines.engines import flink, local, portable
from pipelines.environment import Environment

ENGINE_VARIABLE = "LIANXI_ENGINE"
LOCAL, FLINK, PORTABLE = "local", state.FLINK, state.PORTABLE
ENGINES = (LOCAL, FLINK, PORTABLE)


def with_engine(
    env: Environment,
    engine: str | None = None,
    flink_master: str | None = None,
    beam: tuple[str, ...] = (),
    job_server: str | None = None,
) -> Environment:
    """Gives an environment whose pipelines run on an engine.

    Args:
        env: The environment.
        engine: One of `ENGINES`; the variable LIANXI_ENGINE, or `local`, where not given.
        flink_master: `HOST:PORT` of Flink's JobManager; the variable LIANXI_FLINK_MASTER where not
            given.
        beam: More arguments for Beam, which win over those of the engine.
        job_server: `HOST:PORT` of Beam's job server beside a Flink cluster; the variable
            LIANXI_JOB_SERVER where not given. With it, the JobManager is only where jobs are
            cancelled.

    Raises:
        WrongUsage: For an engine that there is not, or that cannot be found.
    """
    name = (
        engine
        or os.environ.get(ENGINE_VARIABLE)
        or (FLINK if flink_master or job_server else LOCAL)
    )
    if name not in ENGINES:
        raise WrongUsage(f"no engine is called {name!r}; {did_you_mean(name, ENGINES)}")
    if name != FLINK and (flink_master or job_server):
        given = "--flink-master" if flink_master else "--job-server"
        raise WrongUsage(f"{given} goes with the engine flink, found the engine {name}")
    found = _find_elsewhere(flink_master, job_server) if name == FLINK else None
    if name == LOCAL:
        found = _Place(local.BEAM_ARGS)
    place = found or _find_cluster(env, name)
    placed = replace(env, engine=name, beam_args=place.beam_args, flink_rest=place.rest)
    return placed.with_beam_args(beam)


class _Place(NamedTuple):
    """What Beam is told, and where Flink's JobManager answers, if that is known."""

    beam_args: tuple[str, ...]
    rest: str = ""


def _find_elsewhere(master: str | None, job_server: str | None) -> _Place | None:
    """Says what Beam is told for the Flink cluster that options or variables name, if any."""
    # An option names another cluster than the variables do.
    server = job_server or (None if master else os.environ.get(flink.JOB_SERVER_VARIABLE))
    master = master or os.environ.get(flink.MASTER_VARIABLE)
    rest = flink.check_address(master) if master else ""
    if server:
        return _Place(flink.job_server_args(server), rest)
    if master:
        return _Place(flink.beam_args(master, find_job_server_jar()), rest)
    return None


def _find_cluster(env: Environment, kind: str) -> _Place:
    """Finds the cluster that `lianxi cluster up` started for a root."""
    folder = Path(env.cluster_dir)
    cluster = starting.find_running(folder)
    root = f" --root {shlex.quote(env.given_root)}" if env.given_root else ""
    begin = f"start one by `lianxi cluster up --kind {kind}{root}`"
    if kind == FLINK:
        begin += (
            f", or name one by --flink-master HOST:PORT or the variable {flink.MASTER_VARIABLE}"
        )
    if cluster is None or cluster.kind != kind:
        found = f"one of the kind {cluster.kind}" if cluster else "none"
        raise WrongUsage(
            f"the engine {kind} needs a cluster: expected one in {folder}, found {found}; {begin}"
        )
    if silent := starting.find_silent(cluster):
        raise LianxiError(
            f"the cluster in {folder} is not whole: {silent[0].name} does not answer (its log is "
            f"{silent[0].log}); `lianxi cluster down{root}`, then {begin}"
        )
    args = portable.beam_args(cluster.job_port, cluster.pool_port, cluster.workers)
    return _Place(args, f"localhost:{cluster.rest_port}" if cluster.rest_port else "")
