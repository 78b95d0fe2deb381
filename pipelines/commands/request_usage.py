"""What may be wrong with how `lianxi predict` is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modules.common.asking.asking import Asker
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
    asker: Asker, inputs: tuple[str, ...], out: Path | None, server: str | None, as_json: bool
) -> None:
    """Raises for what is wrong with a command line, before a model is loaded.

    Args:
        asker: Who is asked.
        inputs: What was given to answer.
        out: Where answers are to be written.
        server: Address of the server to ask.
        as_json: Whether answers are printed as JSON.

    Raises:
        UsageError: If options exclude each other, or one has no meaning here.
        MissingDataError: If none of the files that were named is there.
    """
    name = asker.task.name
    if out is not None and as_json:
        raise click.UsageError("--json prints the answers, --out writes them; give one of them")
    if out is not None and not asker.may_write:
        raise click.UsageError(f"{name} answers in words and writes no file; leave --out out")
    if server is not None and not _ADDRESS.fullmatch(server):
        raise click.UsageError(
            "--server takes HOST:PORT, such as localhost:8500, or http://localhost:8501 for REST, "
            f"found {server!r}"
        )
    if inputs and not asker.needs_input:
        raise click.UsageError(f"{name} takes {asker.takes}; found {', '.join(inputs)}")
    may_be_none = asker.task.serving.converses or asker.asking.may_be_left_out
    if not inputs and asker.needs_input and not may_be_none:
        raise click.UsageError(f"{name} takes {asker.takes}; give one or more, or -")
    named = [text for text in inputs if text != "-"]
    if asker.takes_files and named:
        missing = [text for text in named if not Path(text).expanduser().exists()]
        if missing == list(inputs):
            raise MissingDataError(
                f"{name} takes {asker.takes}, found no file {', '.join(map(repr, missing))}"
            )
