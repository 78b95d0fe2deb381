"""Status and metadata of a model as JSON, in the layout of protobuf's printer.

Source: `tensorflow_serving/model_servers/http_rest_api_util.cc`, `ToJsonString`: one space an
indent, fields without presence always printed, names as in the proto.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

SIGNATURE_DEF = "signature_def"
_AS_TEXT = (
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT64,
)


def write_status(response: get_model_status_pb2.GetModelStatusResponse) -> bytes:
    """Writes the states of a model's versions.

    Args:
        response: What GetModelStatus answers.

    Returns:
        `{"model_version_status": […]}`.
    """
    return _print(response).encode()


def write_metadata(response: get_model_metadata_pb2.GetModelMetadataResponse) -> bytes:
    """Writes the signatures of a model.

    Args:
        response: What GetModelMetadata answers.

    Returns:
        `{"model_spec": …, "metadata": {"signature_def": {"signature_def": …}}}`.
    """
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    return (
        f'{{\n"model_spec":{_print(response.model_spec)},\n'
        f'"metadata": {{"signature_def": {_print(signatures)}}}\n}}\n'
    ).encode()


def _print(message: Message) -> str:
    return json.dumps(_as_json(message), indent=1, ensure_ascii=False) + "\n"


def _as_json(message: Message) -> dict[str, Any]:
    """Gives a message as protobuf's JSON, in the order of its declaration.

    protobuf's own `json_format` names the option that prints defaults differently from one
    version to another, and puts them last.
    """
    shown: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            inner = entry.fields_by_name["value"]
            shown[field.name] = {str(key): _value(inner, value[key]) for key in sorted(value)}
        elif not isinstance(value, (int, float, str, bytes, Message)):
            shown[field.name] = [_value(field, item) for item in value]
        elif not field.has_presence or message.HasField(field.name):
            shown[field.name] = _value(field, value)
    return shown


def _value(field: Any, value: Any) -> Any:
    if field.enum_type is not None:
        named = field.enum_type.values_by_number.get(value)
        return value if named is None else named.name
    if field.message_type is None:
        return _scalar(field, value)
    if field.message_type.full_name == "google.protobuf.Int64Value":
        return str(value.value)
    return _as_json(value)


def _scalar(field: Any, value: Any) -> Any:
    """Gives what no message is: large integers and bytes as text, as in protobuf's JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        return float(str(np.float32(value)))
    return str(value) if field.cpp_type in _AS_TEXT else value
