"""Calling a server: names and arrays in, names and arrays out.

    with Client("localhost:8500") as client:
        answer = client.predict("name_gender", name=["王婷婷"])
        answer["label"], answer["probability"]

It speaks TensorFlow Serving's gRPC API and nothing else, so it works against the embedded
server and the real one. TensorFlow is imported at the first call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc

from serving.client_types import ClientError, ModelInfo, SignatureInfo, TensorInfo, VersionStatus

__all__ = [
    "Client",
    "ClientError",
    "ModelInfo",
    "SignatureInfo",
    "TensorInfo",
    "VersionStatus",
]
_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 2.0
_LOOPBACK = ("localhost:", "127.", "[::1]:")
# A cached description of a model that was since replaced shows in one of these.
_STALE_CODES = ("INVALID_ARGUMENT", "FAILED_PRECONDITION")


class Client:
    """A connection to a server. May be used from many threads."""

    def __init__(
        self,
        address: str,
        timeout_s: float = 60.0,
        max_message_mb: int = 2047,
        max_retries: int = 5,
    ) -> None:
        """Prepares; the connection is made at the first call.

        Args:
            address: Such as `localhost:8500`.
            timeout_s: Longest a call may take, retries included, in seconds.
            max_message_mb: Largest answer accepted, in MiB.
            max_retries: How often a call is repeated while the server is UNAVAILABLE; the
                pauses double from 50 ms.
        """
        self._address = address
        self._timeout_s = timeout_s
        self._max_retries = max_retries
        limit = min(max_message_mb * 1024 * 1024, 2**31 - 1)
        options = [
            ("grpc.max_receive_message_length", limit),
            ("grpc.max_send_message_length", limit),
        ]
        if address.startswith(_LOOPBACK):
            # gRPC would ask the proxy of the environment for this very machine.
            options.append(("grpc.enable_http_proxy", 0))
        self._channel = grpc.insecure_channel(address, options=options)
        self._cache: dict[tuple[str, int | None], ModelInfo] = {}
        self._cache_lock = threading.Lock()

    def predict(
        self,
        model: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        signature_name: str = "serving_default",
        version: int | None = None,
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
            version: Which version; None for the latest.
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
        from serving import client_tensors

        given = {**(inputs or {}), **named_inputs}
        end_s = self._end(timeout_s)

        def attempt() -> dict[str, Any]:
            info = self._info(model, version, end_s)
            signature = info.signatures.get(signature_name)
            request = client_tensors.predict_request(
                model, version, signature_name, signature, given, output_filter
            )
            try:
                response = self._call("PredictionService", "Predict", request, end_s)
            except ClientError as error:
                raise ClientError(error.code, _explain(error, info, signature_name)) from None
            return {
                name: client_tensors.to_array(proto) for name, proto in response.outputs.items()
            }

        return self._with_fresh_info(model, version, end_s, attempt)

    def classify(
        self,
        model: str,
        examples: Sequence[bytes],
        *,
        signature_name: str = "serve_examples",
        version: int | None = None,
        timeout_s: float | None = None,
    ) -> list[list[tuple[str, float]]]:
        """Labels tf.Examples.

        Args:
            model: Name of the model.
            examples: Serialized tf.Examples.
            signature_name: Which signature.
            version: Which version; None for the latest.
            timeout_s: Longest this call may take, in seconds; None for the client's own.

        Returns:
            For each example, (label, score) in the model's order.

        Raises:
            ClientError: The call failed.
        """
        from serving import client_tensors

        request = client_tensors.classify_request(model, version, signature_name, examples)
        response = self._call("PredictionService", "Classify", request, self._end(timeout_s))
        return [
            [(entry.label, entry.score) for entry in row.classes]
            for row in response.result.classifications
        ]

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
        from tensorflow_serving.apis import get_model_status_pb2

        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        response = self._call("ModelService", "GetModelStatus", request, self._end(timeout_s))
        name = get_model_status_pb2.ModelVersionStatus.State.Name
        found = [
            VersionStatus(entry.version, name(entry.state), entry.status.error_message)
            for entry in response.model_version_status
        ]
        return sorted(found, key=lambda entry: -entry.version)

    def metadata(
        self, model: str, *, version: int | None = None, timeout_s: float | None = None
    ) -> ModelInfo:
        """Asks what a model takes and gives.

        Args:
            model: Name of the model.
            version: Which version; None for the latest.
            timeout_s: Longest this call may take, in seconds; None for the client's own.

        Returns:
            Its signatures, as of now.

        Raises:
            ClientError: The call failed.
        """
        return self._info(model, version, self._end(timeout_s), is_cache_allowed=False)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

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

    def _end(self, timeout_s: float | None) -> float:
        return time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)

    def _info(
        self, model: str, version: int | None, end_s: float, is_cache_allowed: bool = True
    ) -> ModelInfo:
        from serving import client_tensors

        with self._cache_lock:
            cached = self._cache.get((model, version))
        if cached is not None and is_cache_allowed:
            return cached
        request = client_tensors.metadata_request(model, version)
        response = self._call("PredictionService", "GetModelMetadata", request, end_s)
        info = client_tensors.model_info(response)
        with self._cache_lock:
            self._cache[(model, version)] = info
        return info

    def _with_fresh_info(
        self,
        model: str,
        version: int | None,
        end_s: float,
        attempt: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        with self._cache_lock:
            before = self._cache.get((model, version))
        try:
            return attempt()
        except ClientError as error:
            if before is None or error.code not in _STALE_CODES:
                raise
            if self._info(model, version, end_s, is_cache_allowed=False) == before:
                raise
        return attempt()

    def _call(self, service: str, method: str, request: Any, end_s: float) -> Any:
        from serving import client_tensors

        call = client_tensors.stub_method(self._channel, service, method)
        backoff_s = _FIRST_BACKOFF_S
        retries_left = self._max_retries
        while True:
            try:
                return call(request, timeout=max(0.001, end_s - time.monotonic()))
            except grpc.RpcError as error:
                code, details = error.code(), error.details() or ""
            # Nothing was run if the server could not be reached or its queue was full.
            is_safe = code is grpc.StatusCode.UNAVAILABLE
            if not is_safe or not retries_left or time.monotonic() + backoff_s >= end_s:
                hint = "; is a server running there?" if is_safe else ""
                raise ClientError(code.name, f"{details} (server {self._address}{hint})")
            time.sleep(backoff_s)
            retries_left -= 1
            backoff_s = min(2 * backoff_s, _MAX_BACKOFF_S)


def _explain(error: ClientError, info: ModelInfo, signature_name: str) -> str:
    if error.code not in _STALE_CODES:
        return error.message
    signature = info.signatures.get(signature_name)
    if signature is None:
        names = ", ".join(sorted(info.signatures))
        return f"{error.message}; {info.name} version {info.version} has signatures: {names}"
    return (
        f"{error.message}; {info.name} version {info.version} signature {signature_name} "
        f"expects: {signature.expectation()}"
    )
