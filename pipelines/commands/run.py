"""`lianxi run`: a task's whole pipeline."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

import click

from modules.common.declaring.settings import Settings, as_dict
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime.errors import LianxiError
from pipelines import last_run, stopping
from pipelines.commands.options import (
    SettingsCommand,
    as_json,
    data_option,
    env_option,
    root_option,
    set_option,
    task_argument,
)
from pipelines.environment import KEEP_VERSIONS_VARIABLE, Environment, environment
from pipelines.logs import logging_to, new_log_path
from pipelines.standard_streams import json_line

if TYPE_CHECKING:
    from pipelines.results import RunResult

NOT_BLESSED_EXIT_CODE = 3


@click.command(cls=SettingsCommand)
@task_argument
@data_option
@env_option
@root_option
@set_option
@click.option("--beam", multiple=True, metavar="ARG", help="An argument for Beam's runner.")
@click.option("--tune", is_flag=True, help="Search settings before training.")
@click.option("--warm-start", is_flag=True, help="Begin with the last blessed model's weights.")
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
    env_name: str,
    root: str | None,
    settings: tuple[tuple[str, str], ...],
    beam: tuple[str, ...],
    tune: bool,
    warm_start: bool,
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

    Every setting of the task is an option too; `lianxi list TASK` shows them.

    Exit code: 0 pushed, 1 failed, 2 wrong usage, 3 not pushed, because a gate said no.
    """
    env = environment(env_name, root).with_beam_args(beam)
    if keep_versions is not None:
        env = replace(env, keep_versions=keep_versions)
    choices = {"tune": tune, "warm_start": warm_start, "cache": not no_cache}
    sys.exit(_run(task, data, env, dict(settings), choices, as_json, beam))


def _run(
    task: Task,
    data: str | None,
    env: Environment,
    given: dict[str, str],
    choices: dict[str, bool],
    as_json: bool,
    beam: tuple[str, ...] = (),
) -> int:
    from pipelines.data import locate

    settings = task.resolve(given, smoke=env.smoke)
    stopping.note_kept(f"What finished before is kept in {env.root}.")
    location = locate(task, data, env, settings)
    log = new_log_path(env.logs_dir, task.name)
    with logging_to(log) as stderr:
        stream = stderr if as_json else sys.stdout
        print(f"{task.name}: {task.title}\ndata         {location.description}", file=stream)

        from pipelines import builder, runner
        from pipelines.beam_arguments import check_arguments
        from pipelines.console import RunConsole
        from pipelines.results import RunResult, note_environment

        # TensorFlow and TFX leave millions of objects that the collector need not walk again.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        result = RunResult(task=task)
        note_environment(result, env, str(log))
        check_arguments(beam)
        pipeline = builder.create_pipeline(
            task, env, location, settings, builder.Options(**choices)
        )
        error: LianxiError | None = None
        with RunConsole(stream) as console:
            try:
                runner.run(pipeline, env, result, console.on_start, console.on_end)
            except LianxiError as failure:
                error = failure
        # What refused the disk to a component refuses it here too, and is said once.
        with suppress(*((OSError,) if error is not None else ())):
            _remember(task, settings, env, location.files, result, error)
        console.show_result(result)
        if as_json:
            print(json_line(result.to_json()))
            sys.stdout.flush()
        if error is not None:
            raise error
        return _finish(task, settings, env, result, stderr)


def _remember(
    task: Task,
    settings: Settings,
    env: Environment,
    data_files: str,
    result: RunResult,
    error: LianxiError | None,
) -> None:
    """Writes down what later commands need to know of the run, and how it ended."""
    if result.figures:
        run = last_run.LastRun(
            data_files=data_files,
            model=result.paths["model"],
            evaluation=result.paths["evaluation"],
            settings=as_dict(settings),
        )
        last_run.save(env, task.name, run)
    if error is None:
        last_run.note_end(env, task.name, [] if result.pushed else result.refused)
    elif error.exit_code == NOT_BLESSED_EXIT_CODE:
        last_run.note_end(env, task.name, [result.outcomes[-1].name])


def _finish(
    task: Task,
    settings: Settings,
    env: Environment,
    result: RunResult,
    stderr: TextIO,
) -> int:
    """Says what to do where the model was not pushed; gives the exit code."""
    if not result.pushed:
        print(_refusal(task, settings, env.smoke, result), file=stderr)
        return NOT_BLESSED_EXIT_CODE
    print(
        f"Serve it with `lianxi serve{env.options}`, or ask it with "
        f"`lianxi predict {task.name} …{env.options}`.",
        file=stderr,
    )
    return 0


def _refusal(task: Task, settings: Settings, is_smoke: bool, result: RunResult) -> str:
    """Says that a gate refused the model, and what may help: only what the task has."""
    from modules.common.training.divergence import advice, rose

    said = f"{task.name} was not pushed: {', '.join(result.refused)} did not pass its gate."
    diverged = rose(result.paths.get("tensorboard", ""))
    if diverged and isinstance(settings, TrainingSettings):
        return f"{said} {diverged} {advice(task, settings)}, and run again."
    wishes = ["more data"]
    if isinstance(settings, TrainingSettings):
        wishes.append(f"more training (--epochs {2 * settings.epochs})")
    if is_smoke:
        wishes.append("the whole model (a smoke run trains a tiny one: leave --env smoke out)")
    wishes.append(f"other settings (`lianxi list {task.name}` shows them)")
    return f"{said} Give it {', '.join(wishes[:-1])} or {wishes[-1]}, and run again."
