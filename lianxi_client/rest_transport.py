"""TensorFlow Serving's REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from google.protobuf import json_format

from lianxi_client import rest_json
from lianxi_client.address import Address, Pems
from lianxi_client.described import describe
from lianxi_client.errors import ClientError, malformed_answer
from lianxi_client.examples import to_json
from lianxi_client.http_calls import Http
from lianxi_client.messages import MESSAGES
from lianxi_client.model_info import ModelInfo, SignatureInfo, Target, VersionStatus


class RestTransport:
    """Connections to a server's REST port."""

    def __init__(self, address: Address, pems: Pems | None, max_bytes: int) -> None:
        """Prepares; connections are made at the first call.

        Args:
            address: Where the server is.
            pems: Certificates; None for connections in the clear.
            max_bytes: Largest answer, in bytes.
        """
        self._http = Http(address, pems, max_bytes)

    def encode_predict(
        self,
        target: Target,
        signature: SignatureInfo | None,
        inputs: Mapping[str, Any],
        output_filter: Sequence[str],
    ) -> bytes:
        """Writes the JSON of a request by columns."""
        if signature is None:
            raise ClientError(
                "FAILED_PRECONDITION", f'Serving signature key "{target.signature}" not found.'
            )
        rest_json.select(signature.outputs, list(output_filter))
        columns = rest_json.inputs_to_json(signature, inputs)
        return rest_json.encode({"signature_name": target.signature, "inputs": columns})

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
        assert signature is not None
        document = self._http.ask("POST", f"{_path(target)}:predict", body, left_s, connect_s)
        try:
            outputs = rest_json.outputs_from_json(signature, document.get("outputs"))
        except (TypeError, ValueError, OverflowError) as error:
            raise malformed_answer(error) from None
        return {name: outputs[name] for name in output_filter or outputs if name in outputs}

    def classify(
        self, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[list[tuple[str, float]]]:
        """Labels serialized tf.Examples."""
        results = self._ask_examples("classify", target, examples, left_s, connect_s)
        try:
            return [
                [(_printable(label), float(np.float32(score))) for label, score in row]
                for row in results
            ]
        except (TypeError, ValueError) as error:
            raise malformed_answer(error) from None

    def regress(
        self, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[float]:
        """Values serialized tf.Examples."""
        results = self._ask_examples("regress", target, examples, left_s, connect_s)
        try:
            return [float(np.float32(value)) for value in results]
        except (TypeError, ValueError) as error:
            raise malformed_answer(error) from None

    def status(self, target: Target, left_s: float, connect_s: float) -> list[VersionStatus]:
        """Asks for the states of a model's versions."""
        document = self._http.ask("GET", _path(target), None, left_s, connect_s)
        try:
            return [
                VersionStatus(
                    int(entry["version"]),
                    str(entry["state"]),
                    _printable(entry.get("status", {}).get("error_message", "")),
                )
                for entry in document["model_version_status"]
            ]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise malformed_answer(f"no states of versions: {error}") from None

    def metadata(self, target: Target, left_s: float, connect_s: float) -> ModelInfo:
        """Asks what a model takes and gives."""
        document = self._http.ask("GET", f"{_path(target)}/metadata", None, left_s, connect_s)
        try:
            spec = document["model_spec"]
            signatures = json_format.ParseDict(
                document["metadata"]["signature_def"],
                MESSAGES["SignatureDefMap"](),
                ignore_unknown_fields=True,
            )
            return describe(str(spec["name"]), int(spec["version"]), signatures)
        except (AttributeError, KeyError, TypeError, ValueError, json_format.Error) as error:
            raise malformed_answer(f"no signatures: {error}") from None

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _ask_examples(
        self, verb: str, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[Any]:
        body = rest_json.encode(
            {
                "signature_name": target.signature,
                "examples": [to_json(example) for example in examples],
            }
        )
        path = f"{_path(target)}:{verb}"
        results = self._http.ask("POST", path, body, left_s, connect_s).get("results")
        if not isinstance(results, list):
            raise malformed_answer("it has no results")
        return results


def _path(target: Target) -> str:
    path = f"/v1/models/{quote(target.model, safe='')}"
    if isinstance(target.version, str):
        return f"{path}/labels/{quote(target.version, safe='')}"
    return path if target.version is None else f"{path}/versions/{target.version}"


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
