"""`lianxi evaluate`: what the last model measures, slice by slice, on its own or on other data."""

from __future__ import annotations

import math
import os

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines import last_run, stopping
from pipelines.commands.engine_options import engine_options
from pipelines.commands.options import as_json, data_option, spans_option, task_argument
from pipelines.environment import Environment
from pipelines.logs import logging_to, new_log_path
from pipelines.standard_streams import json_line

_ANY_WIDTH = 10_000


@click.command()
@task_argument
@data_option
@spans_option
@click.option("--all", "whole", is_flag=True, help="Measure on all of --data, not its eval split.")
@engine_options
@as_json
def command(
    task: Task, data: str | None, spans: int | None, whole: bool, env: Environment, as_json: bool
) -> None:
    r"""Show the metrics of TASK's last trained model, slice by slice.

    With --data, the model is measured on that data, by default on the part of it that training
    would have left out.

    \b
    lianxi evaluate name_gender
    lianxi evaluate name_gender --data other_names/ --all
    """
    if whole and not data:
        raise click.UsageError("--all says how much of --data counts; name some --data")
    if spans and not data:
        raise click.UsageError("--spans counts spans of --data; name some --data")
    run = last_run.load(env, task.name)
    stopping.note_kept(f"What finished before is kept in {env.root}.")
    log = new_log_path(env.logs_dir, f"evaluate-{task.name}")
    with logging_to(log):
        needed = run.model if data else run.evaluation
        if not any(names for _, _, names in os.walk(needed)):
            raise LianxiError(
                f"what the last run of {task.name} left in {needed} is gone; run it again: "
                f"lianxi run {task.name}{env.options}"
            )
        evaluation_dir = _evaluate(task, data, spans, whole, env, run) if data else run.evaluation
        from modules.common.evaluating.slices import slice_values

        slices = slice_values(evaluation_dir)
    if as_json:
        click.echo(json_line({"task": task.name, "slices": _plain(slices)}))
    else:
        _print_whole(_table(task, slices))


def _evaluate(
    task: Task,
    data: str,
    spans: int | None,
    whole: bool,
    env: Environment,
    run: last_run.LastRun,
) -> str:
    """Runs ExampleGen and Evaluator on other data; gives the evaluation's folder."""
    from pipelines import builder, runner
    from pipelines.beam_arguments import check_arguments
    from pipelines.data import locate
    from pipelines.results import RunResult

    settings = task.restore(run.settings)
    location = locate(task, data, env, settings, spans)
    splits = ["train", "eval"] if whole else ["eval"]
    pipeline = builder.create_evaluation(task, env, location, settings, run.model, splits)
    check_arguments(env.beam_args)
    result = RunResult(task=task)
    runner.run(pipeline, env, result, lambda name: None, lambda outcome, figure: None)
    return result.paths["evaluation"]


def _plain(slices: dict[str, dict[str, float]]) -> dict[str, dict[str, float | None]]:
    return {
        name: {metric: value if math.isfinite(value) else None for metric, value in values.items()}
        for name, values in slices.items()
    }


def _print_whole(table: Table) -> None:
    """Prints a table at its full width: a name that is cut off tells nothing."""
    console = Console()
    unlimited = console.options.update(width=_ANY_WIDTH, max_width=_ANY_WIDTH)
    console.width = max(console.width, console.measure(table, options=unlimited).maximum)
    console.print(table, crop=False)


def _table(task: Task, slices: dict[str, dict[str, float]]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("slice", no_wrap=True)
    table.add_column("examples", justify="right", no_wrap=True)
    columns = [
        (metric, name)
        for metric in task.metrics
        for name in (metric.name, *(f"{metric.name}_{base}" for base in metric.baselines))
    ]
    for _, name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for name in sorted(slices, key=lambda name: (name != "overall", name)):
        values = slices[name]
        table.add_row(
            escape(name),
            f"{values['example_count']:,.0f}",
            *(metric.format(values[column]) for metric, column in columns),
        )
    return table
