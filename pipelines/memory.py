"""Memory of components, which all run in one process."""

from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

# The process may grow by so much before what is free is looked for.
_GROWTH_BYTES = 64 << 20
_LOOK_S = 0.2


def give_back() -> None:
    """Frees what nothing refers to, such as a trained model, and gives it to the system.

    The C library keeps what is freed for later, in pieces that what comes next may not fit into: a
    component's peak would stand on what those before it no longer need. It takes a quarter of a
    second or two. Elsewhere than on Linux with glibc nothing is given to the system.
    """
    gc.collect()
    _trim()


@contextmanager
def giving_back() -> Iterator[None]:
    """Gives what is free to the system whenever the process has grown, in a thread of its own.

    Beam's workers and TensorFlow's threads each have a heap. What one of them frees is no use to
    the others, so that batches of some megabytes leave hundreds behind in a long component.
    """
    ended = threading.Event()
    thread = threading.Thread(target=_watch, args=(ended,), name="giving-back", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch(ended: threading.Event) -> None:
    process = psutil.Process()
    known_bytes = process.memory_info().rss
    while not ended.wait(_LOOK_S):
        now_bytes = process.memory_info().rss
        if now_bytes > known_bytes + _GROWTH_BYTES:
            _trim()
            known_bytes = process.memory_info().rss
        known_bytes = min(known_bytes, now_bytes)


def _trim() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
