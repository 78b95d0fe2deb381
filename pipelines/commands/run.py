"""`lianxi run`: a task's whole pipeline."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

import click

from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines import stopping, unchanged
from pipelines.commands.dry_run_end import say_checked, show_findings
from pipelines.commands.engine_options import engine_options
from pipelines.commands.options import (
    SettingsCommand,
    as_json,
    data_option,
    set_option,
    spans_option,
    task_argument,
)
from pipelines.commands.run_end import remember, report, say_end, show_unchanged
from pipelines.commands.training_options import training_options
from pipelines.commands.watch_options import check_watch, watch_options, watch_spans
from pipelines.environment import KEEP_VERSIONS_VARIABLE, Environment
from pipelines.imports import importing
from pipelines.logs import logging_to, new_log_path
from pipelines.standard_streams import json_line
from pipelines.watching import Rule

if TYPE_CHECKING:
    from tfx.orchestration.pipeline import Pipeline

    from pipelines.outcome import Outcome
    from pipelines.recording import Recorder


@click.command(cls=SettingsCommand)
@task_argument
@data_option
@spans_option
@watch_options
@click.option(
    "--accept-drift",
    is_flag=True,
    help="Train on data that is further from the span before than the schema allows.",
)
@engine_options
@training_options
@set_option
@click.option("--tune", is_flag=True, help="Search settings before training.")
@click.option("--warm-start", is_flag=True, help="Begin with the last blessed model's weights.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Read and check the data, count what is in it, and train nothing; the run that trains "
    "then reads nothing anew.",
)
@click.option("--no-cache", is_flag=True, help="Run every component, changed or not.")
@click.option(
    "--keep-versions",
    type=click.IntRange(min=1),
    metavar="N",
    help="After a push, remove all but the newest N pushed versions. Default: the variable "
    f"{KEEP_VERSIONS_VARIABLE}, or keep all.",
)
@as_json
def command(
    task: Task,
    data: str | None,
    spans: int | None,
    span: str | None,
    is_watched: bool,
    every_s: float,
    settle_s: float,
    marker: str,
    accept_drift: bool,
    env: Environment,
    settings: tuple[tuple[str, str], ...],
    tune: bool,
    warm_start: bool,
    dry_run: bool,
    no_cache: bool,
    keep_versions: int | None,
    as_json: bool,
) -> None:
    r"""Run TASK's pipeline: read data, check it, train, gate against a baseline, serve, push.

    What did not change since the last run is taken from the cache.

    \b
    lianxi run name_gender
    lianxi run name_gender --data names.csv --epochs 30
    lianxi run name_gender --env smoke --json
    lianxi run name_gender --data names.csv --dry-run
    lianxi run name_gender --data 'days/{SPAN}/names.csv' --spans 3
    lianxi run name_gender --data 'days/{YYYY}-{MM}-{DD}' --watch --every 5m

    Every setting of the task is an option too; `lianxi list TASK` shows them.

    Exit code: 0 pushed, or checked where that was asked for, 1 failed, 2 wrong usage, 3 not pushed,
    because a gate said no.
    """
    check_watch(click.get_current_context(), is_watched)
    if dry_run and is_watched:
        raise click.UsageError("--dry-run looks at the data once; leave --watch out")
    if keep_versions is not None:
        env = replace(env, keep_versions=keep_versions)
    choices = {"tune": tune, "warm_start": warm_start, "cache": not no_cache}
    choices["accept_drift"] = accept_drift
    if is_watched:
        rule = Rule(
            data=os.path.abspath(os.path.expanduser(data)) if data else "",
            window=spans or 1,
            every_s=every_s,
            settle_s=settle_s,
            marker=marker,
        )
        watch_spans(task, env, rule, as_json)
    window = {"window": spans, "span": span}
    choices["dry_run"] = dry_run
    sys.exit(_run(task, data, env, dict(settings), choices, as_json, window))


def _run(
    task: Task,
    data: str | None,
    env: Environment,
    given: dict[str, str],
    choices: dict[str, bool],
    as_json: bool,
    window: dict[str, Any],
) -> int:
    from pipelines.data import locate

    started_s = time.time()
    settings = task.resolve(given, smoke=env.smoke)
    stopping.note_kept(f"What finished before is kept in {env.root}.")
    location = locate(task, data, env, settings, **window)
    head = f"{task.name}: {task.title}\ndata         {location.description}"
    asked = unchanged.digest_asked(task, env, location, settings, choices)
    if last := unchanged.find(task, env, asked):
        print(head, file=sys.stderr if as_json else sys.stdout)
        show_unchanged(last, task, env, as_json)
        return 0
    log = new_log_path(env.logs_dir, task.name)
    with logging_to(log) as stderr:
        stream = stderr if as_json else sys.stdout
        print(head, file=stream)

        with importing():
            from pipelines import builder
            from pipelines.beam_arguments import check_arguments
            from pipelines.recording import Recorder
            from pipelines.results import RunResult, note_environment
            from pipelines.span_nodes import compared_with

        result = RunResult(
            task=task,
            spans=tuple(span.label for span in location.spans),
            is_dry=choices.pop("dry_run"),
        )
        note_environment(result, env, str(log))
        check_arguments(env.beam_args)
        options = builder.Options(**choices)
        create = builder.create_dry_run if result.is_dry else builder.create_pipeline
        pipeline = create(task, env, location, settings, options)
        result.before = compared_with(pipeline)
        recorder = Recorder(
            env=env,
            task=task,
            settings=settings,
            data=location,
            result=result,
            started_s=started_s,
            is_drift_accepted=choices["accept_drift"],
        )
        error = _carry_out(pipeline, recorder, stream)
        unchanged.keep(task, env, asked, result, recorder.said)
        told = result.to_json()
        if result.is_dry:
            told |= {"dry_run": show_findings(recorder, options, stream)}
        if as_json:
            print(json_line(told))
            sys.stdout.flush()
        if error is not None:
            raise error
        return say_checked(recorder, stderr) if result.is_dry else say_end(recorder, stderr)


def _carry_out(pipeline: Pipeline, recorder: Recorder, stream: TextIO) -> LianxiError | None:
    """Runs a pipeline, shows it, and keeps what later commands need to know of it.

    Returns:
        What it failed with.
    """
    from pipelines import runner
    from pipelines.console import RunConsole

    console = RunConsole(stream)
    recorder.said = console.said

    def on_end(outcome: Outcome, figure: str) -> None:
        console.on_end(outcome, figure)
        recorder.begin()

    error: LianxiError | None = None
    with console:
        try:
            runner.run(pipeline, recorder.env, recorder.result, console.on_start, on_end)
        except LianxiError as failure:
            error = failure
    # What refused the disk to a component refuses it here too, and is said once.
    with suppress(*((OSError,) if error is not None else ())):
        if not recorder.result.is_dry:
            remember(recorder, error)
    with console:
        console.on_start("report")
        problem = report(recorder, pipeline, error)
    console.show_result(recorder.result)
    if problem:
        print(problem, file=stream)
    return error
