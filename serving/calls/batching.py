"""Merging concurrent requests for one signature into one run of the graph.

The parameters and their meaning are those of TensorFlow Serving's batching session
(`tensorflow_serving/batching/batching_session.cc`). Four things are kinder here: a request that
makes the merged run fail does not fail its batch-mates, who are then run one by one; a request
larger than the largest batch runs alone; every model has threads of its own, so that one's long
work does not hold up another's; and a run that nobody waits for is ended.

Everything but the runs themselves happens in the event loop, so there is nothing to lock.
"""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import logging
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from serving import errors
from serving.config import BatchingConfig
from serving.models.servable import Servable
from serving.models.signature import Arrays, Cancellation, Signature

_LOG = logging.getLogger(__name__)
_MAX_THREADS = 256
# How long the end of the server waits for runs that were ended, in seconds.
_CLOSE_S = 5.0


class _NotSplittableError(Exception):
    """An output's first dimension is not the batch."""


class _Task:
    """One request in the queue."""

    def __init__(self, inputs: Arrays, rows: int, future: asyncio.Future[Arrays]) -> None:
        self.inputs = inputs
        self.rows = rows
        self.future = future


class _Batch:
    """Requests that will run together, or one by one if that fails."""

    def __init__(self, signature: Signature, key: Hashable) -> None:
        self.signature = signature
        self.key = key
        self.tasks: list[_Task] = []
        self.rows = 0
        self.is_due = False
        self.timer: asyncio.TimerHandle | None = None
        self.running: list[_Task] = []
        self.cancellation: Cancellation | None = None
        # The requests that were run, with the rows of each run, padding included.
        self.runs: list[int] = []

    def end_if_abandoned(self) -> None:
        """Ends the run in progress when nobody waits for it any more."""
        cancellation = self.cancellation
        if cancellation is not None and all(task.future.done() for task in self.running):
            cancellation.cancel()


class _Queue:
    """Batches of one model that wait, and how many of its threads are busy."""

    def __init__(self) -> None:
        self.waiting: collections.deque[_Batch] = collections.deque()
        self.busy: set[_Batch] = set()


class BatchScheduler:
    """Queues of requests, one per model, and the threads that run them.

    To be used in the thread of one event loop.
    """

    def __init__(
        self, config: BatchingConfig, on_batch: Callable[[str, int], None] | None = None
    ) -> None:
        """Prepares.

        Args:
            config: Parameters.
            on_batch: Told the signature's name and the rows of each run, padding included.
        """
        self._config = config
        self._on_batch = on_batch or (lambda name, rows: None)
        self._queues: dict[Servable, _Queue] = {}
        self._pool = concurrent.futures.ThreadPoolExecutor(_MAX_THREADS, "run")

    async def run(
        self, servable: Servable, signature: Signature, inputs: Arrays, until_s: float
    ) -> Arrays:
        """Answers one request, together with others if that is possible.

        Args:
            servable: The model version; held by the caller.
            signature: What to run.
            inputs: Every input by name, checked against the signature.
            until_s: When the caller gives up, on the clock of `time.monotonic`.

        Returns:
            Every output by name, this request's rows only.

        Raises:
            ServingError: DEADLINE_EXCEEDED, or UNAVAILABLE if too many requests wait.
            tf.errors.OpError: The graph refused this request's input.
            asyncio.CancelledError: The caller went away; the run ends if nobody else waits.
        """
        loop = asyncio.get_running_loop()
        remaining_s = until_s - loop.time()
        if remaining_s <= 0:
            raise errors.deadline_exceeded("Deadline Exceeded")
        task = _Task(
            inputs, self._mergeable_rows(servable, signature, inputs), loop.create_future()
        )
        queue = self._queues.setdefault(servable, _Queue())
        batch = self._enqueue(servable, queue, signature, task)
        timer = None
        if remaining_s != float("inf"):
            timer = loop.call_later(remaining_s, _give_up, task.future)
        self._dispatch(servable, queue)
        try:
            return await task.future
        except (asyncio.CancelledError, errors.ServingError):
            batch.end_if_abandoned()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def close(self) -> None:
        """Ends the runs in progress and the threads."""
        for queue in self._queues.values():
            for batch in (*queue.busy, *queue.waiting):
                for task in batch.tasks:
                    task.future.cancel()
                batch.end_if_abandoned()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _mergeable_rows(self, servable: Servable, signature: Signature, inputs: Arrays) -> int:
        """Rows of a request that may meet others; 0 for one that runs alone."""
        if not (self._config.enabled and signature.is_batchable):
            return 0
        if not all(value.ndim for value in inputs.values()):
            return 0
        sizes = {len(value) for value in inputs.values()}
        rows = sizes.pop()
        return 0 if sizes or rows > self._most_rows(servable) else rows

    def _most_rows(self, servable: Servable) -> int:
        return min(
            self._config.max_batch_size, servable.max_examples or self._config.max_batch_size
        )

    def _enqueue(
        self, servable: Servable, queue: _Queue, signature: Signature, task: _Task
    ) -> _Batch:
        key: Hashable = object()
        if task.rows:
            shapes = tuple((name, task.inputs[name].shape[1:]) for name in sorted(task.inputs))
            key = (signature.name, shapes)
        last = next((batch for batch in reversed(queue.waiting) if batch.key == key), None)
        if last is None or last.rows + task.rows > self._most_rows(servable):
            waiting = sum(batch.signature is signature for batch in queue.waiting)
            if waiting >= self._config.max_enqueued_batches:
                raise errors.ServingError(
                    grpc.StatusCode.UNAVAILABLE,
                    "The batch scheduling queue to which this task was submitted is full",
                )
            last = _Batch(signature, key)
            queue.waiting.append(last)
            self._set_timer(servable, queue, last)
        last.tasks.append(task)
        last.rows += task.rows
        last.is_due |= not task.rows or last.rows >= self._most_rows(servable)
        return last

    def _set_timer(self, servable: Servable, queue: _Queue, batch: _Batch) -> None:
        wait_s = self._config.batch_timeout_micros / 1e6

        def become_due() -> None:
            batch.is_due = True
            self._dispatch(servable, queue)

        if wait_s:
            batch.timer = asyncio.get_running_loop().call_later(wait_s, become_due)
        else:
            batch.is_due = True

    def _dispatch(self, servable: Servable, queue: _Queue) -> None:
        """Gives what is due to the model's free threads, the oldest first."""
        loop = asyncio.get_running_loop()
        for batch in [batch for batch in queue.waiting if batch.is_due]:
            if len(queue.busy) >= self._config.threads:
                return
            queue.waiting.remove(batch)
            if batch.timer is not None:
                batch.timer.cancel()
            batch.tasks = [task for task in batch.tasks if not task.future.done()]
            if not batch.tasks:
                continue
            queue.busy.add(batch)
            self._pool.submit(self._work, loop, servable, queue, batch)
        if not queue.busy and not queue.waiting:
            self._queues.pop(servable, None)

    def _work(
        self, loop: asyncio.AbstractEventLoop, servable: Servable, queue: _Queue, batch: _Batch
    ) -> None:
        """Runs a batch, in a thread of the pool."""
        try:
            answers = self._process(batch)
        except BaseException as error:  # noqa: BLE001 - who waits must hear of it
            answers = [error] * len(batch.tasks)
        try:
            loop.call_soon_threadsafe(self._deliver, servable, queue, batch, answers)
        except RuntimeError:
            _LOG.debug("the server ended before a run did")

    def _deliver(
        self,
        servable: Servable,
        queue: _Queue,
        batch: _Batch,
        answers: list[Arrays | BaseException],
    ) -> None:
        for rows in batch.runs:
            self._on_batch(batch.signature.name, rows)
        for task, answer in zip(batch.tasks, answers, strict=True):
            if task.future.done():
                continue
            if isinstance(answer, BaseException):
                task.future.set_exception(answer)
            else:
                task.future.set_result(answer)
        queue.busy.discard(batch)
        self._dispatch(servable, queue)

    def _process(self, batch: _Batch) -> list[Arrays | BaseException]:
        padding = self._config.padded_size(batch.rows) - batch.rows if batch.rows else 0
        if len(batch.tasks) > 1 or padding:
            try:
                return list(self._run_merged(batch))
            except _NotSplittableError:
                batch.signature.is_batchable = False
            except Exception:  # noqa: BLE001 - whatever it was, each caller gets their own
                _LOG.debug("a merged run failed, running its requests one by one", exc_info=True)
        return [self._run_alone(batch, task) for task in batch.tasks]

    def _run(self, batch: _Batch, tasks: list[_Task], inputs: Mapping[str, Any]) -> Arrays:
        batch.running, batch.cancellation = tasks, Cancellation()
        # Whoever gave up before this line found nothing to cancel.
        batch.end_if_abandoned()
        try:
            return batch.signature.run(inputs, batch.cancellation)
        finally:
            batch.cancellation = None

    def _run_alone(self, batch: _Batch, task: _Task) -> Arrays | BaseException:
        if task.rows:
            batch.runs.append(task.rows)
        try:
            return self._run(batch, [task], task.inputs)
        except tf.errors.CancelledError:
            return errors.deadline_exceeded("Deadline Exceeded")
        except Exception as error:  # noqa: BLE001 - goes to the one who asked
            return error

    def _run_merged(self, batch: _Batch) -> list[Arrays]:
        tasks = batch.tasks
        # Some may have left the queue since it was filled.
        rows = sum(task.rows for task in tasks)
        padding = self._config.padded_size(rows) - rows
        merged = {}
        for name in tasks[0].inputs:
            parts = [task.inputs[name] for task in tasks]
            merged[name] = np.concatenate([*parts, *([parts[-1][:1]] * padding)], axis=0)
        batch.runs.append(rows + padding)
        outputs = self._run(batch, tasks, merged)
        if any(not value.ndim or len(value) != rows + padding for value in outputs.values()):
            raise _NotSplittableError
        cuts = np.cumsum([task.rows for task in tasks])
        return [
            {name: value[end - task.rows : end] for name, value in outputs.items()}
            for task, end in zip(tasks, cuts, strict=True)
        ]


def _give_up(future: asyncio.Future[Arrays]) -> None:
    if not future.done():
        future.set_exception(
            errors.deadline_exceeded("Run() timeout exceeded while waiting in batching queue")
        )
