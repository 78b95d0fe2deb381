"""The tf.Examples of Classify and Regress requests from their JSON.

Source: `tensorflow_serving/util/json_tensor.cc`, `FillClassifyRegressRequestFromJson`.
"""

from __future__ import annotations

from typing import Any

from tensorflow.core.example import example_pb2, feature_pb2

from serving.front.rest.json_values import RepeatedKeys
from serving.front.rest.nested import decode_base64, is_base64, text_bytes
from serving.front.rest.text import format_error, invalid, type_name

EXAMPLES, CONTEXT = "examples", "context"
_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def read_examples(document: dict[str, Any]) -> list[bytes]:
    """Makes the examples of a request.

    A feature is made of a value or a list of them: whole numbers, true and false are int64, other
    numbers float, strings and `{"b64": "…"}` bytes.

    Args:
        document: The body.

    Returns:
        Serialized tf.Examples, each with the features of the context, if there is one.

    Raises:
        ServingError: INVALID_ARGUMENT if they cannot be made.
    """
    context = b""
    if CONTEXT in document:
        context = _make_example(document[CONTEXT])
    if EXAMPLES not in document:
        raise format_error(
            document, f"When method is classify, key '{EXAMPLES}' is expected and was not found"
        )
    examples = document[EXAMPLES]
    if not isinstance(examples, list):
        raise format_error(document, f"Expecting '{EXAMPLES}' value to be an list/array")
    if not examples:
        raise format_error(document, f"'{EXAMPLES}' value is an empty array")
    # Serialized messages that are joined parse as the merged message.
    return [context + _make_example(example) for example in examples]


def _make_example(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise invalid(f"Example must be JSON object but got JSON {type_name(value)}")
    example = example_pb2.Example()
    members = value.last if isinstance(value, RepeatedKeys) else value
    for key, content in members.items():
        name = text_bytes(key).decode("utf-8", "replace")
        feature = example.features.feature[name]
        for item in content if isinstance(content, list) else [content]:
            _add_value(item, name, feature)
    return bytes(example.SerializeToString())


def _add_value(value: Any, name: str, feature: feature_pb2.Feature) -> None:
    if isinstance(value, (bool, int)):
        _require_kind(feature, "int64_list", name)
        if value >= 2**63:
            raise invalid(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
        feature.int64_list.value.append(int(value))
    elif isinstance(value, float):
        _require_kind(feature, "float_list", name)
        feature.float_list.value.append(_as_float(value))
    elif isinstance(value, str):
        _require_kind(feature, "bytes_list", name)
        feature.bytes_list.value.append(text_bytes(value))
    elif is_base64(value):
        _require_kind(feature, "bytes_list", name)
        feature.bytes_list.value.append(decode_base64(value))
    else:
        raise invalid(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")


def _as_float(value: float) -> float:
    # Some of protobuf's implementations refuse what no float holds; C++ makes an infinity of it.
    return value if abs(value) <= 3.4e38 else value * float("inf")


def _require_kind(feature: feature_pb2.Feature, kind: str, name: str) -> None:
    found = feature.WhichOneof("kind")
    if found not in (None, kind):
        raise invalid(f"Unexpected element type in feature: {name} expecting type: {_KINDS[found]}")
