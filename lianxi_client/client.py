"""The client."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from lianxi_client.address import Tls
from lianxi_client.casting import check_name
from lianxi_client.errors import ClientError, invalid_argument
from lianxi_client.examples import to_examples
from lianxi_client.model_info import ModelInfo, VersionStatus
from lianxi_client.session import STALE_CODES, Session, target_of
from lianxi_client.tensors import to_text

_READY_POLL_S = 0.2


class Client:
    """A connection to a server. May be used from many threads.

    What a server refuses before it runs anything, since it is not up yet or has too much to do, is
    asked again until the deadline, at growing intervals of up to 2 s. Three things end sooner. A
    server that this client has never reached is tried for `connect_timeout_s`, so that a wrong
    port is told at once; one that it has reached may restart. A connection that breaks while an
    answer is awaited is made anew twice, so that a request which kills the server does not do so
    for ever. And what another attempt cannot mend (certificates, another kind of server) is told
    at once.

    After `os.fork` the child needs a client of its own; calls of the old one fail there.
    """

    def __init__(
        self,
        address: str,
        timeout_s: float = 60.0,
        max_message_mb: int = 2047,
        max_retries: int | None = None,
        *,
        tls: Tls | None = None,
        connect_timeout_s: float = 5.0,
    ) -> None:
        """Prepares; the connection is made at the first call.

        Args:
            address: `localhost:8500` or `grpc://localhost:8500` for gRPC, `grpcs://` with TLS;
                `http://localhost:8501` or `https://` for REST, with a path before `/v1` if need be.
            timeout_s: Longest a call may take, retries included, in seconds.
            max_message_mb: Largest request over gRPC, and answer, in MiB.
            max_retries: How often a call is repeated; None for as often as there is time.
            tls: Certificates and trust; with it gRPC is encrypted without `grpcs://` too.
            connect_timeout_s: How long a server that was never reached is tried, in seconds.

        Raises:
            ClientError: `INVALID_ARGUMENT` if something given here cannot work.
        """
        self._session = Session(
            address, timeout_s, max_message_mb, max_retries, tls, connect_timeout_s
        )

    def predict(
        self,
        model: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        signature_name: str = "serving_default",
        version: int | str | None = None,
        timeout_s: float | None = None,
        output_filter: Sequence[str] = (),
        **named_inputs: Any,
    ) -> dict[str, Any]:
        """Runs a model.

        Args:
            model: Name of the model.
            inputs: Inputs by name; needed only for names that are no Python identifiers or are
                parameters of this method.
            signature_name: Which signature.
            version: Which version, by number or by label; None for the latest.
            timeout_s: Longest this call may take, in seconds; None for the client's own.
            output_filter: Names of the outputs to return; all if empty.
            **named_inputs: Inputs by name: anything NumPy takes. Numbers are cast to the dtype
                the model declares, text is sent as UTF-8.

        Returns:
            Output name to array. An output of strings is an object array: of `str` if every
            element is UTF-8 without NUL characters, otherwise of `bytes`. (Sounds, pictures and
            MIDI files always hold what is not UTF-8 or a NUL.)

        Raises:
            ClientError: The call failed, or an input cannot be cast.
        """
        end_s, transport = self._session.begin(timeout_s), self._session.transport
        target = target_of(model, version, signature_name)
        if inputs is not None and not isinstance(inputs, Mapping):
            raise invalid_argument(f"inputs must be a mapping, found {type(inputs).__name__}")
        given = {check_name("input", name): value for name, value in (inputs or {}).items()}
        given |= named_inputs
        if isinstance(output_filter, str) or not isinstance(output_filter, Sequence):
            raise invalid_argument("output_filter must be a list of names")
        wanted = [check_name("output", name) for name in output_filter]

        def attempt() -> dict[str, Any]:
            info = self._session.info(target, end_s)
            signature = info.signatures.get(target.signature or "serving_default")
            try:
                body = transport.encode_predict(target, signature, given, wanted)
                outputs = self._session.run(
                    lambda left_s, connect_s: transport.predict(
                        target, signature, body, wanted, left_s, connect_s
                    ),
                    end_s,
                )
            except ClientError as error:
                raise ClientError(error.code, _explain(error, info, target.signature)) from None
            return {name: to_text(array) for name, array in outputs.items()}

        return self._session.with_fresh_info(target, end_s, attempt)

    def classify(
        self,
        model: str,
        examples: Sequence[bytes | Mapping[str, Any]],
        *,
        signature_name: str = "serve_examples",
        version: int | str | None = None,
        timeout_s: float | None = None,
    ) -> list[list[tuple[str, float]]]:
        """Labels tf.Examples.

        Args:
            model: Name of the model.
            examples: Each a serialized tf.Example, or feature name to value or values: numbers
                with a point are floats, without one integers, the rest text or bytes.
            signature_name: Which signature.
            version: Which version, by number or by label; None for the latest.
            timeout_s: Longest this call may take, in seconds; None for the client's own.

        Returns:
            For each example, (label, score) in the model's order.

        Raises:
            ClientError: The call failed.
        """
        end_s, transport = self._session.begin(timeout_s), self._session.transport
        target, given = target_of(model, version, signature_name), to_examples(examples)
        return self._session.run(
            lambda left_s, connect_s: transport.classify(target, given, left_s, connect_s),
            end_s,
        )

    def regress(
        self,
        model: str,
        examples: Sequence[bytes | Mapping[str, Any]],
        *,
        signature_name: str = "serve_examples",
        version: int | str | None = None,
        timeout_s: float | None = None,
    ) -> list[float]:
        """Values tf.Examples.

        Args:
            model: Name of the model.
            examples: As `classify` takes them.
            signature_name: Which signature.
            version: Which version, by number or by label; None for the latest.
            timeout_s: Longest this call may take, in seconds; None for the client's own.

        Returns:
            A value for each example.

        Raises:
            ClientError: The call failed.
        """
        end_s, transport = self._session.begin(timeout_s), self._session.transport
        target, given = target_of(model, version, signature_name), to_examples(examples)
        return self._session.run(
            lambda left_s, connect_s: transport.regress(target, given, left_s, connect_s),
            end_s,
        )

    def status(self, model: str, *, timeout_s: float | None = None) -> list[VersionStatus]:
        """Asks for the states of a model's versions.

        Args:
            model: Name of the model.
            timeout_s: Longest this call may take, in seconds; None for the client's own.

        Returns:
            One entry per version, newest first.

        Raises:
            ClientError: `NOT_FOUND` if the server knows no version; or the call failed.
        """
        return self._session.status(target_of(model), self._session.begin(timeout_s))

    def metadata(
        self, model: str, *, version: int | str | None = None, timeout_s: float | None = None
    ) -> ModelInfo:
        """Asks what a model takes and gives.

        Args:
            model: Name of the model.
            version: Which version, by number or by label; None for the latest.
            timeout_s: Longest this call may take, in seconds; None for the client's own.

        Returns:
            Its signatures, as of now.

        Raises:
            ClientError: The call failed.
        """
        end_s = self._session.begin(timeout_s)
        return self._session.info(target_of(model, version), end_s, is_cache_allowed=False)

    def wait_until_ready(self, model: str, timeout_s: float | None = None) -> int:
        """Waits until a model can answer, for a server too that is only starting.

        Args:
            model: Name of the model.
            timeout_s: Longest to wait, in seconds; None for the client's own.

        Returns:
            The latest version that can answer.

        Raises:
            ClientError: `DEADLINE_EXCEEDED` if none can in time, with what was seen last;
                `FAILED_PRECONDITION` if all that there are failed to load; or the call failed.
        """
        target, end_s = target_of(model), self._session.begin(timeout_s)
        while True:
            try:
                states = self._session.status(target, end_s, is_patient=True)
            except ClientError as error:
                if error.code != "NOT_FOUND":
                    raise
                seen = error.message
            else:
                ready = [entry.version for entry in states if entry.state == "AVAILABLE"]
                if ready:
                    return max(ready)
                seen = ", ".join(
                    f"version {entry.version} {entry.state} {entry.error}".rstrip()
                    for entry in states
                )
                if states and all(entry.state == "END" and entry.error for entry in states):
                    raise ClientError("FAILED_PRECONDITION", f"{model} does not load: {seen}")
            if time.monotonic() + _READY_POLL_S >= end_s:
                raise ClientError("DEADLINE_EXCEEDED", f"{model} is not ready: {seen}")
            time.sleep(_READY_POLL_S)

    def close(self) -> None:
        """Closes the connection. Calls of other threads fail, and so do later ones."""
        self._session.close()

    def __enter__(self) -> Client:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the connection."""
        self.close()


def _explain(error: ClientError, info: ModelInfo, signature_name: str) -> str:
    if error.code not in STALE_CODES:
        return error.message
    signature = info.signatures.get(signature_name or "serving_default")
    if signature is None:
        names = ", ".join(sorted(info.signatures))
        return f"{error.message}; {info.name} version {info.version} has signatures: {names}"
    return (
        f"{error.message}; {info.name} version {info.version} signature {signature_name} "
        f"expects: {signature.expectation()}"
    )
