"""`lianxi predict`: asks a model with what a person has, and answers as a person reads."""

from __future__ import annotations

import glob
import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import click
import numpy as np

from modules.common.errors import LianxiError
from modules.common.task import Task
from pipelines import last_run
from pipelines.commands.options import env_option, root_option, task_argument
from pipelines.environment import Environment, environment
from pipelines.logs import logging_to, new_log_path

_LOAD_TIMEOUT_S = 120.0


@click.command()
@task_argument
@click.argument("inputs", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), help="Where to write a picture or sound.")
@click.option("--server", metavar="HOST:PORT", help="Ask this server, not the last pushed model.")
@root_option
@env_option
@click.option("--json", "as_json", is_flag=True, help="Print each answer as a line of JSON.")
def command(
    task: Task,
    inputs: tuple[str, ...],
    out: Path | None,
    server: str | None,
    root: str | None,
    env_name: str,
    as_json: bool,
) -> None:
    r"""Ask TASK's model. INPUTS are what the task takes: text, or paths of files.

    `-` reads one input a line from standard input. An input that cannot be answered is reported,
    the others are answered, and the exit code is 1.

    \b
    lianxi predict name_gender 王婷婷 田野
    lianxi predict voice_gender recording.wav
    lianxi predict captcha_ocr pictures/*.png
    lianxi predict railway_forecast passengers.csv --out forecast.png
    cat names.txt | lianxi predict name_gender - --json
    """
    env = environment(env_name, root)
    human = importlib.import_module(f"modules.{task.name}.predict")
    are_many_files = human.TAKES.startswith("paths") and (len(inputs) > 1 or "-" in inputs)
    failures = 0
    with _client(task, env, server) as (client, stderr):
        for text in _inputs(task, human, inputs, env):
            try:
                request, answer = _ask(client, task, human, text)
            except LianxiError as error:
                print(f"error: {error}", file=stderr)
                failures += 1
                continue
            if as_json:
                click.echo(json.dumps(_plain(answer), ensure_ascii=False))
            else:
                line = human.show(request, answer, out)
                click.echo(f"{text}: {line}" if are_many_files else line)
    sys.exit(1 if failures else 0)


def _inputs(
    task: Task, human: ModuleType, inputs: tuple[str, ...], env: Environment
) -> Iterator[str]:
    if not inputs and getattr(human, "DEFAULTS_TO_DATA", False):
        globs = last_run.load(env, task.name).data_files.splitlines()
        inputs = tuple(sorted({path for files in globs for path in glob.glob(files)}))
    if not inputs:
        raise click.UsageError(f"{task.name} takes {human.TAKES}; give one or more, or -")
    for text in inputs:
        if text == "-":
            yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
        else:
            yield text


def _ask(
    client: Any,  # noqa: ANN401 - serving.client.Client, which is imported late
    task: Task,
    human: ModuleType,
    text: str,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads one input and gets its answer; whatever goes wrong is said in a line."""
    from serving.client_types import ClientError

    try:
        signature, request = human.read_request(text)
        return request, client.predict(task.name, request, signature_name=signature)
    except (OSError, ValueError) as error:
        raise LianxiError(f"{text}: {error}") from error
    except ClientError as error:
        raise LianxiError(f"{text}: {error}") from error


@contextmanager
def _client(task: Task, env: Environment, server: str | None) -> Iterator[tuple[Any, TextIO]]:
    """Connects to a server, or starts one of our own with the last pushed model.

    Yields:
        The client, and the stream for messages to the person.
    """
    from serving.client import Client
    from serving.config import ServerConfig
    from serving.errors import ServingError
    from serving.server import Server

    if server:
        with Client(server) as client:
            yield client, sys.stderr
        return
    model_dir = Path(env.models_dir) / task.name
    if not any(model_dir.glob("*/saved_model.pb")):
        raise LianxiError(
            f"{task.name} has no pushed model in {env.models_dir}; "
            f"push one (lianxi run {task.name}), or name a --server"
        )
    log = new_log_path(env.logs_dir, f"predict-{task.name}")
    config = ServerConfig(port=0)
    with logging_to(log) as stderr, Server({task.name: model_dir}, config) as own:
        try:
            own.wait_until_available(task.name, _LOAD_TIMEOUT_S)
        except (ServingError, TimeoutError) as error:
            raise LianxiError(f"the model in {model_dir} does not load: {error}") from error
        with Client(f"localhost:{own.port}") as client:
            yield client, stderr


def _plain(answer: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: np.asarray(values).tolist() for name, values in answer.items()}
