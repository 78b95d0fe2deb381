"""`lianxi list`: the tasks, and which have a pushed model."""

from __future__ import annotations

import json
from pathlib import Path

import click

from modules.common.registry import all_tasks
from pipelines.commands.options import as_json, root_option
from pipelines.environment import environment


@click.command()
@root_option
@as_json
def command(root: str | None, as_json: bool) -> None:
    """List the tasks."""
    models_dir = Path(environment(root=root).models_dir)
    rows = [
        {
            "name": task.name,
            "title": task.title,
            "metrics": [metric.name for metric in task.metrics],
            "version": _latest_version(models_dir / task.name),
        }
        for task in all_tasks()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        pushed = f"pushed {row['version']}" if row["version"] else "not trained yet"
        click.echo(f"{row['name']:<{width}}  {row['title']}  ({pushed})")


def _latest_version(model_dir: Path) -> int | None:
    versions = [int(path.name) for path in model_dir.glob("[0-9]*") if path.name.isdigit()]
    return max(versions, default=None)
