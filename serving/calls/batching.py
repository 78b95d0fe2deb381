"""Merging concurrent requests for one signature into one run of the graph.

The parameters and their meaning are those of TensorFlow Serving's batching session
(`tensorflow_serving/batching/batching_session.cc`). Two things are kinder here: a request that
makes the merged run fail does not fail its batch-mates, who are then run one by one, and a
request larger than the largest batch runs alone.
"""

from __future__ import annotations

import collections
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable, Mapping

import grpc
import numpy as np
import tensorflow as tf

from serving import errors
from serving.config import BatchingConfig
from serving.models.servable import Arrays, Signature

_LOG = logging.getLogger(__name__)
Tensors = Mapping[str, tf.Tensor]
_Key = tuple[Signature, tuple[tuple[str, tuple[int, ...]], ...]]


class _NotSplittableError(Exception):
    """An output's first dimension is not the batch."""


class _Task:
    """One request in the queue."""

    def __init__(self, inputs: Tensors, rows: int, deadline_s: float) -> None:
        self.inputs = inputs
        self.rows = rows
        self.deadline_s = deadline_s
        self.future: concurrent.futures.Future[Arrays] = concurrent.futures.Future()

    def start(self) -> bool:
        """False if nobody waits for the answer any more."""
        if not self.future.set_running_or_notify_cancel():
            return False
        if time.monotonic() < self.deadline_s:
            return True
        self.future.set_exception(
            errors.deadline_exceeded("Run() timeout exceeded while waiting in batching queue")
        )
        return False


class _Batch:
    """Requests that will run together."""

    def __init__(self) -> None:
        self.created_s = time.monotonic()
        self.tasks: list[_Task] = []
        self.rows = 0


class BatchScheduler:
    """Queues of requests, one per signature and shape, and the threads that run them."""

    def __init__(
        self, config: BatchingConfig, on_batch: Callable[[str, int], None] | None = None
    ) -> None:
        """Starts the threads.

        Args:
            config: Parameters.
            on_batch: Told the signature's name and the rows of each run, padding included.
        """
        self._config = config
        self._on_batch = on_batch or (lambda name, rows: None)
        self._changed = threading.Condition()
        self._queues: dict[_Key, collections.deque[_Batch]] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{index}", daemon=True)
            for index in range(config.threads if config.enabled else 0)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, signature: Signature, inputs: Tensors, deadline_s: float) -> Arrays:
        """Answers one request, together with others if that is possible.

        Args:
            signature: What to run.
            inputs: Every input by name, checked against the signature.
            deadline_s: When the caller gives up, on the clock of `time.monotonic`.

        Returns:
            Every output by name, this request's rows only.

        Raises:
            ServingError: DEADLINE_EXCEEDED, or UNAVAILABLE if too many requests wait.
            tf.errors.OpError: The graph refused this request's input.
        """
        remaining_s = deadline_s - time.monotonic()
        if remaining_s <= 0:
            raise errors.deadline_exceeded("Deadline Exceeded")
        rows = self._mergeable_rows(signature, inputs)
        if rows == 0:
            return signature.run(inputs)
        future = self._enqueue(signature, _Task(inputs, rows, deadline_s))
        try:
            # Longer waits than this overflow the platform's clock type.
            return future.result(timeout=min(remaining_s, 1e6))
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            future.cancel()
            raise errors.deadline_exceeded("Deadline Exceeded") from None

    def close(self) -> None:
        """Runs what is queued, then ends the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _mergeable_rows(self, signature: Signature, inputs: Tensors) -> int:
        if not (self._threads and signature.is_batchable) or self._closed:
            return 0
        sizes = {value.shape[0] for value in inputs.values() if value.shape.rank}
        if len(sizes) != 1 or any(not value.shape.rank for value in inputs.values()):
            return 0
        rows = int(sizes.pop())
        return rows if rows <= self._config.max_batch_size else 0

    def _enqueue(self, signature: Signature, task: _Task) -> concurrent.futures.Future[Arrays]:
        shapes = tuple(sorted((name, tuple(v.shape[1:])) for name, v in task.inputs.items()))
        with self._changed:
            queue = self._queues.setdefault((signature, shapes), collections.deque())
            if not queue or queue[-1].rows + task.rows > self._config.max_batch_size:
                if len(queue) >= self._config.max_enqueued_batches:
                    raise errors.ServingError(
                        grpc.StatusCode.UNAVAILABLE,
                        "The batch scheduling queue to which this task was submitted is full",
                    )
                queue.append(_Batch())
            queue[-1].tasks.append(task)
            queue[-1].rows += task.rows
            self._changed.notify()
        return task.future

    def _work(self) -> None:
        while True:
            taken = self._take()
            if taken is None:
                return
            signature, batch = taken
            try:
                self._process(signature, [task for task in batch.tasks if task.start()])
            except Exception as error:  # noqa: BLE001 - a batch thread must outlive any request
                _LOG.exception("batch failed")
                for task in batch.tasks:
                    if not task.future.done():
                        task.future.set_exception(error)
            # Otherwise this frame would keep an unloaded model alive until the next request.
            del taken, signature, batch

    def _take(self) -> tuple[Signature, _Batch] | None:
        """Waits for the oldest batch that is full or has waited long enough."""
        timeout_s = self._config.batch_timeout_micros / 1e6
        with self._changed:
            while True:
                now_s = time.monotonic()
                next_s = None
                best: _Key | None = None
                for key, queue in self._queues.items():
                    first = queue[0]
                    is_full = len(queue) > 1 or first.rows >= self._config.max_batch_size
                    due_s = first.created_s + timeout_s
                    if is_full or due_s <= now_s or self._closed:
                        if best is None or first.created_s < self._queues[best][0].created_s:
                            best = key
                    else:
                        next_s = due_s if next_s is None else min(next_s, due_s)
                if best is not None:
                    batch = self._queues[best].popleft()
                    if not self._queues[best]:
                        del self._queues[best]
                    return best[0], batch
                if self._closed:
                    return None
                self._changed.wait(None if next_s is None else next_s - now_s)

    def _process(self, signature: Signature, tasks: list[_Task]) -> None:
        if not tasks:
            return
        rows = sum(task.rows for task in tasks)
        padding = self._config.padded_size(rows) - rows
        if len(tasks) > 1 or padding:
            try:
                outputs = self._run_merged(signature, tasks, rows, padding)
            except _NotSplittableError:
                signature.is_batchable = False
            except Exception:  # noqa: BLE001 - whatever it was, each caller gets their own
                _LOG.debug("a merged run failed, running its requests one by one", exc_info=True)
            else:
                for task, part in zip(tasks, outputs, strict=True):
                    task.future.set_result(part)
                return
        for task in tasks:
            self._run_alone(signature, task)

    def _run_alone(self, signature: Signature, task: _Task) -> None:
        self._on_batch(signature.name, task.rows)
        try:
            task.future.set_result(signature.run(task.inputs))
        except Exception as error:  # noqa: BLE001 - goes to the one who asked
            task.future.set_exception(error)

    def _run_merged(
        self, signature: Signature, tasks: list[_Task], rows: int, padding: int
    ) -> list[Arrays]:
        merged = {}
        for name in tasks[0].inputs:
            parts = [task.inputs[name] for task in tasks]
            merged[name] = tf.concat([*parts, *([parts[-1][:1]] * padding)], axis=0)
        self._on_batch(signature.name, rows + padding)
        outputs = signature.run(merged)
        if any(not value.ndim or len(value) != rows + padding for value in outputs.values()):
            raise _NotSplittableError
        cuts = np.cumsum([task.rows for task in tasks])
        return [
            {name: value[end - task.rows : end] for name, value in outputs.items()}
            for task, end in zip(tasks, cuts, strict=True)
        ]
