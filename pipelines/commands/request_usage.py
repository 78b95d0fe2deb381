"""What may be wrong with how `lianxi predict` is called."""

from __future__ import annotations

from pathlib import Path

import click

from modules.common.asking.asking import Asker
from modules.common.runtime.errors import MissingDataError
from pipelines.answering import is_address


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
    if server is not None and not is_address(server):
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
