"""Saying in the log what is wrong once, not at every look."""

from __future__ import annotations

import logging


class Notices:
    """What was said and still holds."""

    def __init__(self, log: logging.Logger) -> None:
        """Begins with nothing said.

        Args:
            log: Where to say it.
        """
        self._log = log
        self._said: dict[tuple[object, ...], str] = {}

    def say(self, text: str, *about: object) -> None:
        """Warns, unless just this was said and has held since.

        Args:
            text: A line for a person.
            about: What it is about.
        """
        if self._said.get(about) != text:
            self._said[about] = text
            self._log.warning("%s", text)

    def clear(self, *about: object) -> None:
        """Notes that all is well again.

        Args:
            about: As in `say`.
        """
        self._said.pop(about, None)


def reason(error: OSError) -> str:
    """Says what the system said.

    Args:
        error: What was raised.

    Returns:
        Such as `/models/a: permission denied`.
    """
    text = (error.strerror or str(error)).lower()
    return f"{error.filename}: {text}" if error.filename else text
