"""What follows a run: it is remembered, its report is written, and what to do next is said."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from modules.common.declaring.settings import Settings, as_dict
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.evaluating.figures import read_figure
from modules.common.runtime.errors import LianxiError
from pipelines import last_run, stopping, versions
from pipelines.console import RunConsole
from pipelines.environment import Environment
from pipelines.outcome import Outcome
from pipelines.run_record import write_record
from pipelines.standard_streams import json_line

if TYPE_CHECKING:
    from tfx.orchestration.pipeline import Pipeline

    from pipelines.recording import Recorder
    from pipelines.results import RunResult
    from pipelines.unchanged import LastPush

NOT_BLESSED_EXIT_CODE = 3
_LOG = logging.getLogger(__name__)


def remember(recorder: Recorder, error: LianxiError | None) -> None:
    """Writes down what later commands need to know of the run, and how it ended.

    Args:
        recorder: Of the run.
        error: What it failed with.
    """
    env, task, result = recorder.env, recorder.task, recorder.result
    if result.figures:
        run = last_run.LastRun(
            data_files=recorder.data.files,
            model=result.paths["model"],
            evaluation=result.paths["evaluation"],
            settings=as_dict(recorder.settings),
        )
        last_run.save(env, task.name, run)
    if error is None:
        last_run.note_end(env, task.name, [] if result.pushed else result.refused)
    elif error.exit_code == NOT_BLESSED_EXIT_CODE:
        last_run.note_end(env, task.name, [result.outcomes[-1].name])


def report(recorder: Recorder, pipeline: Pipeline, error: LianxiError | None) -> str:
    """Writes the report of the run, and keeps its record.

    Args:
        recorder: Of the run.
        pipeline: What ran.
        error: What it failed with.

    Returns:
        Why there is no report, in a line; nothing where there is one.
    """
    from tfx.dsl.components.common.resolver import Resolver

    from gallery.report.write import write_report

    stopping.doing("the report")
    env, result = recorder.env, recorder.result
    record = recorder.make(error, is_over=True)
    record = replace(record, number=write_record(env, record))
    # Resolvers only look things up; they are no work of the run's.
    graph = {
        node.id: sorted(each.id for each in node.upstream_nodes)
        for node in pipeline.components
        if not isinstance(node, Resolver)
    }
    is_refused = error is None and not result.pushed and not result.is_dry
    advice = word_refusal(recorder) if is_refused else ""
    try:
        path = write_report(record, env, result.task, graph=graph, advice=advice)
    except Exception as failure:
        # Whatever it is, the run is over, and what it made is there.
        _LOG.warning("the report is not written", exc_info=True)
        return f"the report is not written: {failure or type(failure).__name__}"
    result.paths["report_html"] = str(path)
    write_record(env, replace(record, paths=dict(result.paths)))
    return ""


def say_end(recorder: Recorder, stderr: TextIO) -> int:
    """Says what to do with a run that did not fail.

    Args:
        recorder: Of the run.
        stderr: Where a person reads.

    Returns:
        The exit code.
    """
    if not recorder.result.pushed:
        print(word_refusal(recorder), file=stderr)
        return NOT_BLESSED_EXIT_CODE
    say_pushed(recorder.env, recorder.task, stderr)
    return 0


def say_pushed(env: Environment, task: Task, stderr: TextIO) -> None:
    """Says what may be done with a pushed model.

    Args:
        env: Where it was pushed.
        task: The declaration.
        stderr: Where a person reads.
    """
    try:
        pinned = versions.pinned_of(versions.read_entry(env, task.name))
    except LianxiError as problem:
        # The model is pushed all the same.
        print(f"note: {problem}", file=stderr)
        return
    if pinned is not None:
        words = (
            f"Version {pinned} stays pinned and is what is served; `lianxi models unpin "
            f"{task.name}{env.options}` serves the new one."
        )
    else:
        words = (
            f"Try it in a browser with `lianxi gallery{env.options}`, ask it with `lianxi predict "
            f"{task.name} …{env.options}`, or serve it with `lianxi serve{env.options}`."
        )
    print(words, file=stderr)


def show_unchanged(last: LastPush, task: Task, env: Environment, as_json: bool) -> None:
    """Says what a run would say that takes everything from the cache.

    Args:
        last: The run that it would repeat.
        task: The declaration.
        env: Where it would run.
        as_json: Whether a program reads the outcome.
    """
    console = RunConsole(sys.stderr if as_json else sys.stdout)
    told = {**last.told, "components": []}
    for name, said in last.said.items():
        cached = Outcome(name=name, state="cached", seconds=0.0, cpu_seconds=0.0, outputs={})
        console.on_end(cached, said)
        told["components"].append(
            {"name": name, "state": cached.state, "seconds": 0.0, "cpu_seconds": 0.0}
        )
    figures = [read_figure(name, figure) for name, figure in told["metrics"].items()]
    is_all_used = not (told["quarantined"] or told["set_aside"])
    console.show_end(task.metrics, figures, told["paths"], is_all_used)
    print(f"Nothing has changed since {last.run}: all is taken from there.", file=sys.stderr)
    if as_json:
        print(json_line(told))
        return
    say_pushed(env, task, sys.stderr)


def word_refusal(recorder: Recorder) -> str:
    """Says that a gate refused the model, and what may help."""
    return _word_refusal(recorder.task, recorder.settings, recorder.env.smoke, recorder.result)


def _word_refusal(task: Task, settings: Settings, is_smoke: bool, result: RunResult) -> str:
    """Says what may help a model that was refused: only what the task has."""
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
