"""`lianxi infer`: answers many requests at once, and writes the answers as one file."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from modules.common.asking.asking import asker_of
from modules.common.asking.batches import check_fits_records
from modules.common.declaring.task import Task
from modules.common.runtime.errors import WrongUsage
from pipelines import pushed, stopping
from pipelines.commands.engine_options import engine_options
from pipelines.commands.options import SettingType, as_json, remember_set, task_argument
from pipelines.commands.predict import RequestCommand
from pipelines.environment import Environment
from pipelines.imports import importing
from pipelines.logs import logging_to, new_log_path
from pipelines.requests import RequestLocation, choose_version, locate
from pipelines.standard_streams import json_line

if TYPE_CHECKING:
    from pipelines.inference import InferenceResult


@click.command(cls=RequestCommand)
@task_argument
@click.option(
    "--data",
    required=True,
    metavar="PATH",
    help="What to answer: a table, a text file with a line for each, or a folder of such files, of "
    "pictures or of recordings. No labels are needed. {SPAN}, {VERSION} or {YYYY}{MM}{DD} in it "
    "stand for the newest that is there.",
)
@click.option(
    "--span",
    metavar="N[:VERSION]",
    help="Answer this span of --data, a number or a date, in place of the newest.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where answers are written: FILE.jsonl, FILE.csv or FILE.tfrecord, each also as .gz.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE where it is there.")
@click.option(
    "--model-version",
    type=click.IntRange(min=0),
    metavar="N",
    help="The pushed version that answers. Default: the one that is served.",
)
@click.option("--model-label", metavar="LABEL", help="The version with this label answers.")
@click.option(
    "--set",
    "settings",
    type=SettingType(),
    multiple=True,
    callback=remember_set,
    help="Say more about what you ask for, the same for all; may be given many times. Each is also "
    "an option of its own. `lianxi infer TASK --help` shows them.",
)
@engine_options
@as_json
def command(
    task: Task,
    data: str,
    span: str | None,
    out: Path,
    overwrite: bool,
    model_version: int | None,
    model_label: str | None,
    settings: tuple[tuple[str, str], ...],
    env: Environment,
    as_json: bool,
) -> None:
    r"""Answer many requests with TASK's pushed model, and write one file with a record for each.

    What is read is what `lianxi predict` takes, many at a time, without labels: tables with a
    column for each input, text files with a line for each text, or folders of pictures or
    recordings. Records come in the order of the input. Each has the key of its request, FILE:LINE
    or the path of a file, the cells of its row, and the outputs of the model by their names.

    What cannot be read, or what the model refuses, is in FILE.rejects.jsonl with its key and the
    reason; the others are answered.

    \b
    lianxi infer name_gender --data names.csv --out genders.csv
    lianxi infer image_retrain --data photos/ --out classes.jsonl --top-k 3
    lianxi infer chinese_asr --data recordings/ --out texts.jsonl
    lianxi infer voice_gender --data voices.csv --out voices.jsonl.gz --model-label canary
    lianxi infer name_gender --data names.csv --out genders.tfrecord --engine flink
    lianxi infer name_gender --data 'days/{SPAN}' --out newest.csv

    After a failure, the same command goes on from what had finished.

    Exit code: 0 answered, 1 failed, or more was bad than the task's limit, 2 wrong usage.
    """
    from components.inference.formats import check_format

    check_fits_records(task)
    said = asker_of(task).parse(dict(settings))
    out = out.expanduser().absolute()
    check_format(out)
    _check_place(out, overwrite)
    if model_version is not None and model_label is not None:
        raise click.UsageError("--model-version and --model-label name a version; give one of them")
    version = choose_version(task, env, model_version, model_label)
    location = locate(task, data, said, span)
    sys.exit(_infer(task, env, location, version, out, as_json))


def _check_place(out: Path, overwrite: bool) -> None:
    """Raises `WrongUsage` where a file cannot be written, or is there."""
    if not out.parent.is_dir():
        raise WrongUsage(f"--out takes a file in a folder that is there, found no {out.parent}")
    if out.exists() and not overwrite:
        raise WrongUsage(f"{out} is there; name another file, or add --overwrite")


def _infer(
    task: Task,
    env: Environment,
    location: RequestLocation,
    version: int,
    out: Path,
    as_json: bool,
) -> int:
    """Runs the pipeline and says what came of it.

    Returns:
        The exit code.
    """
    started_s = time.monotonic()
    stopping.note_kept(f"What finished before is kept in {env.root}: the same command goes on.")
    log = new_log_path(env.logs_dir, f"infer-{task.name}")
    with logging_to(log) as stderr:
        stream = stderr if as_json else sys.stdout
        print(
            f"{task.name}: {task.title}\ndata         {location.description}\n"
            f"model        version {version} in {env.models_dir}",
            file=stream,
        )
        if env.smoke:
            print(f"note: {pushed.SMOKE_NOTE}", file=stderr)
        result = _run(task, env, location, version, out, stream)
        summary = _summarize(result, location, version, out, time.monotonic() - started_s)
        if as_json:
            print(json_line(summary))
        else:
            print(_word(summary), file=stream)
        bad = summary["quarantined"] + summary["refused"]
        is_too_much = bad > task.quarantine_limit * summary["requests"]
        if is_too_much:
            print(
                f"error: {bad:,} of {summary['requests']:,} were not answered, more than the "
                f"limit of {task.quarantine_limit:.0%}; {summary['rejects']} says why",
                file=stderr,
            )
        return 1 if is_too_much else 0


def _run(
    task: Task,
    env: Environment,
    location: RequestLocation,
    version: int,
    out: Path,
    stream: TextIO,
) -> InferenceResult:
    with importing():
        from pipelines import inference, runner
        from pipelines.console import RunConsole

    pipeline = inference.create_pipeline(task, env, location, version, out)
    result = inference.InferenceResult(task=task)
    console = RunConsole(stream)
    with console:
        runner.run(
            pipeline,
            env,
            result,
            console.on_start,
            console.on_end,
            lock=inference.pipeline_name(task, out),
        )
    inference.remove_kept(task, env, out)
    return result


def _summarize(
    result: InferenceResult, location: RequestLocation, version: int, out: Path, seconds: float
) -> dict[str, Any]:
    from components.inference.prediction_writer import rejects_path

    answers: Mapping[str, int] = result.answers
    requests = answers["answered"] + answers["refused"] + answers["quarantined"]
    rejects = rejects_path(out)
    return {
        "task": result.task.name,
        "version": version,
        "requests": requests,
        **answers,
        "out": str(out),
        "rejects": str(rejects) if rejects.is_file() else None,
        "seconds": round(seconds, 3),
        "components": result.to_json()["components"],
    }


def _word(summary: Mapping[str, Any]) -> str:
    lines = [f"answered     {summary['answered']:,} of {summary['requests']:,} → {summary['out']}"]
    if summary["rejects"]:
        counts = ", ".join(
            f"{summary[name]:,} {words}"
            for name, words in (
                ("quarantined", "could not be read"),
                ("refused", "refused by the model"),
                ("set_aside", "set aside"),
            )
            if summary[name]
        )
        lines.append(f"not answered {counts} → {summary['rejects']}")
    return "\n".join(lines)
