"""TensorFlow Serving's gRPC API."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import grpc
import numpy as np
from google.protobuf.message import DecodeError

from lianxi_client import wire
from lianxi_client.address import Address, Pems
from lianxi_client.casting import cast_input
from lianxi_client.described import describe
from lianxi_client.errors import ClientError, Failure, malformed_answer
from lianxi_client.grpc_failures import to_failure
from lianxi_client.messages import MESSAGES
from lianxi_client.model_info import ModelInfo, SignatureInfo, Target, VersionStatus
from lianxi_client.tensors import TooLargeError, read_tensor, write_tensor

_SIGNATURE_DEF = "signature_def"
_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODEL = "/tensorflow.serving.ModelService/"
_STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}

_Answer = TypeVar("_Answer")


class GrpcTransport:
    """A channel to a server."""

    def __init__(self, address: Address, pems: Pems | None, max_bytes: int) -> None:
        """Prepares; the connection is made at the first call.

        Args:
            address: Where the server is.
            pems: Certificates; None for a connection in the clear.
            max_bytes: Largest message, in bytes.
        """
        self._max_bytes = max_bytes
        options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", max_bytes),
            ("grpc.max_send_message_length", max_bytes),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        if address.is_loopback:
            # gRPC would ask the proxy of the environment for this very machine.
            options.append(("grpc.enable_http_proxy", 0))
        if pems is None:
            self._channel = grpc.insecure_channel(address.target, options=options)
        else:
            if pems.server_name:
                options.append(("grpc.ssl_target_name_override", pems.server_name))
            credentials = grpc.ssl_channel_credentials(pems.ca, pems.key, pems.cert)
            self._channel = grpc.secure_channel(address.target, credentials, options=options)
        # At the end of a program gRPC would wait for a watching thread that runs no more.
        self._finalizer = weakref.finalize(self, _close, self._channel, os.getpid())
        self._was_ready = False
        self._connecting = threading.Lock()

    def encode_predict(
        self,
        target: Target,
        signature: SignatureInfo | None,
        inputs: Mapping[str, Any],
        output_filter: Sequence[str],
    ) -> bytes:
        """Serializes a PredictRequest, arrays from their own memory."""
        request = MESSAGES["PredictRequest"](
            model_spec=_spec(target), output_filter=list(output_filter)
        )
        pieces: list[bytes | memoryview] = [request.SerializeToString()]
        for name, value in inputs.items():
            declared = signature.inputs.get(name) if signature else None
            tensor = write_tensor(*cast_input(name, value, declared))
            key = name.encode()
            length = sum(map(len, tensor))
            entry = [wire.head(1, len(key)), key, wire.head(2, length)]
            pieces.append(wire.head(2, sum(map(len, entry)) + length))
            pieces += entry + tensor
        size = sum(map(len, pieces))
        if size > self._max_bytes:
            raise ClientError(
                "RESOURCE_EXHAUSTED",
                f"a request of {size} bytes is larger than max_message_mb allows "
                f"({self._max_bytes} bytes)",
            )
        return b"".join(pieces)

    def predict(
        self,
        target: Target,
        signature: SignatureInfo | None,
        body: bytes,
        output_filter: Sequence[str],
        left_s: float,
        connect_s: float,
    ) -> dict[str, np.ndarray]:
        """Runs a model; strings are bytes objects."""
        return self._ask(_PREDICTION + "Predict", body, left_s, connect_s, self._read_outputs)

    def classify(
        self, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[list[tuple[str, float]]]:
        """Labels serialized tf.Examples."""

        def read(data: bytes) -> list[list[tuple[str, float]]]:
            rows = MESSAGES["ClassifyResponse"].FromString(data).result.classifications
            return [
                [
                    (entry.label.decode(errors="backslashreplace"), entry.score)
                    for entry in row.classes
                ]
                for row in rows
            ]

        body = _examples_request(target, examples)
        return self._ask(_PREDICTION + "Classify", body, left_s, connect_s, read)

    def regress(
        self, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[float]:
        """Values serialized tf.Examples."""

        def read(data: bytes) -> list[float]:
            response = MESSAGES["RegressResponse"].FromString(data)
            return [entry.value for entry in response.result.regressions]

        body = _examples_request(target, examples)
        return self._ask(_PREDICTION + "Regress", body, left_s, connect_s, read)

    def status(self, target: Target, left_s: float, connect_s: float) -> list[VersionStatus]:
        """Asks for the states of a model's versions."""

        def read(data: bytes) -> list[VersionStatus]:
            return [
                VersionStatus(
                    entry.version,
                    _STATES.get(entry.state, "UNKNOWN"),
                    entry.status.error_message.decode(errors="backslashreplace"),
                )
                for entry in MESSAGES["StatusResponse"].FromString(data).model_version_status
            ]

        body = MESSAGES["StatusRequest"](model_spec=_spec(target)).SerializeToString()
        return self._ask(_MODEL + "GetModelStatus", body, left_s, connect_s, read)

    def metadata(self, target: Target, left_s: float, connect_s: float) -> ModelInfo:
        """Asks what a model takes and gives."""

        def read(data: bytes) -> ModelInfo:
            response = MESSAGES["MetadataResponse"].FromString(data)
            if _SIGNATURE_DEF not in response.metadata:
                raise ValueError("it has no signatures")
            signatures = MESSAGES["SignatureDefMap"].FromString(
                response.metadata[_SIGNATURE_DEF].value
            )
            spec = response.model_spec
            return describe(spec.name, spec.version.value, signatures)

        request = MESSAGES["MetadataRequest"](
            model_spec=_spec(target), metadata_field=[_SIGNATURE_DEF]
        )
        body = request.SerializeToString()
        return self._ask(_PREDICTION + "GetModelMetadata", body, left_s, connect_s, read)

    def close(self) -> None:
        """Closes the channel."""
        self._finalizer()

    def _ask(
        self,
        method: str,
        body: bytes,
        left_s: float,
        connect_s: float,
        read: Callable[[bytes], _Answer],
    ) -> _Answer:
        try:
            self._connect(min(left_s, connect_s))
            # Without serializers bytes go out and come in as they are.
            data = self._channel.unary_unary(method)(body, timeout=left_s)
        except grpc.RpcError as error:
            raise to_failure(error) from None
        except ValueError as error:
            # What gRPC raises where another thread closes the channel meanwhile.
            raise Failure("CANCELLED", str(error)) from None
        try:
            return read(data)
        except TooLargeError as error:
            raise Failure("RESOURCE_EXHAUSTED", f"{error}; see max_message_mb") from None
        except (ValueError, DecodeError, MemoryError) as error:
            raise malformed_answer(str(error) or type(error).__name__) from None

    def _connect(self, timeout_s: float) -> None:
        """Waits for the first connection."""
        # A call alone would wait until the deadline for a host that says neither yes nor no.
        if self._was_ready:
            return
        with self._connecting:
            if self._was_ready:
                return
            is_known = threading.Event()
            states: list[grpc.ChannelConnectivity] = []

            def watch(state: grpc.ChannelConnectivity) -> None:
                states.append(state)
                if state in (
                    grpc.ChannelConnectivity.READY,
                    grpc.ChannelConnectivity.TRANSIENT_FAILURE,
                ):
                    is_known.set()

            self._channel.subscribe(watch, try_to_connect=True)
            try:
                if not is_known.wait(timeout_s):
                    raise Failure(
                        "UNAVAILABLE", f"no connection within {timeout_s:.1f} s", "unreachable"
                    )
            finally:
                self._channel.unsubscribe(watch)
            self._was_ready = grpc.ChannelConnectivity.READY in states

    def _read_outputs(self, data: bytes) -> dict[str, np.ndarray]:
        outputs = {}
        for field, wire_type, entry in wire.walk(memoryview(data)):
            if field == 1 and wire_type == wire.LENGTH:
                parts = {number: value for number, _, value in wire.walk(entry)}
                name = bytes(parts.get(1, b"")).decode("utf-8")
                tensor = parts.get(2, memoryview(b""))
                outputs[name] = read_tensor(tensor, self._max_bytes)
        return outputs


def _close(channel: grpc.Channel, process: int) -> None:
    # A forked process has the channel too, but none of its threads.
    if os.getpid() == process:
        channel.close()


def _spec(target: Target) -> Any:
    spec = MESSAGES["ModelSpec"](name=target.model, signature_name=target.signature)
    if isinstance(target.version, str):
        spec.version_label = target.version
    elif target.version is not None:
        spec.version.value = target.version
        spec.version.SetInParent()
    return spec


def _examples_request(target: Target, examples: list[bytes]) -> bytes:
    request = MESSAGES["ExamplesRequest"](model_spec=_spec(target))
    request.input.example_list.SetInParent()
    request.input.example_list.examples.extend(examples)
    return request.SerializeToString()
