"""`lianxi list`: the tasks, and which have a pushed model; or what one may be set to and asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from modules.common.asking.field_tables import (
    describe_field,
    make_input_table,
    make_output_table,
    word_output,
)
from modules.common.declaring.fields import Field
from modules.common.declaring.registry import all_tasks
from modules.common.declaring.setting import Setting
from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task
from pipelines import last_run, pushed
from pipelines.commands.options import TaskType, as_json, root_option
from pipelines.environment import LOCAL, SMOKE, Environment, environment
from pipelines.standard_streams import json_line

_WIDTH = 80
_NAME_WIDTH = 28


@click.command()
@click.argument("task", type=TaskType(), required=False)
@click.option(
    "--markdown", is_flag=True, help="Print the tables of what TASK is asked and answers."
)
@root_option
@as_json
def command(task: Task | None, markdown: bool, root: str | None, as_json: bool) -> None:
    r"""List the tasks and their pushed models, or what TASK may be set to, is asked and answers.

    \b
    lianxi list
    lianxi list name_gender
    """
    if markdown:
        if task is None:
            raise click.UsageError("--markdown is of one TASK")
        click.echo(f"{make_input_table(task.serving)}\n{make_output_table(task.serving)}", nl=False)
        return
    envs = [environment(name, root) for name in (LOCAL, SMOKE)]
    rows = [_row(each, *envs) for each in ([task] if task else all_tasks())]
    if as_json:
        click.echo(json_line(rows))
        return
    if task:
        _show(task)
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
        "declared": [_describe_setting(each) for each in task.declared],
        "inputs": [describe_field(field) for field in task.serving.inputs],
        "outputs": [describe_field(field) for field in task.serving.outputs],
        "max_examples": task.serving.max_examples,
        **_describe_pushed(task, local),
        "smoke": _describe_pushed(task, smoke),
    }


def _describe_pushed(task: Task, env: Environment) -> dict[str, Any]:
    found = pushed.newest(env, task.name)
    return {
        "version": found.version if found else None,
        "pushed_at": found.date if found else None,
        "refused_by": last_run.read_refusals(env, task.name),
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


def _show(task: Task) -> None:
    """Shows what can be set, what is asked and what is answered, in 80 columns."""
    click.echo(click.wrap_text(f"{task.name}: {task.title}", _WIDTH) + "\n")
    formatter = click.HelpFormatter(width=_WIDTH)
    serving = task.serving
    settings = [(f"--{each.name}  {each.default!r}", _word_setting(each)) for each in task.declared]
    asked = [(_word_name(field), field.meaning) for field in serving.inputs]
    answered = [(_word_name(field), word_output(field)) for field in serving.outputs]
    for title, rows in (
        ("Settings, with their defaults", settings),
        (f"Asked, of {serving.max_examples} examples at most in a request", asked),
        ("Answered", answered),
    ):
        with formatter.section(title):
            formatter.write_dl(rows, col_max=_NAME_WIDTH)
    click.echo(formatter.getvalue(), nl=False)


def _word_setting(setting: Setting) -> str:
    smoke = "" if setting.smoke is None else f" With --env smoke: {setting.smoke!r}."
    search = f" With --tune: {', '.join(map(str, setting.search))}." if setting.search else ""
    return f"{setting.doc} Takes {setting.expected}.{smoke}{search}"


def _word_name(field: Field) -> str:
    default = f"  {field.default_text}" if field.default_text else ""
    return f"{field.name}{default}"


def _describe_setting(setting: Setting) -> dict[str, Any]:
    """Gives all that a setting says, for JSON."""
    bounds = {name: end for name, end in asdict(setting.bounds).items() if end is not None}
    return {
        "name": setting.name,
        "type": setting.type.__name__,
        "default": setting.default,
        "smoke": setting.smoke,
        "search": list(setting.search),
        "choices": list(setting.choices),
        **bounds,
        "expected": setting.expected,
        "doc": setting.doc,
    }
