"""The Predict call on one servable: what comes before the run, and what after."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable

import numpy as np
from tensorflow_serving.apis import model_pb2, predict_pb2

from serving import errors
from serving.calls import encode, limits, tensors
from serving.models.servable import DEFAULT_SIGNATURE, Servable
from serving.models.signature import Arrays, Signature


def model_spec(servable: Servable, signature_name: str = "") -> model_pb2.ModelSpec:
    """Says in a response who answered.

    Args:
        servable: What answered.
        signature_name: The signature that was asked for; empty means the default.

    Returns:
        Name, version and signature.

    Source: `tensorflow_serving/servables/tensorflow/util.cc`, `MakeModelSpec`.
    """
    spec = model_pb2.ModelSpec(
        name=servable.model, signature_name=signature_name or DEFAULT_SIGNATURE
    )
    spec.version.value = servable.version
    return spec


def find_signature(servable: Servable, name: str) -> Signature:
    """Finds the signature that a Predict request asks for.

    Args:
        servable: The model version.
        name: Its key; empty means the default.

    Returns:
        The signature.

    Raises:
        ServingError: FAILED_PRECONDITION if the model has no such.
    """
    signature = servable.signature(name)
    if signature is None:
        raise errors.failed_precondition(
            f'Serving signature key "{name or DEFAULT_SIGNATURE}" not found.'
        )
    return signature


def read_inputs(
    signature: Signature, request: predict_pb2.PredictRequest, max_examples: int
) -> Arrays:
    """Checks a Predict request and reads its tensors.

    Args:
        signature: What will run.
        request: The request.
        max_examples: Most rows that the model takes at once.

    Returns:
        Every input by name, defaults filled in.

    Raises:
        ServingError: The request does not fit the signature, or is larger than allowed.

    Source: `tensorflow_serving/servables/tensorflow/predict_util.cc`.
    """
    _check_names(signature, request)
    _choose_outputs(signature, request.output_filter)
    protos, shapes = {}, {}
    for alias in signature.inputs:
        is_sent = alias in request.inputs
        proto = request.inputs[alias] if is_sent else signature.definition.defaults[alias]
        protos[alias], shapes[alias] = proto, tensors.read_sent_dims(alias, proto)
        signature.check(alias, proto.dtype, shapes[alias])
        if signature.is_batchable:
            limits.check_examples(shapes[alias][0], max_examples)
    inputs = {
        alias: tensors.read_tensor(alias, proto, shapes[alias]) for alias, proto in protos.items()
    }
    return _with_spread_defaults(inputs, request.inputs)


def encode_response(
    servable: Servable, signature: Signature, request: predict_pb2.PredictRequest, outputs: Arrays
) -> bytes:
    """Writes the answer.

    Args:
        servable: What answered.
        signature: What ran.
        request: The request.
        outputs: Every output by name.

    Returns:
        A serialized PredictResponse: the outputs asked for by `output_filter`, or all of them.
    """
    wanted = _choose_outputs(signature, request.output_filter)
    spec = _spec_bytes(servable.model, servable.version, signature.name)
    return encode.encode_response(spec, outputs, wanted)


@functools.lru_cache(1024)
def _spec_bytes(model: str, version: int, signature_name: str) -> bytes:
    spec = model_pb2.ModelSpec(name=model, signature_name=signature_name)
    spec.version.value = version
    return bytes(spec.SerializeToString())


def _braces(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _check_names(signature: Signature, request: predict_pb2.PredictRequest) -> None:
    if len(request.inputs) == len(signature.inputs) and all(
        alias in request.inputs for alias in signature.inputs
    ):
        return
    declared, sent = signature.inputs.keys(), set(request.inputs)
    missing = declared - sent - set(signature.definition.defaults)
    extra = sent - declared
    if not missing and not extra:
        return
    raise errors.invalid_argument(
        f"input size does not match signature: {len(sent)}!={len(declared)} "
        f"len({_braces(sent)}) != len({_braces(declared)}). "
        f"Sent extra: {_braces(extra)}. Missing but required: {_braces(missing)}."
    )


def _with_spread_defaults(inputs: Arrays, sent: Collection[str]) -> Arrays:
    """Repeats a default of one example to the batch, so that requests can still be merged."""
    if len(sent) == len(inputs):
        return inputs
    batches = {len(inputs[alias]) for alias in sent if inputs[alias].ndim}
    if len(batches) != 1:
        return inputs
    [batch] = batches
    return {
        alias: values
        if alias in sent or not values.ndim or len(values) != 1
        else np.repeat(values, batch, axis=0)
        for alias, values in inputs.items()
    }


def _choose_outputs(signature: Signature, output_filter: Iterable[str]) -> list[str]:
    wanted: list[str] = []
    for alias in output_filter:
        if alias not in signature.definition.outputs:
            raise errors.invalid_argument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be "
                f"in the set {_braces(signature.definition.outputs)}."
            )
        if alias in wanted:
            raise errors.invalid_argument(f"duplicate output tensor alias: {alias}")
        wanted.append(alias)
    return wanted or signature.outputs
