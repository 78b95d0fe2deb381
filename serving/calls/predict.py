"""The Predict call on one servable: check the request, run it, fill the response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2

from serving import errors
from serving.calls import tensors
from serving.models.servable import DEFAULT_SIGNATURE, Arrays, Servable, Signature

# Runs a signature on checked inputs: directly for warm-up, through the batch queue otherwise.
Runner = Callable[[Signature, Mapping[str, tf.Tensor]], Arrays]


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


def predict(
    servable: Servable, request: predict_pb2.PredictRequest, run: Runner, max_tensor_bytes: int
) -> predict_pb2.PredictResponse:
    """Answers a Predict request.

    Args:
        servable: The model version.
        request: The request; its model and version have been resolved to `servable`.
        run: Runs the signature.
        max_tensor_bytes: Largest tensor a request may declare.

    Returns:
        The outputs asked for by `output_filter`, or all of them.

    Raises:
        ServingError: The request does not fit the signature.
        tf.errors.OpError: The graph refused the input.

    Source: `tensorflow_serving/servables/tensorflow/predict_util.cc`.
    """
    signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signature(signature_name)
    if signature is None:
        raise errors.failed_precondition(f'Serving signature key "{signature_name}" not found.')
    _check_names(signature, request)
    inputs = _read_inputs(signature, request, max_tensor_bytes)
    wanted = _wanted_outputs(signature, request.output_filter)
    outputs = run(signature, inputs)
    response = predict_pb2.PredictResponse(model_spec=model_spec(servable, signature_name))
    for alias in wanted:
        response.outputs[alias].CopyFrom(tensors.to_proto(outputs[alias]))
    return response


def _braces(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _check_names(signature: Signature, request: predict_pb2.PredictRequest) -> None:
    declared, sent = set(signature.definition.inputs), set(request.inputs)
    missing = declared - sent - set(signature.definition.defaults)
    extra = sent - declared
    if not missing and not extra:
        return
    raise errors.invalid_argument(
        f"input size does not match signature: {len(sent)}!={len(declared)} "
        f"len({_braces(sent)}) != len({_braces(declared)}). "
        f"Sent extra: {_braces(extra)}. Missing but required: {_braces(missing)}."
    )


def _read_inputs(
    signature: Signature, request: predict_pb2.PredictRequest, max_tensor_bytes: int
) -> dict[str, tf.Tensor]:
    inputs = {}
    for alias in signature.definition.inputs:
        sent = alias in request.inputs
        proto = request.inputs[alias] if sent else signature.definition.defaults[alias]
        inputs[alias] = tensors.parse_tensor(alias, proto, max_tensor_bytes)
        dims = tuple(inputs[alias].shape)
        signature.check(alias, proto.dtype, dims)
    return _with_spread_defaults(inputs, set(request.inputs))


def _with_spread_defaults(
    inputs: dict[str, tf.Tensor], sent: Iterable[str]
) -> dict[str, tf.Tensor]:
    """Repeats a default of one example to the batch, so that requests can still be merged."""
    batches = {inputs[alias].shape[0] for alias in sent if inputs[alias].shape.rank}
    if len(batches) != 1:
        return inputs
    [batch] = batches
    return {
        alias: values
        if alias in sent or not values.shape.rank or values.shape[0] != 1
        else tf.repeat(values, batch, axis=0)
        for alias, values in inputs.items()
    }


def _wanted_outputs(signature: Signature, output_filter: Iterable[str]) -> list[str]:
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
    return wanted or sorted(signature.definition.outputs)
