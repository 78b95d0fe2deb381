"""Errors that are meant for the person at the keyboard.

Each says what was expected, what was found, and what to do; the command line prints the message
alone, without a stack trace.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LianxiError(Exception):
    """Something that a person can mend. The message is the whole story.

    Attributes:
        exit_code: What the command line ends with: 1 for what failed, 2 for what was asked for
            wrongly, 3 for a model that a gate did not let through.
    """

    exit_code = 1


class WrongUsage(LianxiError):
    """A command was asked for something that there is not, or that cannot be."""

    exit_code = 2


class TaskError(WrongUsage):
    """A task is not declared as it must be, or asked for something it does not have."""


class DataError(LianxiError):
    """The raw data is not what the task reads."""


class MissingDataError(DataError, WrongUsage):
    """The path that was given for raw data does not exist."""


class SettingError(DataError, WrongUsage):
    """What a person set for a request is not what it takes."""


class GateError(LianxiError):
    """Data or a model did not pass a gate."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Says which of `known` was probably meant by `name`, or else lists them all."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"it must be one of {', '.join(names)}"
