"""`lianxi list`: the tasks, and which have a pushed model; or one task's hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from modules.common.declaring.registry import all_tasks
from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task
from pipelines import last_run, pushed
from pipelines.commands.options import TaskType, as_json, root_option
from pipelines.environment import LOCAL, SMOKE, Environment, environment
from pipelines.standard_streams import json_line


@click.command()
@click.argument("task", type=TaskType(), required=False)
@root_option
@as_json
def command(task: Task | None, root: str | None, as_json: bool) -> None:
    r"""List the tasks and their pushed models, or the hyperparameters of TASK with their defaults.

    \b
    lianxi list
    lianxi list name_gender
    """
    envs = [environment(name, root) for name in (LOCAL, SMOKE)]
    rows = [_row(each, *envs) for each in ([task] if task else all_tasks())]
    if as_json:
        click.echo(json_line(rows))
        return
    if task:
        _show_settings(task)
        return
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        states = "; ".join(_states(row, *envs)) or "not trained yet"
        click.echo(f"{row['name']:<{width}}  {row['title']}  ({states})")


def _row(task: Task, local: Environment, smoke: Environment) -> dict[str, Any]:
    """What is known of a task, as `--json` says it."""
    return {
        "name": task.name,
        "title": task.title,
        "metrics": [metric.name for metric in task.metrics],
        "settings": as_dict(task.settings()),
        **_pushed(task, local),
        "smoke": _pushed(task, smoke),
    }


def _pushed(task: Task, env: Environment) -> dict[str, Any]:
    found = pushed.newest(env, task.name)
    return {
        "version": found.version if found else None,
        "pushed_at": found.date if found else None,
        "refused_by": last_run.refused_by(env, task.name),
    }


def _states(row: dict[str, Any], local: Environment, smoke: Environment) -> Iterator[str]:
    """Says what there is of a task in either environment."""
    for env, known in ((local, row), (smoke, row["smoke"])):
        of_smoke = f" of {env.name}" if env.smoke else ""
        if known["version"]:
            kind = "smoke model" if env.smoke else "pushed"
            where = f" in {env.models_dir}" if env.smoke else ""
            yield f"{kind} {known['version']} on {known['pushed_at']}{where}"
        if known["refused_by"]:
            by = ", ".join(known["refused_by"])
            yield f"the last run{of_smoke} was refused by its gate: {by}"


def _show_settings(task: Task) -> None:
    click.echo(f"{task.name}: {task.title}\n")
    width = max(len(each.name) for each in task.declared)
    for each in task.declared:
        smoke = "" if each.smoke is None else f"  ({each.smoke!r} with --env smoke)"
        click.echo(f"--{each.name:<{width}}  {each.default!r}{smoke}  {each.expected}")
        click.echo(f"  {'':<{width}}  {each.doc}")
