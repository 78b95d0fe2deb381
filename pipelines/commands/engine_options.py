"""Options by which a command's pipeline finds its engine, and the environment made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from pipelines.commands.options import env_option, root_option
from pipelines.engines.choice import ENGINE_VARIABLE, ENGINES, LOCAL, with_engine
from pipelines.engines.flink import JOB_SERVER_VARIABLE, MASTER_VARIABLE
from pipelines.environment import environment

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What reads, transforms and evaluates: this process, Apache Flink, or Beam's own job "
        "service with processes of its own. "
        f"Default: the variable {ENGINE_VARIABLE}, or {LOCAL}.",
    ),
    click.option(
        "--flink-master",
        metavar="HOST:PORT",
        help="Flink's JobManager, its REST service; means --engine flink. "
        f"Default: the variable {MASTER_VARIABLE}, or the cluster of `lianxi cluster up`.",
    ),
    click.option(
        "--job-server",
        metavar="HOST:PORT",
        help="Beam's job server beside a Flink cluster, which saves each component the start of "
        "one; --flink-master is then where Ctrl-C cancels the job. "
        f"Default: the variable {JOB_SERVER_VARIABLE}.",
    ),
    click.option("--beam", multiple=True, metavar="ARG", help="An argument for Beam's runner."),
)


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--env`, `--root`, `--engine`, `--flink-master` and the like to a command.

    Args:
        command: A function that takes the environment that they say, as `env`.
    """

    @functools.wraps(command)
    def called(
        *,
        env_name: str,
        root: str | None,
        engine: str | None,
        flink_master: str | None,
        job_server: str | None,
        beam: tuple[str, ...],
        **others: Any,
    ) -> Any:
        env = with_engine(environment(env_name, root), engine, flink_master, beam, job_server)
        return command(env=env, **others)

    # The option that is added last comes first in `--help`.
    for option in (*reversed(_OPTIONS), root_option, env_option):
        called = option(called)
    return called
