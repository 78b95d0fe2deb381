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
import functools
import logging
import time
import weakref
from collections.abc import Callable, Hashable

import grpc

from serving import errors
from serving.calls.batch import (
    Batch,
    NotSplittableError,
    Request,
    Threads,
    run_alone,
    run_merged,
)
from serving.config import BatchingConfig
from serving.models.servable import Servable
from serving.models.signature import Arrays, Signature

_LOG = logging.getLogger(__name__)
# A run that takes longer than this is given company in another thread, in seconds. Until then the
# next batch waits and grows: two small runs at once take longer than one of both.
_SHORT_RUN_S = 0.005
# While requests come in with no pause of the first length, they are gathered, in seconds, for at
# most the second.
_PAUSE_S = 0.001
_MOST_GATHERING_S = 0.01
_Answers = list[Arrays | BaseException]


class _Queue:
    """Batches of one model that wait, and those that run."""

    def __init__(self, most_rows: int) -> None:
        self.most_rows = most_rows
        self.waiting: collections.deque[Batch] = collections.deque()
        self.running: set[Batch] = set()
        self.is_dispatch_due = False
        self.arrivals = 0
        self.last_size = 1
        self.second_look: asyncio.TimerHandle | None = None


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
        self._most_threads = config.threads
        self._on_batch = on_batch or (lambda name, rows: None)
        # A model that is unloaded takes its queue with it.
        self._queues: weakref.WeakKeyDictionary[Servable, _Queue] = weakref.WeakKeyDictionary()
        self._threads = Threads()

    async def run(
        self, servable: Servable, signature: Signature, inputs: Arrays, until_s: float
    ) -> Arrays:
        """Answers one request, together with others if that is possible.

        Args:
            servable: The model version; held by the caller.
            signature: What to run.
            inputs: Every input by name, checked against the signature.
            until_s: When the caller gives up, on the clock of `time.monotonic`. Who has a
                deadline cancels this coroutine then.

        Returns:
            Every output by name, this request's rows only.

        Raises:
            ServingError: DEADLINE_EXCEEDED, or UNAVAILABLE if too many requests wait.
            tf.errors.OpError: The graph refused this request's input.
            asyncio.CancelledError: The caller went away; the run ends if nobody else waits.
        """
        if until_s <= time.monotonic():
            raise errors.deadline_exceeded("Deadline Exceeded")
        queue = self._queues.get(servable)
        if queue is None:
            declared = servable.max_examples or self._config.max_batch_size
            queue = _Queue(min(self._config.max_batch_size, declared))
            self._queues[servable] = queue
        loop = asyncio.get_running_loop()
        rows = self._mergeable_rows(queue, signature, inputs)
        request = Request(inputs, rows, loop.create_future())
        batch = self._enqueue(queue, signature, request)
        queue.arrivals += 1
        self._dispatch_soon(queue)
        try:
            return await request.future
        except asyncio.CancelledError:
            _leave(queue, batch, request)
            raise

    def close(self) -> None:
        """Ends the runs in progress and the threads."""
        for queue in self._queues.values():
            for batch in (*queue.running, *queue.waiting):
                for request in batch.requests:
                    request.future.cancel()
                batch.end_if_abandoned()
        self._threads.close()

    def _mergeable_rows(self, queue: _Queue, signature: Signature, inputs: Arrays) -> int:
        """Rows of a request that may meet others; 0 for one that runs alone."""
        if not (self._config.enabled and signature.is_batchable):
            return 0
        if not all(value.ndim for value in inputs.values()):
            return 0
        sizes = {len(value) for value in inputs.values()}
        rows = sizes.pop()
        return 0 if sizes or rows > queue.most_rows else rows

    def _enqueue(self, queue: _Queue, signature: Signature, request: Request) -> Batch:
        key: Hashable = object()
        if request.rows:
            shapes = tuple(value.shape[1:] for value in request.inputs.values())
            key = (signature, *request.inputs, shapes)
        batch = next((batch for batch in reversed(queue.waiting) if batch.key == key), None)
        if batch is None or batch.rows + request.rows > queue.most_rows:
            waiting = sum(other.signature is signature for other in queue.waiting)
            if waiting >= self._config.max_enqueued_batches:
                raise errors.ServingError(
                    grpc.StatusCode.UNAVAILABLE,
                    "The batch scheduling queue to which this task was submitted is full",
                )
            batch = Batch(signature, key)
            queue.waiting.append(batch)
            self._set_timer(queue, batch)
        batch.requests.append(request)
        batch.rows += request.rows
        batch.is_due |= not request.rows or batch.rows >= queue.most_rows
        return batch

    def _set_timer(self, queue: _Queue, batch: Batch) -> None:
        wait_s = self._config.batch_timeout_micros / 1e6

        def become_due() -> None:
            batch.is_due = True
            self._dispatch(queue)

        if wait_s:
            batch.timer = asyncio.get_running_loop().call_later(wait_s, become_due)
        else:
            batch.is_due = True

    def _dispatch_soon(self, queue: _Queue) -> None:
        """Dispatches what has arrived by now, or a little later.

        Where the last batch was of several requests, their callers are about to send the next, and
        to wait until no more come takes less than to run them in smaller batches.
        """
        if queue.is_dispatch_due:
            return
        queue.is_dispatch_due = True
        loop = asyncio.get_running_loop()
        if queue.last_size > 1 and queue.waiting and not queue.running:
            until_s = loop.time() + _MOST_GATHERING_S
            loop.call_later(_PAUSE_S, self._gather, queue, queue.arrivals, until_s)
        else:
            loop.call_soon(self._dispatch, queue)

    def _gather(self, queue: _Queue, arrivals: int, until_s: float) -> None:
        """Dispatches if nothing has arrived since, or if that would take too long."""
        loop = asyncio.get_running_loop()
        is_full = queue.waiting and queue.waiting[0].rows >= queue.most_rows
        if arrivals == queue.arrivals or is_full or loop.time() >= until_s:
            self._dispatch(queue)
        else:
            loop.call_later(_PAUSE_S, self._gather, queue, queue.arrivals, until_s)

    def _dispatch(self, queue: _Queue) -> None:
        """Gives what is due to threads, the oldest first."""
        queue.is_dispatch_due = False
        for batch in [batch for batch in queue.waiting if batch.is_due]:
            if not self._may_start(queue):
                break
            queue.waiting.remove(batch)
            if batch.timer is not None:
                batch.timer.cancel()
            batch.requests = [request for request in batch.requests if not request.future.done()]
            batch.rows = sum(request.rows for request in batch.requests)
            if batch.requests:
                batch.started_s = time.monotonic()
                queue.running.add(batch)
                queue.last_size = len(batch.requests)
                loop = asyncio.get_running_loop()
                self._threads.submit(functools.partial(self._work, loop, queue, batch))

    def _may_start(self, queue: _Queue) -> bool:
        """Tells whether a thread may begin now, and looks again later if that is all it takes."""
        if not queue.running:
            return True
        if len(queue.running) >= self._most_threads:
            return False
        newest_s = max(batch.started_s for batch in queue.running)
        wait_s = newest_s + _SHORT_RUN_S - time.monotonic()
        if wait_s <= 0:
            return True
        if queue.second_look is None:
            loop = asyncio.get_running_loop()
            queue.second_look = loop.call_later(wait_s, self._look_again, queue)
        return False

    def _look_again(self, queue: _Queue) -> None:
        queue.second_look = None
        self._dispatch(queue)

    def _work(self, loop: asyncio.AbstractEventLoop, queue: _Queue, batch: Batch) -> None:
        """Runs a batch, in a thread."""
        try:
            answers = self._process(batch)
        except BaseException as error:
            answers = [error] * len(batch.requests)
        try:
            loop.call_soon_threadsafe(self._deliver, queue, batch, answers)
        except RuntimeError:
            _LOG.debug("the server ended before a run did")

    def _deliver(self, queue: _Queue, batch: Batch, answers: _Answers) -> None:
        self._threads.release()
        queue.running.discard(batch)
        self._dispatch_soon(queue)
        for rows in batch.row_counts:
            self._on_batch(batch.signature.name, rows)
        for request, answer in zip(batch.requests, answers, strict=True):
            if request.future.done():
                continue
            if isinstance(answer, BaseException):
                request.future.set_exception(answer)
            else:
                request.future.set_result(answer)

    def _process(self, batch: Batch) -> _Answers:
        padding = self._config.choose_padded_size(batch.rows) - batch.rows if batch.rows else 0
        if len(batch.requests) > 1 or padding:
            try:
                return list(run_merged(batch, padding))
            except NotSplittableError:
                batch.signature.is_batchable = False
            except Exception:
                _LOG.debug("a merged run failed, running its requests one by one", exc_info=True)
        return [run_alone(batch, request) for request in batch.requests]


def _leave(queue: _Queue, batch: Batch, request: Request) -> None:
    """Forgets a request that nobody waits for; ends its run if it was the last of it."""
    if batch not in queue.waiting:
        batch.end_if_abandoned()
        return
    batch.requests.remove(request)
    batch.rows -= request.rows
    if not batch.requests:
        queue.waiting.remove(batch)
        if batch.timer is not None:
            batch.timer.cancel()
