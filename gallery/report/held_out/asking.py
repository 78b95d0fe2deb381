"""Asks the exported model as a client does: through the server, a few examples at a time."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gallery.report.held_out.questions import Question
from lianxi_client import Client, ClientError
from modules.common.declaring.task import Task
from serving.server import Server, ServerConfig

ENOUGH_S = 3.0
"""So many seconds after the first answer, which is slow, no further request is sent once the fewest
examples are answered."""
MOST_S = 20.0
"""No request is waited for longer than until so many seconds have gone by."""

_FEWEST = 3
# After so long the fewest need not be reached.
_SLOW_S = 8.0
_TOO_SLOW = "DEADLINE_EXCEEDED"
_LOAD_TIMEOUT_S = 120.0
_MOST_IN_REQUEST = 256
# A request of this many bytes is well below what the server takes.
_MOST_REQUEST_BYTES = 16_000_000


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A question with its answer.

    Attributes:
        question: What was asked.
        answer: Outputs by name, without the dimension of the batch.
    """

    question: Question
    answer: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What came of asking.

    Attributes:
        answered: In the order in which they were asked.
        problems: What the model said instead of answers.
        seconds: How long answering took.
        is_cut: Whether time was up before all were asked.
        is_cheap: Whether options of the task's own example took the place of the defaults.
    """

    answered: tuple[Answered, ...]
    problems: tuple[str, ...]
    seconds: float
    is_cut: bool
    is_cheap: bool


def ask_model(
    task: Task, saved_model_dir: str, questions: Sequence[Question], is_cheap: bool
) -> Asked:
    """Asks as many questions as there is time for.

    Args:
        task: The declaration.
        saved_model_dir: An exported model.
        questions: In the order in which they are asked.
        is_cheap: Whether to ask with the options of the task's own example from the beginning.

    Raises:
        ServingError: If the model does not load.
        TimeoutError: Likewise.
    """
    with tempfile.TemporaryDirectory() as folder:
        # A server expects <model>/<version>/.
        os.symlink(os.path.abspath(saved_model_dir), os.path.join(folder, "1"))
        with Server({task.name: folder}, ServerConfig(port=0, warmup=False)) as server:
            server.wait_until_available(task.name, _LOAD_TIMEOUT_S)
            with Client(f"localhost:{server.port}") as client:
                return _Asker(task, client, is_cheap).ask(questions)


class _Asker:
    def __init__(self, task: Task, client: Client, is_cheap: bool) -> None:
        self._task, self._client, self._is_cheap = task, client, is_cheap
        self._answered: list[Answered] = []
        self._warm_s = 0.0
        self._problems: list[str] = []

    def ask(self, questions: Sequence[Question]) -> Asked:
        start_s = time.monotonic()
        # With the defaults no answer came in time, so the time begins anew with what is quicker.
        begun_s = start_s
        waiting, size = list(questions), 1
        while waiting:
            passed_s = time.monotonic() - begun_s
            warm_s = time.monotonic() - self._warm_s if self._answered else 0.0
            fewest = 1 if passed_s > _SLOW_S else _FEWEST
            if passed_s > MOST_S or (warm_s > ENOUGH_S and len(self._answered) >= fewest):
                break
            batch = self._take(waiting, size)
            failure = self._ask_batch(batch, MOST_S - passed_s)
            if not failure:
                waiting = waiting[len(batch) :]
                size = min(2 * size, self._task.serving.max_examples, _MOST_IN_REQUEST)
            elif failure == _TOO_SLOW:
                if self._answered or self._is_cheap:
                    break
                self._is_cheap, begun_s = True, time.monotonic()
            elif len(batch) == 1:
                waiting = waiting[1:]
            else:
                # One that is refused is found by asking for fewer at once.
                size = len(batch) // 2
        return Asked(
            answered=tuple(self._answered),
            problems=tuple(self._problems),
            seconds=time.monotonic() - start_s,
            is_cut=bool(waiting),
            is_cheap=self._is_cheap,
        )

    def _take(self, waiting: Sequence[Question], size: int) -> list[Question]:
        """Takes the questions that go into one request: those of one shape, and not too large."""
        batch: list[Question] = []
        taken_bytes = 0
        for question in waiting[:size]:
            values = question.request.values()
            taken_bytes += sum(len(value) for value in values if isinstance(value, bytes))
            has_length = any(isinstance(value, (list, np.ndarray)) for value in values)
            if batch and (has_length or taken_bytes > _MOST_REQUEST_BYTES):
                break
            if batch and set(question.request) != set(batch[0].request):
                break
            batch.append(question)
            if has_length:
                break
        return batch

    def _ask_batch(self, batch: Sequence[Question], timeout_s: float) -> str:
        """Sends a request; gives the name of the status where it was not answered."""
        inputs = {name: [each.request[name] for each in batch] for name in batch[0].request}
        if self._is_cheap or not inputs:
            cheap = batch[0].cheap
            inputs |= {name: [each.cheap[name] for each in batch] for name in cheap}
        try:
            answer = self._client.predict(
                self._task.name, inputs, timeout_s=max(min(timeout_s, MOST_S), 0.1)
            )
        except ClientError as error:
            if len(batch) == 1 and error.code != _TOO_SLOW:
                self._problems.append(str(error))
            return error.code
        if not self._answered:
            self._warm_s = time.monotonic()
        self._answered += [
            Answered(
                question=question, answer={name: values[row] for name, values in answer.items()}
            )
            for row, question in enumerate(batch)
        ]
        return ""
