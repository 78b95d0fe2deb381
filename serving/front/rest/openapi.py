"""An OpenAPI 3.1 description of the models that are loaded, to make a page or a client of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import model_pb2

from serving import errors
from serving.calls.api import Api
from serving.config import ServerConfig
from serving.front.rest import json_schemas
from serving.front.rest.json_schemas import Schema

_ERROR_TEXTS = {
    "400": "The request is not formed as it should be, or the model refuses it.",
    "404": "There is no such model, version or label.",
    "413": "The body is too large.",
    "429": "The server is out of memory for requests, or too many examples were sent.",
    "503": "The queue of the model is full.",
    "504": "The answer took too long.",
}


def describe(api: Api, config: ServerConfig) -> bytes:
    """Describes what can be asked.

    Args:
        api: Knows the models.
        config: Knows the limits.

    Returns:
        JSON. A model of which no version can be asked has its status only.
    """
    paths: dict[str, Any] = {}
    for name in api.models():
        base = f"/v1/models/{quote(name, safe='')}"
        paths[base] = {"get": _operation(name, "status", "States of its versions", {})}
        try:
            signatures = api.signatures(model_pb2.ModelSpec(name=name))
        except errors.ServingError:
            continue
        metadata = _operation(name, "metadata", "Its signatures", {})
        paths[f"{base}/metadata"] = {"get": metadata}
        for method, operation in _calls(name, signatures).items():
            paths[f"{base}:{method}"] = {"post": operation}
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Lianxi", "version": "1", "description": _limits(config)},
            "paths": paths,
            "components": {"schemas": json_schemas.SHARED},
        }
    )


def _limits(config: ServerConfig) -> str:
    origins = ", ".join(config.cors_origins) or "none"
    return (
        "TensorFlow Serving's REST API. A version or label may be asked for at "
        "/v1/models/NAME/versions/V and /v1/models/NAME/labels/L, followed by the same. Bodies "
        f"have at most {config.max_message_bytes} bytes, as sent and after gzip, and are sent "
        f"within {config.receive_timeout_s:g} s. A model that declares no bound of its own takes "
        f"at most {config.max_examples} examples at once. Floating-point numbers may be written "
        f"NaN, Infinity and -Infinity, both ways. Pages of these origins may ask: {origins}."
    )


def _operation(name: str, what: str, summary: str, answer: Schema) -> dict[str, Any]:
    failures = {
        status: {"description": text, "content": _json({"$ref": "#/components/schemas/Error"})}
        for status, text in _ERROR_TEXTS.items()
    }
    return {
        "operationId": f"{name}.{what}",
        "tags": [name],
        "summary": summary,
        "responses": {"200": {"description": summary, "content": _json(answer)}} | failures,
    }


def _json(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _calls(
    name: str, signatures: Mapping[str, meta_graph_pb2.SignatureDef]
) -> dict[str, dict[str, Any]]:
    asked: dict[str, list[Schema]] = {"predict": [], "classify": [], "regress": []}
    answered: dict[str, list[Schema]] = {"predict": [], "classify": [], "regress": []}
    for signature_name, signature in sorted(signatures.items()):
        if not signature.inputs:
            continue
        asked["predict"] += json_schemas.predict_requests(signature_name, signature)
        answered["predict"] += json_schemas.predict_answers(signature_name, signature)
        for method in _example_methods(signature):
            asked[method].append(json_schemas.examples_request(signature_name))
            answered[method] = [json_schemas.RESULTS[method]]
    summaries = {
        "predict": "Run a signature on named tensors",
        "classify": "Label examples",
        "regress": "Give a number for each example",
    }
    calls = {}
    for method, schemas in asked.items():
        if schemas:
            operation = _operation(name, method, summaries[method], {"anyOf": answered[method]})
            operation["requestBody"] = {"required": True, "content": _json({"anyOf": schemas})}
            calls[method] = operation
    return calls


def _example_methods(signature: meta_graph_pb2.SignatureDef) -> list[str]:
    """Says what else a signature of tf.Examples does than predict."""
    inputs, outputs = signature.inputs, set(signature.outputs)
    if set(inputs) != {"inputs"} or inputs["inputs"].dtype != types_pb2.DT_STRING:
        return []
    if outputs <= {"classes", "scores"}:
        return ["classify"]
    return ["regress"] if outputs == {"outputs"} else []
