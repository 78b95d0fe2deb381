"""`lianxi clean`: removes what past runs left and nothing needs."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack

import click
from rich.filesize import decimal

from modules.common.declaring.registry import all_tasks
from modules.common.declaring.task import Task
from pipelines import stopping
from pipelines.cleaning import Plan, carry_out, make_plan
from pipelines.commands.options import TaskType, as_json, root_option
from pipelines.environment import Environment, environment
from pipelines.locks import exclusive

_KEPT = 3
_ENVIRONMENTS = ("local", "smoke")


@click.command()
@click.argument("task", type=TaskType(), required=False)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=_KEPT,
    show_default=True,
    help="How many of a task's newest runs, and of its newest pushed versions, are kept.",
)
@click.option("--env", "env_name", type=click.Choice(_ENVIRONMENTS), help="Default: both.")
@root_option
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@as_json
def command(
    task: Task | None,
    keep: int,
    env_name: str | None,
    root: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    r"""Remove what past runs of TASK, or of all tasks, left and nothing needs.

    That is artifacts of runs before the last few, with their metadata; what runs that were killed
    left behind; pushed versions before the last few; sample data that no kept run reads. It says
    first what would go and how large it is. The model that is served, the one that the next will be
    compared with, and the cache of the last runs stay.

    \b
    lianxi clean
    lianxi clean name_gender --keep 1
    lianxi clean --dry-run
    """
    names = [each.name for each in ([task] if task else all_tasks())]
    envs = [environment(name, root) for name in ([env_name] if env_name else _ENVIRONMENTS)]
    with ExitStack() as locks:
        plans = {}
        for env in envs:
            for name in names:
                if env.holds(name):
                    locks.enter_context(exclusive(env, name))
                    plans[env, name] = make_plan(env, name, keep)
        plans = {where: plan for where, plan in plans.items() if plan.finds or plan.stores}
        _show(plans, as_json)
        is_done = bool(plans) and not dry_run and (yes or _confirm(as_json))
        if is_done:
            stopping.note_kept("What was removed before is gone, the rest is as it was.")
            for plan in plans.values():
                carry_out(plan)
        _conclude(plans, is_done, as_json)


def _show(plans: dict[tuple[Environment, str], Plan], as_json: bool) -> None:
    for (env, name), plan in plans.items():
        click.echo(f"{name}{' (smoke)' if env.smoke else ''}", err=as_json)
        if plan.runs:
            click.echo(f"  {plan.runs:>6,}  runs in the metadata", err=as_json)
        for find in plan.finds:
            size = decimal(find.size_bytes)
            click.echo(f"  {len(find.paths):>6,}  {find.what:<42} {size:>10}", err=as_json)


def _confirm(as_json: bool) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to confirm this: say --yes, or --dry-run to look")
    return click.confirm("Remove all of this?", err=as_json)


def _conclude(plans: dict[tuple[Environment, str], Plan], is_done: bool, as_json: bool) -> None:
    size_bytes = sum(plan.size_bytes for plan in plans.values())
    if not plans:
        click.echo("Nothing to remove.", err=as_json)
    elif is_done:
        click.echo(f"Removed, which frees {decimal(size_bytes)}.", err=as_json)
    else:
        click.echo(f"Nothing was removed. All of this takes {decimal(size_bytes)}.", err=as_json)
    if as_json:
        found = [
            {
                "task": name,
                "env": env.name,
                "runs": plan.runs,
                "removable": [
                    {
                        "what": find.what,
                        "paths": [str(path) for path in find.paths],
                        "bytes": find.size_bytes,
                    }
                    for find in plan.finds
                ],
            }
            for (env, name), plan in plans.items()
        ]
        click.echo(json.dumps({"removed": is_done, "bytes": size_bytes, "tasks": found}))
