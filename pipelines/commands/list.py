"""`lianxi list`: the tasks, and which have a pushed model; or one task's hyperparameters."""

from __future__ import annotations

from pathlib import Path

import click

from modules.common.registry import all_tasks
from modules.common.task import Task
from pipelines.commands.options import TaskType, as_json, root_option
from pipelines.environment import environment
from pipelines.standard_streams import json_line
from serving.versions import find_versions


@click.command()
@click.argument("task", type=TaskType(), required=False)
@root_option
@as_json
def command(task: Task | None, root: str | None, as_json: bool) -> None:
    r"""List the tasks, or the hyperparameters of TASK with their defaults.

    \b
    lianxi list
    lianxi list name_gender
    """
    models_dir = Path(environment(root=root).models_dir)
    rows = [
        {
            "name": each.name,
            "title": each.title,
            "metrics": [metric.name for metric in each.metrics],
            "version": _latest_version(models_dir / each.name),
            "settings": dict(each.hparams),
        }
        for each in ([task] if task else all_tasks())
    ]
    if as_json:
        click.echo(json_line(rows))
        return
    if task:
        _show_settings(task)
        return
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        pushed = f"pushed {row['version']}" if row["version"] else "not trained yet"
        click.echo(f"{row['name']:<{width}}  {row['title']}  ({pushed})")


def _show_settings(task: Task) -> None:
    click.echo(f"{task.name}: {task.title}\n")
    width = max(map(len, task.hparams))
    for name, value in task.hparams.items():
        tiny = task.smoke.get(name, value)
        smoke = f"  ({tiny!r} with --env smoke)" if tiny != value else ""
        choices = task.describe_choices(name)
        click.echo(f"--{name:<{width}}  {value!r}{smoke}{'  ' if choices else ''}{choices}")


def _latest_version(model_dir: Path) -> int | None:
    return max(find_versions(model_dir), default=None)
