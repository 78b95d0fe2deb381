"""What requests may take: memory, and objects made of them."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil

from serving import errors
from serving.calls import wire

# A message is held as bytes, parsed, as an array and as TensorFlow's tensor.
COPIES_OF_A_MESSAGE = 4
# What a request takes besides, in bytes: its coroutine, its place in the queue, its answer.
_REQUEST_BYTES = 16_384
# Most strings and inner messages in a request; each takes fifty bytes or more once parsed.
MAX_FIELDS = 200_000
# Messages below this cannot hold enough of them to matter, in bytes.
_ALWAYS_FINE_BYTES = 65_536
_SAMPLE_S = 0.1
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)

_TENSOR: wire.Layout = {2: {2: {}}}
_PREDICT: wire.Layout = {1: {}, 2: {2: _TENSOR}}
_INPUT: wire.Layout = {1: {}, 2: {}}
# Message name to the fields that parsing it makes objects of.
LAYOUTS: dict[str, wire.Layout] = {
    "Predict": _PREDICT,
    "Classify": {1: {}, 2: _INPUT},
    "Regress": {1: {}, 2: _INPUT},
    "MultiInference": {1: {1: {}}, 2: _INPUT},
    "GetModelMetadata": {1: {}},
    "GetModelStatus": {1: {}},
    "HandleReloadConfigRequest": {1: {1: {1: {}}}, 2: {}},
}


def exhausted(message: str) -> errors.ServingError:
    """A RESOURCE_EXHAUSTED error."""
    return errors.ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)


def check_fields(method: str, data: bytes) -> None:
    """Refuses a message that would become far larger than it is, before it is parsed.

    Args:
        method: Name of the method, of `LAYOUTS`.
        data: The message.

    Raises:
        ServingError: RESOURCE_EXHAUSTED.
    """
    if len(data) > _ALWAYS_FINE_BYTES and wire.exceeds_fields(data, LAYOUTS[method], MAX_FIELDS):
        raise exhausted(
            f"a request may hold {MAX_FIELDS} strings and inner messages, this one holds more; "
            "send fewer examples at once"
        )


def check_examples(count: int, most: int) -> None:
    """Refuses more examples than a model takes at once.

    Args:
        count: Examples in the request.
        most: What the model declares, or else the server's own limit.

    Raises:
        ServingError: RESOURCE_EXHAUSTED.
    """
    if count > most:
        raise exhausted(
            f"this model takes at most {most} examples in a request, got {count}; send them in "
            "several requests"
        )


def machine_memory_bytes() -> int:
    """What this machine or container has, or this process may take, in bytes."""
    import resource

    known = [psutil.virtual_memory().total]
    for path in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            known.append(int(path.read_text()))
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        known.append(limit)
    return min(known)


class Admission:
    """Counts the memory of the requests in flight. May be used from any thread."""

    def __init__(self, max_in_flight_bytes: int, max_memory_bytes: int | None) -> None:
        """Starts empty.

        Args:
            max_in_flight_bytes: Most that all requests in flight may take together.
            max_memory_bytes: Most that the process may hold while requests are let in; None is
                four fifths of `machine_memory_bytes`.
        """
        self._max_in_flight_bytes = max_in_flight_bytes
        self.max_memory_bytes = max_memory_bytes or machine_memory_bytes() * 4 // 5
        self._in_flight_bytes = 0
        self._lock = threading.Lock()
        self._process = psutil.Process(os.getpid())
        self._sampled_s = -_SAMPLE_S
        self._held_bytes = 0

    @contextlib.contextmanager
    def admit(self, size_bytes: int) -> Iterator[None]:
        """Holds the memory of one request while it is answered.

        Args:
            size_bytes: Size of its message.

        Yields:
            Nothing.

        Raises:
            ServingError: RESOURCE_EXHAUSTED if the requests in flight, or the process, take too
                much already.
        """
        self.check_memory()
        needed = size_bytes * COPIES_OF_A_MESSAGE + _REQUEST_BYTES
        with self._lock:
            # A request that is alone is let in whatever its size, which has a limit of its own.
            if self._in_flight_bytes and self._in_flight_bytes + needed > self._max_in_flight_bytes:
                raise exhausted(
                    f"requests in flight take {self._in_flight_bytes >> 20} MiB, this one would "
                    f"take {needed >> 20} MiB, and the limit is {self._max_in_flight_bytes >> 20} "
                    "MiB; try again"
                )
            self._in_flight_bytes += needed
        try:
            yield
        finally:
            with self._lock:
                self._in_flight_bytes -= needed

    def check_memory(self) -> None:
        """Refuses while the process holds too much.

        Raises:
            ServingError: RESOURCE_EXHAUSTED.
        """
        now_s = time.monotonic()
        if now_s - self._sampled_s >= _SAMPLE_S:
            self._sampled_s = now_s
            self._held_bytes = self._process.memory_info().rss
        if self._held_bytes > self.max_memory_bytes:
            raise exhausted(
                f"the server holds {self._held_bytes >> 20} MiB and may hold "
                f"{self.max_memory_bytes >> 20} MiB; try again"
            )
