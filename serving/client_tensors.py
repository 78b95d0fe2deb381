"""Requests out of Python values and Python values out of responses, for the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.example import example_pb2
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.client_types import ClientError, ModelInfo, SignatureInfo, TensorInfo

_SIGNATURE_DEF = "signature_def"
_STUBS = {
    "PredictionService": prediction_service_pb2_grpc.PredictionServiceStub,
    "ModelService": model_service_pb2_grpc.ModelServiceStub,
}


def stub_method(channel: grpc.Channel, service: str, method: str) -> Any:
    """Finds the generated method.

    Args:
        channel: Connection.
        service: `PredictionService` or `ModelService`.
        method: Its name.

    Returns:
        The callable.
    """
    return getattr(_STUBS[service](channel), method)


def metadata_request(
    model: str, version: int | None
) -> get_model_metadata_pb2.GetModelMetadataRequest:
    """Builds a request for a model's signatures.

    Args:
        model: Name of the model.
        version: Which version; None for the latest.

    Returns:
        The request.
    """
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=[_SIGNATURE_DEF])
    _fill_spec(request.model_spec, model, version, "")
    return request


def model_info(response: get_model_metadata_pb2.GetModelMetadataResponse) -> ModelInfo:
    """Reads a model's signatures.

    Args:
        response: The answer.

    Returns:
        The signatures a person can call.
    """
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[_SIGNATURE_DEF].Unpack(signatures)
    return ModelInfo(
        response.model_spec.name,
        response.model_spec.version.value,
        {
            name: SignatureInfo(
                {key: _tensor_info(value) for key, value in definition.inputs.items()},
                {key: _tensor_info(value) for key, value in definition.outputs.items()},
                frozenset(definition.defaults),
            )
            for name, definition in signatures.signature_def.items()
            if not name.startswith("__")
        },
    )


def predict_request(
    model: str,
    version: int | None,
    signature_name: str,
    signature: SignatureInfo | None,
    inputs: Mapping[str, Any],
    output_filter: Sequence[str],
) -> predict_pb2.PredictRequest:
    """Builds a Predict request.

    Args:
        model: Name of the model.
        version: Which version; None for the latest.
        signature_name: Which signature.
        signature: What it declares; None if unknown, then nothing is cast.
        inputs: Values by name.
        output_filter: Names of the outputs wanted; all if empty.

    Returns:
        The request.

    Raises:
        ClientError: `INVALID_ARGUMENT` if a value cannot be cast.
    """
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    _fill_spec(request.model_spec, model, version, signature_name)
    for name, value in inputs.items():
        declared = signature.inputs.get(name) if signature else None
        request.inputs[name].CopyFrom(_to_proto(name, value, declared))
    return request


def classify_request(
    model: str, version: int | None, signature_name: str, examples: Sequence[bytes]
) -> classification_pb2.ClassificationRequest:
    """Builds a Classify request.

    Args:
        model: Name of the model.
        version: Which version; None for the latest.
        signature_name: Which signature.
        examples: Serialized tf.Examples.

    Returns:
        The request.

    Raises:
        ClientError: `INVALID_ARGUMENT` if something is no serialized tf.Example.
    """
    request = classification_pb2.ClassificationRequest()
    _fill_spec(request.model_spec, model, version, signature_name)
    for index, example in enumerate(examples):
        try:
            request.input.example_list.examples.append(
                example_pb2.Example.FromString(bytes(example))
            )
        except Exception:  # noqa: BLE001 - protobuf's and Python's own errors alike
            raise ClientError(
                "INVALID_ARGUMENT", f"example {index} is not a serialized tf.Example"
            ) from None
    return request


def to_array(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """Reads an output.

    Args:
        proto: As received.

    Returns:
        An array; strings as an object array of `str` if every element is UTF-8 without NUL
        characters, otherwise of `bytes`.
    """
    value = tf.make_ndarray(proto)
    if value.dtype != object:
        return np.asarray(value)
    try:
        texts = [element.decode("utf-8") for element in value.ravel()]
    except UnicodeDecodeError:
        return np.asarray(value)
    if any("\0" in text for text in texts):
        return np.asarray(value)
    decoded = np.empty(len(texts), object)
    decoded[:] = texts
    return decoded.reshape(value.shape)


def _fill_spec(
    spec: model_pb2.ModelSpec, model: str, version: int | None, signature_name: str
) -> None:
    spec.name = model
    spec.signature_name = signature_name
    if version is not None:
        spec.version.value = version


def _tensor_info(info: Any) -> TensorInfo:
    dtype = tf.dtypes.as_dtype(info.dtype).name
    if info.tensor_shape.unknown_rank:
        return TensorInfo(dtype, None)
    sizes = [dim.size for dim in info.tensor_shape.dim]
    return TensorInfo(dtype, tuple(None if size < 0 else size for size in sizes))


def _to_proto(name: str, value: Any, declared: TensorInfo | None) -> tensor_pb2.TensorProto:
    try:
        array = np.asarray(value, dtype=object if _holds_bytes(value) else None)
        if declared is None:
            return tf.make_tensor_proto(_encode(array) if array.dtype.kind in "OUS" else array)
        if declared.dtype == "string":
            if array.size and array.dtype.kind not in "OUS":
                raise TypeError(f"got {array.dtype}")
            return tf.make_tensor_proto(_encode(array), dtype=tf.string, shape=array.shape)
        dtype = tf.dtypes.as_dtype(declared.dtype)
        return tf.make_tensor_proto(_cast(array, dtype.as_numpy_dtype), dtype, array.shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise ClientError(
            "INVALID_ARGUMENT",
            f"input {name} must be {declared or 'an array'}; {error}",
        ) from None


def _holds_bytes(value: Any) -> bool:
    # NumPy's own bytes type drops trailing NULs, which end many files.
    if isinstance(value, np.ndarray):
        return False
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (bytes, bytearray))


def _encode(array: np.ndarray) -> np.ndarray:
    encoded = np.empty(array.size, object)
    for index, element in enumerate(array.ravel().tolist()):
        if isinstance(element, str):
            encoded[index] = element.encode("utf-8")
        elif isinstance(element, (bytes, bytearray)):
            encoded[index] = bytes(element)
        else:
            raise TypeError(f"got an element of type {type(element).__name__}")
    return encoded.reshape(array.shape)


def _cast(array: np.ndarray, dtype: Any) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"got {'text' if array.dtype.kind in 'US' else array.dtype}")
    with np.errstate(invalid="ignore"):
        cast = array.astype(dtype)
    is_whole = np.issubdtype(dtype, np.integer)
    if is_whole and not np.array_equal(cast, array):
        raise ValueError("got numbers that do not fit")
    return cast
