"""`lianxi models`: the pushed versions, and which of them are served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.filesize import decimal

from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Task
from modules.common.runtime.errors import did_you_mean
from pipelines import pinning, pushed, versions
from pipelines.commands.groups import DefaultGroup
from pipelines.commands.options import as_json, env_option, root_option, task_argument
from pipelines.commands.printing import Printer
from pipelines.commands.runs_view import word_date, word_metrics
from pipelines.environment import environment
from pipelines.standard_streams import json_line
from pipelines.versions import Version

_FOLLOWS = "A server that runs follows by itself."


@click.group(cls=DefaultGroup)
def command() -> None:
    r"""Look at the pushed models, and say which versions are served.

    \b
    lianxi models                                the versions of all models
    lianxi models name_gender                    those of one
    lianxi models rollback name_gender           serve the version before again
    lianxi models rollback name_gender --to 3    serve version 3
    lianxi models unpin name_gender              serve the newest again
    lianxi models label name_gender canary 4     let clients ask for `canary`
    lianxi models unlabel name_gender canary

    What is said here is kept in serving/models.config below the root, which `lianxi serve` and the
    tensorflow/serving image follow while they run; no call fails meanwhile.
    """


@command.command("list")
@click.argument("task", required=False)
@env_option
@root_option
@as_json
def list_command(task: str | None, env_name: str, root: str | None, as_json: bool) -> None:
    r"""List the pushed versions of TASK, or of all tasks, the newest first.

    Each with its date and size, the run that pushed it and that run's data and metrics, and what
    requests get: the served version is that of requests that name neither a version nor a label.

    \b
    lianxi models name_gender
    lianxi models --env smoke --json
    """
    env = environment(env_name, root)
    names = task_names()
    if task is not None and task not in names:
        hint = did_you_mean(task, [*names, *command.commands])
        raise click.UsageError(f"no task or command is called {task!r}; {hint}")
    if task is not None:
        pushed.check(env, task)
    else:
        pushed.check_any(env)
    found = [
        each
        for name in ([task] if task else names)
        if (each := versions.list_versions(env, load_task(name)))
    ]
    if as_json:
        click.echo(json_line([_to_json(version) for each in found for version in each]))
        return
    for each in found:
        _show(each)


def _show(found: Sequence[Version]) -> None:
    printer = Printer()
    width = max(len(str(version.number)) for version in found)
    printer.line(found[0].task)
    for version in found:
        size = decimal(version.size_bytes)
        begin = f"  {version.number:<{width}}  {word_date(version.pushed_s)}  {size:>8}  "
        words = [
            *(["pinned"] if version.is_pinned else []),
            *([f"label {', '.join(version.labels)}"] if version.labels else []),
        ]
        state = "served" if version.is_served else ""
        printer.state_line(begin, state, (", " if state and words else "") + ", ".join(words))
        if version.run is not None:
            figures = ", ".join(word_metrics(version.run))
            printer.line(f"{version.run.id}: {figures}", indent=4)
            printer.line(f"data: {version.run.data}", indent=4)


def _to_json(version: Version) -> dict[str, Any]:
    run = version.run
    return {
        "task": version.task,
        "version": version.number,
        "pushed_at": word_date(version.pushed_s),
        "path": str(version.path),
        "bytes": version.size_bytes,
        "served": version.is_served,
        "pinned": version.is_pinned,
        "loaded": version.is_loaded,
        "labels": list(version.labels),
        "run": run.id if run else None,
        "data": run.data if run else None,
        "data_digest": run.data_digest if run else None,
        "metrics": dict(run.metrics) if run else {},
    }


@command.command("rollback")
@task_argument
@click.option(
    "--to",
    type=click.IntRange(min=0),
    metavar="VERSION",
    help="The version. Default: the one before that which is served now.",
)
@env_option
@root_option
def rollback_command(task: Task, to: int | None, env_name: str, root: str | None) -> None:
    r"""Serve an earlier version of TASK's model again.

    It stays pinned, also when a newer one is pushed, until `lianxi models unpin TASK`.

    \b
    lianxi models rollback name_gender
    lianxi models rollback name_gender --to 1796010445
    """
    env = environment(env_name, root)
    number = pinning.roll_back(env, task.name, to)
    click.echo(
        f"{task.name}: version {number} is served, whatever is pushed, until "
        f"`lianxi models unpin {task.name}{env.options}`. {_FOLLOWS}"
    )


@command.command("unpin")
@task_argument
@env_option
@root_option
def unpin_command(task: Task, env_name: str, root: str | None) -> None:
    r"""Serve the newest version of TASK's model again: a rollback's end.

    \b
    lianxi models unpin name_gender
    """
    env = environment(env_name, root)
    before = pinning.unpin(env, task.name)
    newest = pushed.newest(env, task.name)
    number = newest.version if newest else ""
    if before is None:
        click.echo(f"{task.name} was not pinned: version {number}, the newest, is served.")
    else:
        click.echo(f"{task.name}: version {number}, the newest, is served again. {_FOLLOWS}")


@command.command("label")
@task_argument
@click.argument("label")
@click.argument("version", type=click.IntRange(min=0))
@env_option
@root_option
def label_command(task: Task, label: str, version: int, env_name: str, root: str | None) -> None:
    r"""Let clients ask for VERSION of TASK's model by the name LABEL; or move that name to it.

    The labelled version is loaded beside the one that is served, and so are all others that the
    label could be moved to.

    \b
    lianxi models label name_gender stable 1796010445
    lianxi models label name_gender canary 1796010490
    """
    env = environment(env_name, root)
    before = pinning.label(env, task.name, label, version)
    moved = "" if before in (None, version) else f", and no longer version {before}"
    click.echo(f"{task.name}: {label} is version {version}{moved}. {_FOLLOWS}")
    click.echo(
        f"Clients ask for it with version={label!r}, or at "
        f"/v1/models/{task.name}/labels/{label}:predict"
    )


@command.command("unlabel")
@task_argument
@click.argument("label")
@env_option
@root_option
def unlabel_command(task: Task, label: str, env_name: str, root: str | None) -> None:
    r"""Take a label of TASK's model away; who asks for it is then refused.

    \b
    lianxi models unlabel name_gender canary
    """
    env = environment(env_name, root)
    number = pinning.unlabel(env, task.name, label)
    click.echo(f"{task.name}: version {number} is no longer called {label}. {_FOLLOWS}")
