"""From the JSON of a request to the call, and from its result to JSON.

Source: `tensorflow_serving/model_servers/http_rest_api_handler.cc`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2

from serving.calls.api import Api
from serving.calls.examples import ExamplesRequest
from serving.front.rest import describe, input_values, output_values
from serving.front.rest.examples import read_examples
from serving.front.rest.json_values import parse_object
from serving.front.rest.paths import METADATA, Target
from serving.front.rest.text import invalid
from serving.models.servable import DEFAULT_SIGNATURE

_ENTRYPOINT = "REST"
# Work on JSON takes about so many times as long as that on a message of the same size.
WORK_OF_JSON = 4
_Result = TypeVar("_Result")


class Calls:
    """Answers requests whose address and body are known."""

    def __init__(self, api: Api) -> None:
        """Takes what answers the calls."""
        self._api = api

    def describe(self, target: Target) -> bytes:
        """Answers a request for status or metadata.

        Args:
            target: What is asked for.

        Returns:
            JSON.

        Raises:
            ServingError: There is no such model.
        """
        if target.method == METADATA:
            request = get_model_metadata_pb2.GetModelMetadataRequest(
                model_spec=target.model_spec, metadata_field=[describe.SIGNATURE_DEF]
            )
            response = self._api.get_model_metadata(request, _ENTRYPOINT)
            return describe.write_metadata(response)
        asked = get_model_status_pb2.GetModelStatusRequest(model_spec=target.model_spec)
        return describe.write_status(self._api.get_model_status(asked))

    async def answer(self, target: Target, body: bytes, until_s: float) -> bytes:
        """Answers a request for predict, classify or regress.

        Args:
            target: What is asked for.
            body: JSON.
            until_s: When the caller gives up, on the clock of `time.monotonic`.

        Returns:
            JSON.

        Raises:
            ServingError: Whatever went wrong.
        """
        document = await self._convert(len(body), lambda: parse_object(body))
        spec = target.model_spec
        spec.signature_name = input_values.signature_name(document)
        if target.method == "predict":
            return await self._predict(target, document, len(body), until_s)
        examples = await self._convert(len(body), lambda: read_examples(document))
        document.clear()
        request = ExamplesRequest(spec, examples)
        if target.method == "classify":
            classified = await self._api.classify(request, until_s, _ENTRYPOINT)
            return await self._write(classified, output_values.write_classifications)
        regressed = await self._api.regress(request, until_s, _ENTRYPOINT)
        return await self._write(regressed, output_values.write_regressions)

    async def _predict(
        self, target: Target, document: dict[str, Any], size_bytes: int, until_s: float
    ) -> bytes:
        request = predict_pb2.PredictRequest(model_spec=target.model_spec)
        signature = self._find_signature(target)
        in_rows = await self._convert(
            size_bytes, lambda: input_values.fill_predict(document, signature, request)
        )
        # The numbers are in the request now; as Python's they take many times the memory.
        document.clear()
        response = await self._api.predict(request, until_s, _ENTRYPOINT)
        write = output_values.write_rows if in_rows else output_values.write_columns
        outputs = response.outputs
        return await self._convert(response.ByteSize(), lambda: write(outputs))

    async def _convert(self, size_bytes: int, work: Callable[[], _Result]) -> _Result:
        return await self._api.convert(size_bytes * WORK_OF_JSON, work)

    def _find_signature(self, target: Target) -> meta_graph_pb2.SignatureDef:
        name = target.model_spec.signature_name or DEFAULT_SIGNATURE
        signature = self._api.signatures(target.model_spec).get(name)
        if signature is None:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return signature

    async def _write(self, response: Message, write: Callable[[Any], bytes]) -> bytes:
        result = response.result  # type: ignore[attr-defined]
        return await self._convert(response.ByteSize(), lambda: write(result))
