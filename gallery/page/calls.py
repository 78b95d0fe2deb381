"""Calls to the server that a person may stop, and how long such calls take."""

from __future__ import annotations

import re
import statistics
import threading
from collections import defaultdict, deque
from collections.abc import Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gallery.page.forms import Question
from gallery.page.served import Models
from modules.common.asking.asking import Asker
from modules.common.runtime.errors import LianxiError
from pipelines.answering import ask

if TYPE_CHECKING:
    from lianxi_client import Client

Answered = tuple[dict[str, Any], dict[str, np.ndarray]]
_KEPT = 5


class StoppedError(LianxiError):
    """The person who asked does not want to know any more."""


class Call:
    """One question on its way, in a thread of its own; whoever holds it may stop it.

    It has a client of its own: closing that is what takes the call back, and the server ends what
    it does for it.
    """

    def __init__(self, models: Models, question: Question) -> None:
        """Prepares; nothing is asked before `run`.

        Args:
            models: Where.
            question: What.
        """
        self._models = models
        self._question = question
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def run(self) -> Answered:
        """Asks, and waits for the answer.

        Raises:
            StoppedError: If it was stopped meanwhile.
            LianxiError: If the model refuses, in its own words.
        """
        question = self._question
        try:
            client = self._models.connect(question.asker.task.name, self._stopped)
            with self._lock:
                self._client = client
            if self.is_stopped:
                raise StoppedError("stopped")
            return ask(client, question.asker, question.text, question.said)
        except LianxiError as error:
            if self.is_stopped:
                raise StoppedError("stopped") from error
            raise LianxiError(reword(str(error), question)) from error
        finally:
            self._close()

    def stop(self) -> None:
        """Takes the call back. It may have come to its end already."""
        self._stopped.set()
        self._close()

    def _close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close()


class Calls:
    """The calls that are under way, by who made them: a person has one in each tab."""

    def __init__(self) -> None:
        """There are none yet."""
        self._calls: dict[tuple[str, str], Call] = {}
        self._lock = threading.Lock()

    def begin(self, session: str, tab: str, call: Call) -> None:
        """Notes a call; an earlier one of the same tab is stopped."""
        with self._lock:
            earlier = self._calls.pop((session, tab), None)
            self._calls[session, tab] = call
        if earlier is not None:
            earlier.stop()

    def end(self, session: str, tab: str, call: Call) -> None:
        """Forgets a call."""
        with self._lock:
            if self._calls.get((session, tab)) is call:
                del self._calls[session, tab]

    def stop(self, session: str, tab: str) -> None:
        """Stops the call of a tab, if there is one."""
        with self._lock:
            call = self._calls.pop((session, tab), None)
        if call is not None:
            call.stop()

    def stop_all(self, session: str | None = None) -> None:
        """Stops the calls of a person, or of everybody."""
        with self._lock:
            keys = [key for key in self._calls if session in (None, key[0])]
            calls = [self._calls.pop(key) for key in keys]
        for call in calls:
            call.stop()


class Timings:
    """How long answers took, to say how long the next will take."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._seconds: dict[Hashable, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def note(self, question: Question, seconds: float) -> None:
        """Notes how long an answer took, in seconds."""
        self._seconds[_kind_of(question)].append(seconds)

    def expect(self, question: Question) -> float | None:
        """Gives how long like questions took, in seconds; `None` where there were none."""
        kept = self._seconds.get(_kind_of(question))
        return statistics.median(kept) if kept else None


def reword(message: str, question: Question) -> str:
    """Says a message as one reads it on a page: no options of a command line, no paths.

    Args:
        message: What the command line would say.
        question: What was asked.
    """
    for path in question.paths:
        message = message.replace(path, Path(path).name)
    return _reword_options(message, question.asker)


def _reword_options(message: str, asker: Asker) -> str:
    fields = {**asker.options, **{field.name: field for field in asker.inputs}}
    for name, field in fields.items():
        spelled = "|".join({name, name.replace("_", "-")})
        message = re.sub(
            rf"--({spelled})(?: (?:FILE|VALUE))?(?![\w-])", f"“{field.called}”", message
        )
    return message


def _kind_of(question: Question) -> Hashable:
    """What makes questions take equally long: all that is said but where a file is."""
    options: Mapping[str, Any] = question.asker.options
    said = [
        (name, value)
        for name, value in question.said.items()
        if name in options and options[name].is_number and isinstance(value, Hashable)
    ]
    sizes = tuple(_size_class(path) for path in question.paths)
    return question.asker.task.name, tuple(sorted(said)), sizes


def _size_class(path: str) -> int:
    with suppress(OSError):
        return Path(path).stat().st_size.bit_length()
    return 0
