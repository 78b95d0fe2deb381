"""`lianxi predict`: asks a model with what a person has, and answers as a person reads."""

from __future__ import annotations

import functools
import glob
import importlib
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import click
import numpy as np

from modules.common.declaring.task import Task
from modules.common.runtime.errors import (
    LianxiError,
    MissingDataError,
    SettingError,
    WrongUsage,
    did_you_mean,
)
from pipelines import last_run, pushed, stopping
from pipelines.commands.answer_json import answer_line
from pipelines.commands.conversation import converse, settings_by_turn
from pipelines.commands.options import (
    SettingsCommand,
    SettingType,
    env_option,
    root_option,
    task_argument,
)
from pipelines.commands.request_usage import NoServerError, check_answers, check_usage
from pipelines.environment import Environment, environment
from pipelines.explanations import explain
from pipelines.logs import logging_to, new_log_path
from pipelines.standard_streams import check_text, typed_lines

# A person who names a server wants to know soon that none is there.
_CONNECT_TIMEOUT_S = 2.0
_LOAD_TIMEOUT_S = 120.0
_ANSWER_TIMEOUT_S = 60.0
_NAMED_CHARS = 200
# How a server tells of an assertion in a model's graph.
_ASSERTION = re.compile(r"assertion failed: \[(?P<said>.*?)\] \[\[\{\{node", re.DOTALL)


class RequestCommand(SettingsCommand):
    """A command that takes what a request of its task may say as options."""

    def settings(self, task: Task) -> Mapping[str, str]:
        """Names what a request may say, by the task's `predict.OPTIONS`."""
        options: Mapping[str, str] = getattr(_human(task), "OPTIONS", {})
        return options

    def flags(self, task: Task) -> Collection[str]:
        """Names those that take no value, by the task's `predict.FLAGS`."""
        flags: Collection[str] = getattr(_human(task), "FLAGS", ())
        return flags


def _human(task: Task) -> ModuleType:
    """The module that says how a person asks the task."""
    return importlib.import_module(f"modules.{task.name}.predict")


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
    help="Say more about what you ask for; may be given many times. Each is also an option of its "
    "own. `lianxi predict TASK --help` shows them.",
)
@click.option("--server", metavar="HOST:PORT", help="Ask this server, not the last pushed model.")
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
    `quit` or Ctrl-D ends it. Settings hold for the whole talk; the seed goes on by one with each
    line. Lines may be piped in, too.

    \b
    lianxi predict name_gender 王婷婷 田野
    lianxi predict voice_gender recording.wav
    lianxi predict captcha_ocr pictures/*.png
    lianxi predict railway_forecast passengers.csv --out forecast.png
    lianxi predict deep_dream photo.jpg --octaves 3 --out dream.png
    lianxi predict seq2seq_chatbot --temperature 0.7
    cat names.txt | lianxi predict name_gender - --json
    """
    env = environment(env_name, root)
    human = _human(task)
    given = _known_settings(task, dict(settings))
    stopping.kept("Answers that were given stand.")
    converses = not inputs and getattr(human, "CONVERSES", False)
    # What is wrong with the settings is said before a model is loaded.
    turns = settings_by_turn(human.OPTIONS, given) if converses else iter(())
    shown_options: Collection[str] = getattr(human, "SHOW_OPTIONS", ())
    check_usage(task, human, inputs, out, server, as_json)
    if not inputs and getattr(human, "DEFAULTS_TO_DATA", False):
        given = last_run.settings(env, task.name, human.OPTIONS) | given
    are_many_files = human.TAKES.startswith("paths") and (len(inputs) > 1 or "-" in inputs)
    with _client(task, env, server) as (client, stderr):
        ask = functools.partial(_ask, client, task, human)

        def reply(text: str, settings: Mapping[str, str]) -> str:
            request, answer = ask(text, settings)
            return answer_line(answer) if as_json else str(human.reply(request, answer))

        def shown(number: int, text: str) -> str:
            request, answer = ask(text, given)
            if as_json:
                return answer_line(answer)
            told = {name: given[name] for name in shown_options if name in given}
            line = human.show(request, answer, _out(task, human, out, number), **told)
            return f"{text}: {line}" if are_many_files else str(line)

        if converses:
            failures = converse(reply, turns, stderr)
        else:
            failures = _answer_each(_inputs(task, human, inputs, env), shown, stderr)
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
            print(f"error: {_shortened(text)}: {error}", file=stderr)
            failures += 1
        except NoServerError:
            # It would not answer the others either.
            raise
        except LianxiError as error:
            print(f"error: {_shortened(text)}: {error}" if text else f"error: {error}", file=stderr)
            failures += 1
        except BrokenPipeError:
            raise
        except OSError as error:
            print(f"error: cannot write the answer: {explain(error)}", file=stderr)
            failures += 1
        else:
            click.echo(line)
    return failures


def _known_settings(task: Task, given: dict[str, str]) -> dict[str, str]:
    """Gives the settings; raises `WrongUsage` for one that the task does not have."""
    known: Mapping[str, str] = getattr(_human(task), "OPTIONS", {})
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) if known else "it takes none"
            raise WrongUsage(f"a request to {task.name} has no setting {name!r}; {hint}")
    return given


def _out(task: Task, human: ModuleType, out: Path | None, number: int) -> Path | None:
    """Where the answer to one of several inputs is written: none may overwrite another's."""
    suffix = getattr(human, "WRITES", "")
    if out is None and not suffix:
        return None
    path = out or Path(f"{task.name}{suffix}")
    return path.with_name(f"{path.stem}_{number + 1}{path.suffix}") if number else path


def _inputs(
    task: Task, human: ModuleType, inputs: tuple[str, ...], env: Environment
) -> Iterator[str]:
    if not inputs and getattr(human, "DEFAULTS_TO_DATA", False):
        globs = last_run.load(env, task.name).data_files.splitlines()
        inputs = tuple(sorted({path for files in globs for path in glob.glob(files)}))
    if not inputs and not getattr(human, "NEEDS_INPUT", True):
        inputs = ("",)
    if not inputs:
        raise click.UsageError(f"{task.name} takes {human.TAKES}; give one or more, or -")
    for text in inputs:
        if text == "-":
            yield from (line for line in typed_lines() if line.strip())
        else:
            yield text


def _ask(
    client: Any,
    task: Task,
    human: ModuleType,
    text: str,
    settings: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads one input and gets its answer; whatever goes wrong is said in a line."""
    from lianxi_client import ClientError

    timeout_s = getattr(human, "TIMEOUT_S", _ANSWER_TIMEOUT_S)
    try:
        if not human.TAKES.startswith("paths"):
            check_text(text)
        signature, request = human.read_request(text, **settings)
        return request, client.predict(
            task.name, request, signature_name=signature, timeout_s=timeout_s
        )
    except ClientError as error:
        check_answers(error)
        said = _said_by_the_graph(str(error))
        if said.split(":")[0].split(" ")[0] in getattr(human, "OPTIONS", {}):
            raise SettingError(said) from error
        raise LianxiError(said) from error
    except (OSError, ValueError) as error:
        raise LianxiError(explain(error) if isinstance(error, OSError) else str(error)) from error


def _said_by_the_graph(message: str) -> str:
    """Cuts a refusal down to the model's own sentence, where it has one."""
    found = _ASSERTION.search(message)
    return found["said"] if found else message


@contextmanager
def _client(task: Task, env: Environment, server: str | None) -> Iterator[tuple[Any, TextIO]]:
    """Connects to a server, or starts one of our own with the last pushed model.

    Yields:
        The client, and the stream for messages to the person.
    """
    from lianxi_client import Client
    from serving.config import ServerConfig
    from serving.errors import ServingError
    from serving.server import Server

    if server:
        with Client(server, connect_timeout_s=_CONNECT_TIMEOUT_S) as client:
            yield client, sys.stderr
        return
    pushed.check(env, task.name)
    model_dir = Path(env.models_dir) / task.name
    log = new_log_path(env.logs_dir, f"predict-{task.name}")
    config = ServerConfig(port=0)
    with logging_to(log) as stderr, Server({task.name: model_dir}, config) as own:
        try:
            own.wait_until_available(task.name, _LOAD_TIMEOUT_S)
        except (ServingError, TimeoutError) as error:
            raise LianxiError(f"the model in {model_dir} does not load: {error}") from error
        if env.smoke:
            print(f"note: {pushed.SMOKE_NOTE}", file=stderr)
        with Client(f"localhost:{own.port}") as client:
            yield client, stderr


def _shortened(text: str) -> str:
    """Names an input in a message, which a long one would drown."""
    return text if len(text) <= _NAMED_CHARS else f"{text[:_NAMED_CHARS]}…"
