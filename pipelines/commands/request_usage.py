"""What may be wrong with how `lianxi predict` is called."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError, MissingDataError

if TYPE_CHECKING:
    from lianxi_client import ClientError

_ADDRESS = re.compile(r"https?://\S+|(\S+:)?\S+:\d{1,5}")

# What the client asks where it reaches nobody, and not where a server is merely busy.
_NOBODY = "is a server running there?"


class NoServerError(LianxiError):
    """No server answers where one was named."""


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


def check_usage(
    task: Task,
    human: ModuleType,
    inputs: tuple[str, ...],
    out: Path | None,
    server: str | None,
    as_json: bool,
) -> None:
    """Raises for what is wrong with a command line, before a model is loaded.

    Args:
        task: Who is asked.
        human: Its module `predict`.
        inputs: What was given to answer.
        out: Where answers are to be written.
        server: Address of the server to ask.
        as_json: Whether answers are printed as JSON.

    Raises:
        UsageError: If options exclude each other, or one has no meaning here.
        MissingDataError: If none of the files that were named is there.
    """
    if out is not None and as_json:
        raise click.UsageError("--json prints the answers, --out writes them; give one of them")
    may_write = getattr(human, "MAY_WRITE", hasattr(human, "WRITES"))
    if out is not None and not may_write:
        raise click.UsageError(f"{task.name} answers in words and writes no file; leave --out out")
    if server is not None and not _ADDRESS.fullmatch(server):
        raise click.UsageError(
            "--server takes HOST:PORT, such as localhost:8500, or http://localhost:8501 for REST, "
            f"found {server!r}"
        )
    may_be_none = ("CONVERSES", "DEFAULTS_TO_DATA")
    needs_input = getattr(human, "NEEDS_INPUT", True)
    if not inputs and needs_input and not any(getattr(human, name, False) for name in may_be_none):
        raise click.UsageError(f"{task.name} takes {human.TAKES}; give one or more, or -")
    named = [text for text in inputs if text != "-"]
    if human.TAKES.startswith("paths") and named:
        missing = [text for text in named if not Path(text).expanduser().exists()]
        if missing == list(inputs):
            raise MissingDataError(
                f"{task.name} takes {human.TAKES}, found no file {', '.join(map(repr, missing))}"
            )
