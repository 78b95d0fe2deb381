"""`lianxi runs`: every run of a task, one of them whole, two of them compared."""

from __future__ import annotations

import os
import webbrowser
from dataclasses import asdict
from pathlib import Path

import click

from modules.common.declaring.registry import load_task, task_names
from modules.common.runtime.errors import LianxiError, did_you_mean
from pipelines import run_history
from pipelines.commands import runs_view
from pipelines.commands.groups import DefaultGroup
from pipelines.commands.options import as_json, env_option, root_option
from pipelines.environment import Environment, environment, other
from pipelines.logs import logging_to, new_log_path
from pipelines.run_record import RUNNING, RunRecord
from pipelines.standard_streams import json_line

_SHOWN = 20


class _RunsGroup(DefaultGroup):
    """Takes a run that stands alone, such as `lianxi runs name_gender@7`, as one to be shown."""

    def choose(self, args: list[str]) -> str:
        """Says which command is meant."""
        return "show" if any("@" in word and "/" not in word for word in args) else "list"


@click.group(cls=_RunsGroup)
def command() -> None:
    r"""Look at past runs: list them, show one, compare two, open a report.

    \b
    lianxi runs                              the newest runs of all tasks
    lianxi runs name_gender                  those of one
    lianxi runs show name_gender@7           all that is known of one
    lianxi runs compare name_gender@6 @7     what differs between two
    lianxi runs open name_gender             the newest's report, in the browser

    A run is called by its task and its number, name_gender@7. @-1 is the newest, @-2 the one before
    it; a task alone means its newest run; the beginning of a task's name will do where no other
    begins so.

    `± 0.40%` is a standard error: how far a figure is likely to be from what it would be on ever
    more examples of the same kind.
    """


@command.command("list")
@click.argument("task", required=False)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_SHOWN,
    show_default=True,
    help="How many of the newest are shown.",
)
@env_option
@root_option
@as_json
def list_command(
    task: str | None, limit: int, env_name: str, root: str | None, as_json: bool
) -> None:
    r"""List runs, of TASK or of all tasks, the newest first.

    Each with its date, how long it took, how it ended; its metrics with their standard errors; the
    version that it pushed, or what refused it; and the settings that differ from the defaults.

    \b
    lianxi runs name_gender --limit 5
    lianxi runs --env smoke --json
    """
    env = environment(env_name, root)
    names = task_names()
    if task is not None and task not in names:
        hint = did_you_mean(task, [*names, *command.commands])
        raise click.UsageError(f"no task or command is called {task!r}; {hint}")
    chosen = [task] if task else [name for name in names if env.holds(name)]
    runs = run_history.list_runs(env, chosen, limit + 1)
    if as_json:
        click.echo(json_line([_to_json(run) for run in runs[:limit]]))
    elif not runs:
        click.echo(_say_none(env, task))
    else:
        runs_view.show_list(runs[:limit])
        if len(runs) > limit:
            click.echo(f"There are older ones: --limit {2 * limit}")


def _say_none(env: Environment, task: str | None) -> str:
    """Says that there are no runs, and how there would be."""
    beside = other(env)
    names = [task] if task else task_names()
    said = f"no run {f'of {task} ' if task else ''}was made in {env.root}."
    if any(os.path.exists(beside.metadata_path(name)) for name in names):
        way = "add --env smoke" if beside.smoke else "leave --env smoke out"
        said += f" There are some in {beside.root}: {way}."
    return f"{said} Make one: lianxi run {task or 'name_gender'}{env.options}"


def _to_json(run: RunRecord) -> dict[str, object]:
    return {"id": run.id, **run.to_json()}


def _find(env: Environment, words: tuple[str, ...]) -> RunRecord:
    """Finds the run that `[TASK] RUN` names."""
    if len(words) == 2 and words[0] not in task_names():
        hint = did_you_mean(words[0], task_names())
        raise click.UsageError(f"no task is called {words[0]!r}; {hint}")
    return run_history.find_run(env, words[-1], words[0] if len(words) == 2 else None)


def _check_count(words: tuple[str, ...], most: int) -> None:
    if len(words) > most:
        raise click.UsageError(f"expected {most} words at most, found {' '.join(words)}")


@command.command("show")
@click.argument("run", nargs=-1, required=True, metavar="[TASK] RUN")
@env_option
@root_option
@as_json
def show_command(run: tuple[str, ...], env_name: str, root: str | None, as_json: bool) -> None:
    r"""Show all that is known of a run.

    \b
    lianxi runs show name_gender@7
    lianxi runs show name_gender 7
    lianxi runs show @-1                     the newest of all
    """
    _check_count(run, 2)
    found = _find(environment(env_name, root), run)
    if as_json:
        click.echo(json_line(_to_json(found)))
    else:
        runs_view.show_run(found)


@command.command("compare")
@click.argument("a", metavar="A")
@click.argument("b", metavar="[B]", required=False)
@env_option
@root_option
@as_json
def compare_command(a: str, b: str | None, env_name: str, root: str | None, as_json: bool) -> None:
    r"""Compare two runs of a task; without B, the run A with the one before it.

    Settings that differ; metrics with their standard errors, and whether the difference is more
    than chance, that is 1.96 standard errors of it; whether data, code and schema were the same;
    seconds by component.

    \b
    lianxi runs compare name_gender@6 name_gender@7
    lianxi runs compare name_gender@6 @7
    lianxi runs compare name_gender          the two newest
    """
    env = environment(env_name, root)
    first = run_history.find_run(env, a)
    if b is None:
        second, first = first, _before(env, first)
    else:
        second = run_history.find_run(env, b, first.task)
    found = run_history.compare(first, second)
    if as_json:
        told = asdict(found) | {"a": _to_json(found.a), "b": _to_json(found.b)}
        click.echo(json_line(told))
    else:
        runs_view.show_comparison(found)


def _before(env: Environment, run: RunRecord) -> RunRecord:
    earlier = [each for each in run_history.list_runs(env, [run.task]) if each.number < run.number]
    if not earlier:
        raise LianxiError(
            f"{run.id} is the first run of {run.task} that is known; name another to compare it "
            f"with (`lianxi runs {run.task}{env.options}` lists them)"
        )
    return earlier[0]


@command.command("open")
@click.argument("run", nargs=-1, required=True, metavar="[TASK] RUN")
@env_option
@root_option
@click.option("--path", "only_path", is_flag=True, help="Print the path, and open nothing.")
def open_command(run: tuple[str, ...], env_name: str, root: str | None, only_path: bool) -> None:
    r"""Open the report of a run in the browser, and print where it is.

    A report that is not there is written, of what is left of the run.

    \b
    lianxi runs open name_gender             that of the newest run
    lianxi runs open name_gender@7 --path
    """
    _check_count(run, 2)
    env = environment(env_name, root)
    path = _find_report(env, _find(env, run))
    click.echo(str(path))
    if not only_path and _has_browser():
        webbrowser.open(path.as_uri())


def _find_report(env: Environment, run: RunRecord) -> Path:
    """Gives the report, and writes it first where it is not there."""
    path = env.report_path(run.task, run.run_id)
    if path.is_file():
        return path
    if run.state == RUNNING:
        raise LianxiError(f"{run.id} is still running; its report is written when it ends")
    click.echo(f"writing the report of {run.id}", err=True)
    try:
        with logging_to(new_log_path(env.logs_dir, f"report-{run.task}")):
            from gallery.report.write import write_report

            return write_report(run, env, load_task(run.task))
    except OSError as error:
        raise LianxiError(f"the report cannot be written: {error}") from error


def _has_browser() -> bool:
    """Tells whether a page can be seen: a browser in a terminal would take that over."""
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
