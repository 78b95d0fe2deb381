"""A connection to a server, what is known of its models, and how long a call may take."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from lianxi_client.address import Tls, parse_address, read_tls
from lianxi_client.casting import check_name
from lianxi_client.errors import ClientError, Failure, invalid_argument
from lianxi_client.model_info import ModelInfo, Target, VersionStatus
from lianxi_client.retries import Retrier, end_of
from lianxi_client.transport import Transport

_MAX_MESSAGE_BYTES = 2**31 - 1
# A cached description of a model that was since replaced shows in one of these.
STALE_CODES = ("INVALID_ARGUMENT", "FAILED_PRECONDITION")

_Answer = TypeVar("_Answer")


class Session:
    """What `Client` does its calls with. May be used from many threads."""

    def __init__(
        self,
        address: str,
        timeout_s: float,
        max_message_mb: int,
        max_retries: int | None,
        tls: Tls | None,
        connect_timeout_s: float,
    ) -> None:
        """Prepares; see `Client` for the arguments."""
        end_of(timeout_s)
        end_of(connect_timeout_s)
        if not isinstance(max_message_mb, int) or max_message_mb < 1:
            raise invalid_argument(f"max_message_mb must be at least 1, found {max_message_mb!r}")
        has_tls = tls is not None and tls is not False
        where = parse_address(address, has_tls)
        pems = read_tls(tls) if where.is_tls else None
        limit = min(max_message_mb * 1024 * 1024, _MAX_MESSAGE_BYTES)
        self.transport: Transport
        # Whoever uses one of them need not wait until the other is imported.
        if where.is_rest:
            from lianxi_client.rest_transport import RestTransport

            self.transport = RestTransport(where, pems, limit)
        else:
            from lianxi_client.grpc_transport import GrpcTransport

            self.transport = GrpcTransport(where, pems, limit)
        self._timeout_s = timeout_s
        self._retrier = Retrier(address, connect_timeout_s, max_retries)
        self._process = os.getpid()
        self._is_closed = False
        self._cache: dict[tuple[str, int | str | None], ModelInfo] = {}
        self._cache_lock = threading.Lock()

    def close(self) -> None:
        """Closes the connection."""
        self._is_closed = True
        if os.getpid() == self._process:
            self.transport.close()

    def begin(self, timeout_s: float | None) -> float:
        """Begins a call.

        Args:
            timeout_s: Longest it may take, in seconds; None for the client's own.

        Returns:
            The deadline, in terms of `time.monotonic()`.

        Raises:
            ClientError: There is no time, the client is closed, or this is not its process.
        """
        end_s = end_of(self._timeout_s if timeout_s is None else timeout_s)
        if self._is_closed:
            raise ClientError("FAILED_PRECONDITION", "this client is closed; make another")
        if os.getpid() != self._process:
            raise ClientError(
                "FAILED_PRECONDITION", "this client was made before a fork; make one in the child"
            )
        return end_s

    def run(
        self, call: Callable[[float, float], _Answer], end_s: float, is_patient: bool = False
    ) -> _Answer:
        """Makes a call, as often as it takes.

        Args:
            call: Gets the seconds that it may take, and those in which it must be connected.
            end_s: The deadline.
            is_patient: Whether to go on till then though the server was never reached.

        Returns:
            What the call returned.

        Raises:
            ClientError: It failed for good.
        """

        def attempt(left_s: float, connect_s: float) -> _Answer:
            if self._is_closed:
                raise Failure("CANCELLED", "the client was closed")
            return call(left_s, connect_s)

        return self._retrier.run(attempt, end_s, is_patient)

    def status(self, target: Target, end_s: float, is_patient: bool = False) -> list[VersionStatus]:
        """Asks for the states of a model's versions, newest first; see `run`."""
        states = self.run(
            lambda left_s, connect_s: self.transport.status(target, left_s, connect_s),
            end_s,
            is_patient,
        )
        return sorted(states, key=lambda entry: -entry.version)

    def info(self, target: Target, end_s: float, is_cache_allowed: bool = True) -> ModelInfo:
        """Says what a model takes and gives, as last heard where that is allowed; see `run`."""
        key = (target.model, target.version)
        with self._cache_lock:
            cached = self._cache.get(key)
        if cached is not None and is_cache_allowed:
            return cached
        described = Target(target.model, target.version)
        info = self.run(
            lambda left_s, connect_s: self.transport.metadata(described, left_s, connect_s), end_s
        )
        with self._cache_lock:
            self._cache[key] = info
        return info

    def with_fresh_info(
        self, target: Target, end_s: float, attempt: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Attempts once more if the model turns out to be another one by now.

        Args:
            target: Which model.
            end_s: The deadline.
            attempt: What to attempt.

        Returns:
            What it returned.

        Raises:
            ClientError: It failed for good.
        """
        with self._cache_lock:
            before = self._cache.get((target.model, target.version))
        try:
            return attempt()
        except ClientError as error:
            if before is None or error.code not in STALE_CODES:
                raise
            if self.info(target, end_s, is_cache_allowed=False) == before:
                raise
        return attempt()


def target_of(model: Any, version: Any = None, signature_name: Any = "") -> Target:
    """Checks what a call is for.

    Args:
        model: Name of the model.
        version: Its number, a label, or None.
        signature_name: Name of the signature.

    Returns:
        The same.

    Raises:
        ClientError: `INVALID_ARGUMENT` if one of them is none.
    """
    if isinstance(version, bool) or not isinstance(version, (int, str, type(None))):
        raise invalid_argument(f"version must be a number or a label, found {version!r}")
    if isinstance(version, int) and not 0 <= version < 2**63:
        raise invalid_argument(f"version must be 0 to 2^63 - 1, found {version}")
    if isinstance(version, str):
        check_name("version", version)
    check_name("signature_name", signature_name, may_be_empty=True)
    return Target(check_name("model", model), version, signature_name)
