"""Requests that run together, and the threads that run them."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Hashable

import numpy as np
from tensorflow.python.framework import errors_impl

from serving import errors
from serving.models.signature import Arrays, Cancellation, Signature


class NotSplittableError(Exception):
    """An output's first dimension is not the batch."""


class Request:
    """One request in the queue.

    Attributes:
        inputs: Every input by name.
        rows: Its rows; 0 for one that runs alone.
        future: Gets the answer.
    """

    __slots__ = ("inputs", "rows", "future")

    def __init__(self, inputs: Arrays, rows: int, future: asyncio.Future[Arrays]) -> None:
        """Nobody has answered it yet."""
        self.inputs = inputs
        self.rows = rows
        self.future = future


class Batch:
    """Requests that will run together, or one by one if that fails.

    Attributes:
        signature: What runs.
        key: Requests of the same key may join.
        requests: The requests.
        rows: Rows of all of them.
        is_due: Whether it may run now; otherwise it waits for more requests.
        timer: What will make it due.
        started_s: When it began to run, on the clock of `time.monotonic`.
        row_counts: Rows of each run, padding included, once it has run.
    """

    def __init__(self, signature: Signature, key: Hashable) -> None:
        """Begins empty."""
        self.signature = signature
        self.key = key
        self.requests: list[Request] = []
        self.rows = 0
        self.is_due = False
        self.timer: asyncio.TimerHandle | None = None
        self.started_s = 0.0
        self.row_counts: list[int] = []
        self._running: list[Request] = []
        self._cancellation: Cancellation | None = None

    def run(self, requests: list[Request], inputs: Arrays) -> Arrays:
        """Runs the graph for some of the requests, in a thread.

        Args:
            requests: Who waits for it; when all of them have given up, it ends.
            inputs: Every input by name.

        Returns:
            Every output by name.
        """
        self._running, self._cancellation = requests, Cancellation()
        # Whoever gave up before this line found nothing to cancel.
        self.end_if_abandoned()
        try:
            return self.signature.run(inputs, self._cancellation)
        finally:
            self._cancellation = None

    def end_if_abandoned(self) -> None:
        """Ends the run in progress when nobody waits for it any more."""
        cancellation = self._cancellation
        if cancellation is not None and all(request.future.done() for request in self._running):
            cancellation.cancel()


class Threads:
    """As many threads as there is work at once; they are kept for the next.

    `concurrent.futures` makes a future for each piece of work, which takes longer than to hand it
    over.
    """

    def __init__(self) -> None:
        """There is none before there is work."""
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._count = 0
        self._busy_count = 0

    def submit(self, work: Callable[[], None]) -> None:
        """Has a thread do something; to be called by one thread only.

        Args:
            work: What to do; it raises nothing. The caller tells `release` when it is done.
        """
        self._busy_count += 1
        if self._busy_count > self._count:
            self._count += 1
            threading.Thread(target=self._serve, name=f"run-{self._count}", daemon=True).start()
        self._work.put(work)

    def release(self) -> None:
        """Says that a piece of work is done; to be called by the thread that submits."""
        self._busy_count -= 1

    def close(self) -> None:
        """Ends the threads once they have nothing to do."""
        for _ in range(self._count):
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            # Otherwise this frame would keep an unloaded model alive until the next request.
            del work


def run_alone(batch: Batch, request: Request) -> Arrays | BaseException:
    """Runs one request of a batch.

    Returns:
        Its outputs, or what went wrong.
    """
    if request.rows:
        batch.row_counts.append(request.rows)
    try:
        return batch.run([request], request.inputs)
    except errors_impl.CancelledError:
        return errors.deadline_exceeded("Deadline Exceeded")
    except Exception as error:
        return error


def run_merged(batch: Batch, padding: int) -> list[Arrays]:
    """Runs all requests of a batch at once.

    Args:
        batch: Requests that may meet.
        padding: Rows to add, copies of the first row of the last request.

    Returns:
        The outputs of each request.

    Raises:
        NotSplittableError: An output does not have a row for each row that went in.
        tf.errors.OpError: The graph refused it, or nobody waits any more.
    """
    requests, size = batch.requests, batch.rows + padding
    merged = {}
    for name in requests[0].inputs:
        parts = [request.inputs[name] for request in requests]
        merged[name] = np.concatenate([*parts, *([parts[-1][:1]] * padding)], axis=0)
    batch.row_counts.append(size)
    outputs = batch.run(requests, merged)
    if any(not value.ndim or len(value) != size for value in outputs.values()):
        raise NotSplittableError
    answers, start = [], 0
    for request in requests:
        end = start + request.rows
        answers.append({name: value[start:end] for name, value in outputs.items()})
        start = end
    return answers
