"""How a command ends: what went wrong is said in a line or two, and the exit code says which kind.

0 is well, 1 failed, 2 wrong usage, 3 a gate said no. The traceback is in the log.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from modules.common.runtime.errors import LianxiError
from pipelines import logs, stopping, temporary
from pipelines.environment import environment
from pipelines.explanations import exit_code, explain, is_fault
from pipelines.standard_streams import be_lenient

_INTERRUPTED_EXIT_CODE = 130
_BROKEN_PIPE_EXIT_CODE = 141


def main(command: Callable[[], object]) -> int:
    """Runs a command from its beginning to its end, whatever ends it.

    Args:
        command: May raise anything.

    Returns:
        The exit code; a process that is told to stop ends here.
    """
    be_lenient()
    with temporary.own_folder() as folder, stopping.watch(folder):
        return end_of(command)


def end_of(command: Callable[[], object]) -> int:
    """Runs a command and says what went wrong, if anything.

    Args:
        command: May raise anything.

    Returns:
        The exit code.
    """
    try:
        returned = command()
        sys.stdout.flush()
    except SystemExit as stop:
        return _code_of(stop)
    except click.Abort:
        # A question that was asked got no answer.
        click.echo("stopped: nothing was answered", err=True)
        return _INTERRUPTED_EXIT_CODE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # Whoever read has seen enough; what Python still holds must not be written at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _BROKEN_PIPE_EXIT_CODE
    except Exception as error:
        say(error)
        return exit_code(error)
    return returned if isinstance(returned, int) else 0


def say(error: BaseException) -> None:
    """Says an error to the person, and where its traceback is."""
    log = logs.log_of(error)
    if log is None and is_fault(error):
        log = _log_alone(error)
    click.echo(f"error: {explain(error)}", err=True)
    if log is not None:
        click.echo(f"The whole log is in {log}", err=True)


def _code_of(stop: SystemExit) -> int:
    if isinstance(stop.code, str):
        click.echo(stop.code, err=True)
        return 1
    return stop.code or 0


def _log_alone(error: BaseException) -> Path | None:
    """Writes the traceback of a command that keeps no log to one; where it cannot, shows it."""
    try:
        path = logs.new_log_path(environment().logs_dir, "fault")
        path.write_text("", encoding="utf-8")
    except (OSError, LianxiError):
        logging.getLogger(__name__).error("unexpected", exc_info=error)
        return None
    with logs.logging_to(path):
        logging.getLogger(__name__).error("unexpected", exc_info=error)
    return path
