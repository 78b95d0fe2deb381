"""Attempts until one succeeds, the deadline comes, or another would be of no use."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from lianxi_client.errors import ClientError, Failure, invalid_argument

_FIRST_PAUSE_S = 0.05
_MAX_PAUSE_S = 2.0
# A request that kills a server shall not be sent to it again and again.
_MAX_LOST = 2
# gRPC's clock has an end.
_LONGEST_S = 365 * 86400.0

_Answer = TypeVar("_Answer")


def end_of(timeout_s: Any) -> float:
    """Finds the deadline.

    Args:
        timeout_s: From now, in seconds.

    Returns:
        In terms of `time.monotonic()`.

    Raises:
        ClientError: `INVALID_ARGUMENT` if that is no number, `DEADLINE_EXCEEDED` if it is over.
    """
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)):
        raise invalid_argument(f"timeout_s must be a number, found {timeout_s!r}")
    if math.isnan(timeout_s):
        raise invalid_argument("timeout_s must be a number, found nan")
    if timeout_s <= 0:
        raise ClientError("DEADLINE_EXCEEDED", f"no time is left: timeout_s is {timeout_s}")
    return time.monotonic() + min(timeout_s, _LONGEST_S)


class Retrier:
    """Attempts calls to one server. May be used from many threads."""

    def __init__(
        self, address: str, connect_timeout_s: float, max_retries: int | None = None
    ) -> None:
        """Begins as one that has never reached the server.

        Args:
            address: Of the server, for messages.
            connect_timeout_s: How long a server that was never reached is tried, in seconds.
            max_retries: How often a call is repeated; None for as often as there is time.
        """
        self._address = address
        self._connect_timeout_s = connect_timeout_s
        self._max_retries = max_retries
        self._was_reached = threading.Event()

    def run(
        self, attempt: Callable[[float, float], _Answer], end_s: float, is_patient: bool = False
    ) -> _Answer:
        """Attempts a call.

        Args:
            attempt: Gets the seconds that it may take, and those in which it must be connected;
                raises `Failure`.
            end_s: The deadline, in terms of `time.monotonic()`.
            is_patient: Whether to go on till then though the server was never reached.

        Returns:
            What the attempt returned.

        Raises:
            ClientError: It failed for good.
        """
        began_s, pause_s, lost, tries = time.monotonic(), _FIRST_PAUSE_S, 0, 0
        while True:
            connect_end_s = end_s
            if not is_patient and not self._was_reached.is_set():
                connect_end_s = min(end_s, began_s + self._connect_timeout_s)
            now_s = time.monotonic()
            try:
                answer = attempt(max(0.001, end_s - now_s), max(0.001, connect_end_s - now_s))
            except Failure as failure:
                last = failure
            else:
                self._was_reached.set()
                return answer
            if last.kind != "unreachable":
                self._was_reached.set()
            lost += last.kind == "lost"
            tries += 1
            wait_s = pause_s * random.uniform(0.5, 1.0) if last.pause_s is None else last.pause_s
            is_over = time.monotonic() + wait_s >= (
                connect_end_s if last.kind == "unreachable" else end_s
            )
            is_allowed = self._max_retries is None or tries <= self._max_retries
            if last.kind == "final" or lost > _MAX_LOST or is_over or not is_allowed:
                raise self._to_error(last)
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    def _to_error(self, failure: Failure) -> ClientError:
        hint = failure.hint
        if not hint and failure.kind == "unreachable":
            hint = "is a server running there?"
        elif failure.kind == "lost":
            hint = "it broke off while the answer was awaited"
        said = f"; {hint}" if hint else ""
        return ClientError(failure.code, f"{failure.message} (server {self._address}{said})")
