"""`lianxi cluster`: a cluster of processes on this machine, on which Beam runs."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pipelines import stopping
from pipelines.cluster import starting, state
from pipelines.cluster.marked_processes import children, find_marked, processor_seconds
from pipelines.commands.groups import DefaultGroup
from pipelines.commands.options import as_json, root_option
from pipelines.environment import Environment, environment
from pipelines.locks import one_at_a_time
from pipelines.standard_streams import json_line


class _ClusterGroup(DefaultGroup):
    """Shows the cluster where no command is named."""

    def choose(self, args: list[str]) -> str:
        return "status"


@click.group(cls=_ClusterGroup)
def command() -> None:
    r"""Start, look at and stop a cluster of processes on this machine.

    It is for trials and tests of what runs on a cluster elsewhere: workers are processes that know
    nothing of the run's, and one that is lost is replaced.

    \b
    lianxi cluster up --kind portable --workers 2
    lianxi run name_gender --engine portable
    lianxi cluster status
    lianxi cluster down
    """


@command.command()
@click.option(
    "--kind",
    type=click.Choice([state.FLINK, state.PORTABLE]),
    default=state.FLINK,
    show_default=True,
    help="Apache Flink, or Beam's own job service, which needs no Java.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    metavar="N",
    help="How many workers it has; of Flink, TaskManagers.",
)
@click.option(
    "--job-server-jar",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="Beam's job server for Flink, where Maven cannot fetch it.",
)
@root_option
def up(kind: str, workers: int, job_server_jar: str | None, root: str | None) -> None:
    """Start the cluster, and leave it running."""
    env = environment(root=root)
    folder = Path(env.cluster_dir)
    stopping.note_kept("What had started is ended by `lianxi cluster down`.")
    with one_at_a_time(folder / "cluster.lock"):
        if running := starting.find_running(folder):
            _say_running(running, env)
            return
        began_s = time.monotonic()
        if kind == state.FLINK:
            from pipelines.cluster import flink_cluster

            cluster = flink_cluster.up(folder, workers, job_server_jar, click.echo)
        else:
            from pipelines.cluster import portable

            cluster = portable.up(folder, workers, click.echo)
    click.echo(
        f"a cluster of {cluster.workers} workers runs after {time.monotonic() - began_s:.0f} s; "
        f"its logs are in {folder / 'logs'}\n"
        f"use it   lianxi run TASK --engine {cluster.kind}{_root(env)}\n"
        f"end it   lianxi cluster down{_root(env)}"
    )


@command.command()
@root_option
@as_json
def status(root: str | None, as_json: bool) -> None:
    """Show the cluster's processes, whether they answer, and the processor time of each.

    Exit code: 0 if all of it runs, 1 if not.
    """
    env = environment(root=root)
    cluster = starting.find_running(Path(env.cluster_dir))
    if cluster is None:
        if as_json:
            click.echo(json_line({"kind": None, "parts": []}))
        else:
            click.echo(f"no cluster runs; start one by `lianxi cluster up{_root(env)}`")
        sys.exit(1)
    silent = {part.name for part in starting.find_silent(cluster)}
    parts = [_describe(part, cluster, part.name not in silent) for part in cluster.parts]
    if as_json:
        click.echo(json_line({"kind": cluster.kind, "workers": cluster.workers, "parts": parts}))
    else:
        Console().print(_table(parts))
        click.echo(f"logs are in {Path(env.cluster_dir) / 'logs'}")
    sys.exit(1 if silent else 0)


@command.command()
@root_option
def down(root: str | None) -> None:
    """End the cluster and all that it started; its logs stay."""
    env = environment(root=root)
    folder = Path(env.cluster_dir)
    with one_at_a_time(folder / "cluster.lock"):
        cluster = state.read(folder)
        if cluster is None:
            click.echo("no cluster runs")
            return
        count = len(find_marked(cluster.mark))
        starting.stop(folder, cluster)
    click.echo(f"ended {count} processes; their logs are in {folder / 'logs'}")


def _say_running(cluster: state.Cluster, env: Environment) -> None:
    silent = starting.find_silent(cluster)
    if silent:
        click.echo(
            f"a cluster runs, but {', '.join(part.name for part in silent)} does not answer; end "
            f"it by `lianxi cluster down{_root(env)}` and start it again"
        )
        sys.exit(1)
    click.echo(
        f"a cluster of the kind {cluster.kind} with {cluster.workers} workers runs already; "
        f"`lianxi cluster status{_root(env)}` shows it"
    )


def _root(env: Environment) -> str:
    return f" --root {shlex.quote(env.given_root)}" if env.given_root else ""


def _describe(part: state.Part, cluster: state.Cluster, answers: bool) -> dict[str, object]:
    """Says of a part what `status` shows: it, and the workers that it started."""
    below = children(part.pid, find_marked(cluster.mark))
    return {
        "name": part.name,
        "state": "runs" if answers else "does not answer",
        "port": part.port,
        "processor_s": round(processor_seconds(part.pid), 1),
        "workers": {str(pid): round(processor_seconds(pid), 1) for pid in below},
        "log": part.log,
    }


def _table(parts: list[dict[str, object]]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for column in ("part", "state", "port", "processor", "workers"):
        table.add_column(column, no_wrap=True)
    for part in parts:
        workers = part["workers"]
        assert isinstance(workers, dict)
        told = f"{sum(workers.values()):.1f} s" if workers else ""
        port = str(part["port"] or "")
        figures = (str(part["state"]), port, f"{part['processor_s']} s", told)
        table.add_row(str(part["name"]), *figures)
    return table
