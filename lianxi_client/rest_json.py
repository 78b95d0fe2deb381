"""Arrays in and out of TensorFlow Serving's JSON.

Source: tensorflow.org/tfx/serving/api_rest; tensorflow_serving/util/json_tensor.cc
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from lianxi_client.casting import cast_input
from lianxi_client.dtypes import BY_NAME, DType
from lianxi_client.errors import ClientError, invalid_argument
from lianxi_client.model_info import SignatureInfo, TensorInfo


def encode(document: Any) -> bytes:
    """Writes JSON, with NaN and Infinity as TensorFlow Serving takes them.

    Args:
        document: Of Python's own types.

    Returns:
        UTF-8.
    """
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def decode(data: bytes) -> Any:
    """Reads JSON whose texts may be any bytes, which TensorFlow Serving writes as they are.

    Args:
        data: JSON.

    Returns:
        The document; bytes in texts that are no UTF-8 as lone surrogates.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return json.loads(data.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def inputs_to_json(signature: SignatureInfo, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Writes inputs, with the default of each that is left out, as TensorFlow Serving insists.

    Args:
        signature: What the model declares.
        inputs: Values by name.

    Returns:
        Input name to JSON.

    Raises:
        ClientError: `INVALID_ARGUMENT` if an input is missing, unknown or cannot be cast.
    """
    extra = sorted(inputs.keys() - signature.inputs.keys())
    given = {**signature.defaults, **inputs}
    missing = sorted(signature.inputs.keys() - given.keys())
    if extra or missing:
        raise invalid_argument(
            f"input size does not match signature: {len(inputs)}!={len(signature.inputs)}. "
            f"Sent extra: {{{','.join(extra)}}}. Missing but required: {{{','.join(missing)}}}."
        )
    return {
        name: _to_json(name, *cast_input(name, given[name], declared))
        for name, declared in signature.inputs.items()
        # JSON has no shape for a default without values; Lianxi's server knows it.
        if name in inputs or np.size(given[name])
    }


def outputs_from_json(signature: SignatureInfo, outputs: Any) -> dict[str, np.ndarray]:
    """Reads outputs.

    Args:
        signature: What the model declares.
        outputs: What is under `outputs` in the answer: an object, or the one output.

    Returns:
        Output name to array; strings as bytes objects.

    Raises:
        ValueError: They are not what is declared.
    """
    if len(signature.outputs) == 1:
        outputs = {name: outputs for name in signature.outputs}
    if not isinstance(outputs, dict) or outputs.keys() - signature.outputs.keys():
        raise ValueError(f"it has not the outputs {sorted(signature.outputs)}")
    return {name: _from_json(value, signature.outputs[name]) for name, value in outputs.items()}


def select(outputs: Mapping[str, Any], names: list[str]) -> None:
    """Checks names of outputs as the server does over gRPC; over REST it knows no filter.

    Args:
        outputs: Those that there are, by name.
        names: Those that are wanted.

    Raises:
        ClientError: `INVALID_ARGUMENT` if there is no such output, or one is named twice.
    """
    for name in names:
        if name not in outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {name} Outputs expected to be in "
                f"the set {{{','.join(sorted(outputs))}}}."
            )
        if names.count(name) > 1:
            raise invalid_argument(f"duplicate output tensor alias: {name}")


def _to_json(name: str, array: np.ndarray, dtype: DType) -> Any:
    if array.dtype.kind == "c":
        raise ClientError(
            "UNIMPLEMENTED", f"input {name}: {dtype.name} does not go over REST; use gRPC"
        )
    if dtype is not BY_NAME["string"]:
        return array.tolist()
    values = np.empty(array.size, object)
    values[:] = [_text_to_json(each) for each in array.ravel()]
    return values.reshape(array.shape).tolist()


def _text_to_json(value: bytes) -> Any:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    # C++ servers have been known to end a text at a NUL.
    return {"b64": base64.b64encode(value).decode()} if "\0" in text else text


def _from_json(value: Any, declared: TensorInfo) -> np.ndarray:
    if declared.dtype == "string":
        array = _read_texts(value)
    elif declared.dtype in BY_NAME:
        name = "float32" if declared.dtype == "bfloat16" else declared.dtype
        array = np.asarray(value, dtype=name)
    else:
        raise ValueError(f"NumPy has no {declared.dtype}")
    if not array.size and declared.shape and array.ndim < len(declared.shape):
        # JSON writes a batch of no rows as [], of whatever shape they would be.
        rest = tuple(size or 0 for size in declared.shape[array.ndim :])
        return array.reshape(array.shape + rest)
    return array


def _read_texts(value: Any) -> np.ndarray:
    shape: list[int] = []
    values = [value]
    while values and isinstance(values[0], list):
        shape.append(len(values[0]))
        if any(not isinstance(each, list) or len(each) != shape[-1] for each in values):
            raise ValueError("an output has lists of different lengths")
        values = [element for each in values for element in each]
    array = np.empty(len(values), object)
    array[:] = [_read_text(each) for each in values]
    return array.reshape(shape)


def _read_text(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"an output is no base64: {error}") from None
    raise ValueError("an output of texts has something else")
