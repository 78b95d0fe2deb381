"""Has SIGTERM and SIGINT end a server with the requests in flight answered."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signals(is_requested: threading.Event) -> Iterator[None]:
    """Has the signals set an event inside the block; the second of them does what it did before.

    They are handled only in the main thread. Whoever handled them before does so again after the
    block, and not sooner: what watches for signals may look only then who handles them.

    Args:
        is_requested: The event.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous: dict[signal.Signals, Any] = {}

    def request(number: int, frame: object) -> None:
        if is_requested.is_set():
            # Who asks twice does not want to wait for the requests in flight.
            signal.signal(number, previous[signal.Signals(number)])
            signal.raise_signal(number)
        is_requested.set()

    for each in _SIGNALS:
        previous[each] = signal.signal(each, request)
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
