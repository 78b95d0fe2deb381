"""`lianxi predict`: asks a model with what a person has, and answers as a person reads."""

from __future__ import annotations

import functools
import glob
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

import click

from modules.common.asking.asking import Asker, Said, asker_of
from modules.common.declaring.fields import FILE_KINDS, Field
from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError, MissingDataError, WrongUsage
from pipelines import answering, last_run, stopping
from pipelines.answering import NoServerError, connect
from pipelines.commands.answer_json import answer_line
from pipelines.commands.conversation import converse, say_by_turn
from pipelines.commands.options import (
    DeclaredOption,
    SettingsCommand,
    SettingType,
    env_option,
    remember_set,
    root_option,
    task_argument,
)
from pipelines.commands.request_usage import check_usage
from pipelines.environment import Environment, environment
from pipelines.explanations import explain
from pipelines.standard_streams import read_typed_lines

_NAMED_CHARS = 200


class RequestCommand(SettingsCommand):
    """A command that takes what a request of its task may say as options."""

    def declare_options(self, task: Task) -> Iterable[DeclaredOption]:
        """Makes an option of each field that a person may say by name."""
        for field in asker_of(task).options.values():
            default = f" Default: {field.default_text}." if field.default_text else ""
            # The choices stand where the value stands.
            meaning = field.doc if field.kind == "choice" else field.meaning
            words = f"{meaning[:1].upper()}{meaning[1:]}.{default}"
            is_flag = field.kind == "switch"
            yield DeclaredOption(field.name, words, _metavar(field), is_flag)


def _metavar(field: Field) -> str:
    if field.kind in (*FILE_KINDS, "path"):
        return "FILE"
    if field.kind == "choice":
        return "|".join(str(choice) for choice in field.choices)
    return {"int64": "INTEGER", "float32": "NUMBER"}.get(field.dtype, "TEXT")


@click.command(cls=RequestCommand)
@task_argument
@click.argument("inputs", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write a picture or sound.",
)
@click.option(
    "--set",
    "settings",
    type=SettingType(),
    multiple=True,
    callback=remember_set,
    help="Say more about what you ask for; may be given many times. Each is also an option of its "
    "own. `lianxi predict TASK --help` shows them.",
)
@click.option(
    "--server",
    metavar="HOST:PORT",
    help="Ask this server. Default: the `lianxi serve` that runs over these models; where none "
    "does, the last pushed model is loaded.",
)
@root_option
@env_option
@click.option("--json", "as_json", is_flag=True, help="Print each answer as a line of JSON.")
def command(
    task: Task,
    inputs: tuple[str, ...],
    out: Path | None,
    settings: tuple[tuple[str, str], ...],
    server: str | None,
    root: str | None,
    env_name: str,
    as_json: bool,
) -> None:
    r"""Ask TASK's model. INPUTS are what the task takes: text, or paths of files.

    `-` reads one input a line from standard input. An input that cannot be answered is reported,
    the others are answered, and the exit code is 1.

    Without INPUTS, a task that converses opens a conversation: a line is said, a line answers,
    `quit` or Ctrl-D ends it. Options hold for the whole talk; the seed goes on by one with each
    line. Lines may be piped in, too.

    \b
    lianxi predict name_gender 王婷婷 田野
    lianxi predict voice_gender recording.wav
    lianxi predict captcha_ocr pictures/*.png
    lianxi predict railway_forecast passengers.csv --out forecast.png
    lianxi predict deep_dream photo.jpg --octaves 3 --out dream.png
    lianxi predict seq2seq_chatbot --temperature 1
    cat names.txt | lianxi predict name_gender - --json
    """
    env = environment(env_name, root)
    asker = asker_of(task)
    said = asker.parse(dict(settings))
    stopping.note_kept("Answers that were given stand.")
    converses = not inputs and task.serving.converses
    check_usage(asker, inputs, out, server, as_json)
    asker.check_needed(said)
    if not inputs and asker.asking.may_be_left_out:
        trained_with = last_run.settings(env, task.name, asker.options)
        said = asker.parse(trained_with) | said
    are_many_files = asker.takes_files and (len(inputs) > 1 or "-" in inputs)
    with connect(task, env, server) as (client, stderr):
        ask = functools.partial(answering.ask, client, asker)

        def reply(text: str, said: Said) -> str:
            _, answer = ask(text, said)
            return answer_line(answer) if as_json else asker.reply(answer)

        def shown(number: int, text: str) -> str:
            request, answer = ask(text, said)
            if as_json:
                return answer_line(answer)
            line = asker.show(request, answer, _out(asker, out, number), said)
            return f"{text}: {line}" if are_many_files else line

        if converses:
            failures = converse(reply, say_by_turn(asker.options, said), stderr)
        else:
            failures = _answer_each(_inputs(asker, inputs, env), shown, stderr)
    sys.exit(1 if failures else 0)


def _answer_each(texts: Iterator[str], shown: Callable[[int, str], str], stderr: TextIO) -> int:
    """Prints an answer for each input; gives how many could not be answered."""
    failures = 0
    for number, text in enumerate(texts):
        try:
            line = shown(number, text)
        except WrongUsage as error:
            # Of several files one may be missing; what was set is wrong for all.
            if not text or not isinstance(error, MissingDataError):
                raise
            print(f"error: {_shorten(text)}: {error}", file=stderr)
            failures += 1
        except NoServerError:
            # It would not answer the others either.
            raise
        except LianxiError as error:
            print(f"error: {_shorten(text)}: {error}" if text else f"error: {error}", file=stderr)
            failures += 1
        except BrokenPipeError:
            raise
        except OSError as error:
            print(f"error: cannot write the answer: {explain(error)}", file=stderr)
            failures += 1
        else:
            click.echo(line)
    return failures


def _out(asker: Asker, out: Path | None, number: int) -> Path | None:
    """Where the answer to one of several inputs is written: none may overwrite another's."""
    if out is None and not asker.suffix:
        return None
    path = out or Path(f"{asker.task.name}{asker.suffix}")
    return path.with_name(f"{path.stem}_{number + 1}{path.suffix}") if number else path


def _inputs(asker: Asker, inputs: tuple[str, ...], env: Environment) -> Iterator[str]:
    task = asker.task
    if not inputs and asker.asking.may_be_left_out:
        globs = last_run.load(env, task.name).data_files.splitlines()
        inputs = tuple(sorted({path for files in globs for path in glob.glob(files)}))
    if not inputs and not asker.needs_input:
        inputs = ("",)
    if not inputs:
        raise click.UsageError(f"{task.name} takes {asker.takes}; give one or more, or -")
    for text in inputs:
        if text == "-":
            yield from (line for line in read_typed_lines() if line.strip())
        else:
            yield text


def _shorten(text: str) -> str:
    """Names an input in a message, which a long one would drown."""
    return text if len(text) <= _NAMED_CHARS else f"{text[:_NAMED_CHARS]}…"
