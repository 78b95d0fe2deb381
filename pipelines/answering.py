"""Asks a served model with what a person gives; whatever goes wrong is said in a line."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from modules.common.asking.answers import cut_to_assertion
from modules.common.asking.asking import Asker, Said
from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError, SettingError
from pipelines import pushed, resident, versions
from pipelines.environment import Environment
from pipelines.explanations import explain
from pipelines.imports import importing
from pipelines.logs import logging_to, new_log_path
from pipelines.standard_streams import check_text

if TYPE_CHECKING:
    from lianxi_client import Client, ClientError
    from serving.server import Server

# A person who names a server wants to know soon that none is there.
CONNECT_TIMEOUT_S = 2.0
LOAD_TIMEOUT_S = 120.0
_POLL_S = 0.5

_ADDRESS = re.compile(r"https?://\S+|(\S+:)?\S+:\d{1,5}")
# What the client asks where it reaches nobody, and not where a server is merely busy.
_NOBODY = "is a server running there?"


class NoServerError(LianxiError):
    """No server answers where one was named."""


def is_address(text: str) -> bool:
    """Tells whether a text is how a server is named, `HOST:PORT` or `http://HOST:PORT`."""
    return _ADDRESS.fullmatch(text) is not None


def ask(
    client: Client, asker: Asker, text: str, said: Said
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads one input and gets its answer.

    Args:
        client: Connected to who answers.
        asker: Of the task.
        text: What the question is about, or the path of it.
        said: What was said besides, as `Asker.parse` gives it.

    Returns:
        The request and its answer, a batch of one.

    Raises:
        LianxiError: In the model's own words where it refuses; `SettingError` where that is for
            what was said, `NoServerError` where nobody answers.
    """
    from lianxi_client import ClientError

    task = asker.task
    try:
        if not asker.takes_files:
            check_text(text)
        signature, request = asker.read(text, said)
        return request, client.predict(
            task.name, request, signature_name=signature, timeout_s=task.serving.timeout_s
        )
    except ClientError as error:
        check_answers(error)
        refusal = cut_to_assertion(str(error))
        if refusal.split(":")[0].split(" ")[0] in asker.options:
            raise SettingError(refusal) from error
        raise LianxiError(refusal) from error
    except (OSError, ValueError) as error:
        raise LianxiError(explain(error) if isinstance(error, OSError) else str(error)) from error


def check_answers(error: ClientError) -> None:
    """Raises `NoServerError` where a call failed since there is no server.

    Args:
        error: What the client raised; its message names the server.
    """
    found = re.search(r"\(server (\S+?)[;)]", error.message)
    if error.code == "UNAVAILABLE" and found and _NOBODY in error.message:
        port = found[1].rpartition(":")[2]
        option = "--rest-port" if found[1].startswith("http") else "--port"
        raise NoServerError(
            f"no server answers at {found[1]}; start one (lianxi serve {option} {port}), name "
            "another, or leave --server out: then the model that was pushed last here answers"
        ) from error


def own_server(env: Environment, names: Collection[str], *, warmup: bool = True) -> Server:
    """Makes a server of our own with the pushed models, on a free port; it is not started.

    Of each the last version answers, or the one that is pinned.

    Args:
        env: Where they were pushed to.
        names: The tasks. Those that are added while it runs are loaded then.
        warmup: Whether models are warmed up, which pays from the second question on.
    """
    from serving.config import ModelEntry, ServerConfig
    from serving.server import Server

    def list_models() -> dict[str, ModelEntry]:
        return {name: versions.answering_entry(env, name) for name in tuple(names)}

    return Server(list_models, ServerConfig(port=0, poll_interval_s=_POLL_S, warmup=warmup))


@contextmanager
def connect(task: Task, env: Environment, server: str | None) -> Iterator[tuple[Any, TextIO]]:
    """Connects to a server, or starts one of our own with the last pushed model.

    Args:
        task: Whom to ask.
        env: Where its model was pushed to.
        server: Address of a server, or `None` for the `lianxi serve` that runs over this
            environment's models with the version that answers, or else one of our own.

    Yields:
        The client, and the stream for messages to the person.

    Raises:
        LianxiError: If there is no model, or it does not load.
    """
    from lianxi_client import Client
    from serving.errors import ServingError
    from serving.models.tensorflow_in_part import import_tensorflow_in_part

    if not server:
        pushed.check(env, task.name, ", or name a --server")
        if found := resident.find(env, task.name):
            print(f"note: the server at {found} answers", file=sys.stderr)
            _note_smoke(env, sys.stderr)
            server = found
    if server:
        with Client(server, connect_timeout_s=CONNECT_TIMEOUT_S) as client:
            yield client, sys.stderr
        return
    log = new_log_path(env.logs_dir, f"predict-{task.name}")
    with logging_to(log) as stderr:
        with importing():
            import_tensorflow_in_part()
        with own_server(env, [task.name], warmup=False) as own:
            try:
                own.wait_until_available(task.name, LOAD_TIMEOUT_S)
            except (ServingError, TimeoutError) as error:
                folder = Path(env.models_dir) / task.name
                raise LianxiError(f"the model in {folder} does not load: {error}") from error
            _note_smoke(env, stderr)
            with Client(f"localhost:{own.port}") as client:
                yield client, stderr


def _note_smoke(env: Environment, stderr: TextIO) -> None:
    if env.smoke:
        print(f"note: {pushed.SMOKE_NOTE}", file=stderr)
