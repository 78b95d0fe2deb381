"""Signals while a server ends."""

from __future__ import annotations

import signal
import threading

import pytest

from serving.stop_signals import stop_signals


def test_the_first_asks_and_the_second_does_what_it_did_before() -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    try:
        is_requested = threading.Event()
        with stop_signals(is_requested):
            signal.raise_signal(signal.SIGTERM)
            # Ours while requests are answered: a watcher that looks now must not end the process.
            assert is_requested.is_set() and not told
            signal.raise_signal(signal.SIGTERM)
            assert told == [signal.SIGTERM]
        signal.raise_signal(signal.SIGTERM)
        assert len(told) == 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_without_the_main_thread_nothing_is_handled() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def look() -> None:
        with stop_signals(threading.Event()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_what_handled_them_is_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError), stop_signals(threading.Event()):
        raise KeyError
    assert signal.getsignal(signal.SIGINT) is before
