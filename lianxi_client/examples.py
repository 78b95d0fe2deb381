"""tf.Examples out of what a person has."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError, EncodeError

from lianxi_client.errors import invalid_argument
from lianxi_client.messages import MESSAGES


def to_examples(given: Any) -> list[bytes]:
    """Serializes examples.

    Args:
        given: Each a serialized tf.Example, or feature name to value or values.

    Returns:
        Serialized tf.Examples.

    Raises:
        ClientError: `INVALID_ARGUMENT` if something is neither.
    """
    if isinstance(given, (str, bytes, bytearray, Mapping)) or not isinstance(given, Sequence):
        raise invalid_argument(f"examples must be a list, found {type(given).__name__}")
    return [_to_example(index, each) for index, each in enumerate(given)]


def to_json(example: bytes) -> dict[str, Any]:
    """Writes an example as TensorFlow Serving's REST API takes it.

    Args:
        example: A serialized tf.Example.

    Returns:
        Feature name to list of values.
    """
    features = MESSAGES["Example"].FromString(example).features.feature
    return {name: _values(feature) for name, feature in features.items()}


def _values(feature: Any) -> list[Any]:
    if feature.HasField("bytes_list"):
        values = feature.bytes_list.value
        return [{"b64": base64.b64encode(value).decode()} for value in values]
    if feature.HasField("float_list"):
        return list(feature.float_list.value)
    return list(feature.int64_list.value)


def _to_example(index: int, given: Any) -> bytes:
    if isinstance(given, Mapping):
        example = MESSAGES["Example"]()
        for name, value in given.items():
            try:
                _fill(example.features.feature[name], value)
            except (TypeError, ValueError, OverflowError, EncodeError) as error:
                raise invalid_argument(f"example {index}, feature {name!r}: {error}") from None
        return example.SerializeToString()
    try:
        data = bytes(memoryview(given))
        MESSAGES["Example"].FromString(data)
    except (TypeError, ValueError, DecodeError):
        raise invalid_argument(
            f"example {index} is not a serialized tf.Example, and no mapping of features either"
        ) from None
    return data


def _fill(feature: Any, value: Any) -> None:
    is_text = isinstance(value, (str, bytes, bytearray))
    values = [value] if is_text else np.asarray(value, object).ravel().tolist()
    if all(isinstance(each, (str, bytes, bytearray)) for each in values):
        feature.bytes_list.value.extend(
            each.encode("utf-8") if isinstance(each, str) else bytes(each) for each in values
        )
        return
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "biuf":
        raise TypeError("must be a number or a text, or a list of numbers or of texts")
    if numbers.dtype.kind == "f":
        feature.float_list.value.extend(numbers.tolist())
    else:
        feature.int64_list.value.extend(numbers.astype(int).tolist())
