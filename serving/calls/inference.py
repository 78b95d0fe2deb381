"""Classify, Regress and MultiInference, before the graph runs: which signature, on what.

Nothing here runs it. `classify_signature`, `regress_signature` or `plan_tasks` says what to run,
`example_inputs` says on what, and `serving.calls.results` makes the answer of the outputs.

As in TensorFlow Serving's default configuration, a signature's method name is not looked at
(every SavedModel TensorFlow 2 writes says "predict"): what counts are the names, dtypes and
shapes of inputs and outputs.
"""

from __future__ import annotations

from typing import NamedTuple

import grpc
import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import model_pb2

from serving import errors
from serving.calls.examples import ExamplesRequest, TasksRequest, require_examples
from serving.models.servable import DEFAULT_SIGNATURE, Servable
from serving.models.signature import Arrays, Signature

INPUTS, CLASSES, SCORES, OUTPUTS = "inputs", "classes", "scores", "outputs"
CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"


class Task(NamedTuple):
    """One part of a MultiInference request.

    Attributes:
        signature: What to run.
        kind: `CLASSIFY_METHOD` or `REGRESS_METHOD`: how to read what comes out.
    """

    signature: Signature
    kind: str


def classify_signature(servable: Servable, request: ExamplesRequest) -> Signature:
    """Finds the signature of a Classify request.

    Args:
        servable: The model version.
        request: Signature name and examples.

    Returns:
        A signature that takes examples and gives classes, scores or both.

    Raises:
        ServingError: INVALID_ARGUMENT: there is no such signature, or it does not classify.

    Source: `tensorflow_serving/servables/tensorflow/classifier.cc`, also for the order.
    """
    signature = _signature(servable, request.model_spec, "No signature was found with the name: ")
    _check_classifies(signature)
    return signature


def regress_signature(servable: Servable, request: ExamplesRequest) -> Signature:
    """Finds the signature of a Regress request.

    Args:
        servable: The model version.
        request: Signature name and examples.

    Returns:
        A signature that takes examples and gives a number for each.

    Raises:
        ServingError: INVALID_ARGUMENT: there is no such signature, or it does not regress.

    Source: `tensorflow_serving/servables/tensorflow/regressor.cc`, also for the order.
    """
    signature = _signature(servable, request.model_spec, "No signature was found with the name: ")
    _check_regresses(signature)
    return signature


def tasks_spec(request: TasksRequest) -> model_pb2.ModelSpec:
    """Says which model a MultiInference request is for.

    Args:
        request: The request.

    Returns:
        The spec of the first task; an empty one if there is no task.

    Source: `tensorflow_serving/servables/tensorflow/multi_inference_helper.cc`.
    """
    return request.tasks[0].model_spec if request.tasks else model_pb2.ModelSpec()


def plan_tasks(servable: Servable, request: TasksRequest) -> list[Task]:
    """Finds the signatures of a MultiInference request.

    They run one after the other. TensorFlow Serving runs them at once, and feeds the examples
    to the input tensor of each.

    Args:
        servable: The model version that `tasks_spec` asks for.
        request: The tasks.

    Returns:
        What to run for each task, in order.

    Raises:
        ServingError: INVALID_ARGUMENT, or UNIMPLEMENTED for a method that neither classifies
            nor regresses.

    Source: `tensorflow_serving/servables/tensorflow/multi_inference.cc`, also for the order:
        the model is looked up first, then all of one task is checked before the next.
    """
    plan: list[Task] = []
    for task in request.tasks:
        if not task.model_spec.name:
            raise errors.invalid_argument("Found ModelSpec with an empty model name.")
        if task.model_spec.name != request.tasks[0].model_spec.name:
            raise errors.invalid_argument(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if any(earlier.signature.name == name for earlier in plan):
            raise errors.invalid_argument(f"Duplicate evaluation of signature: {name}")
        signature = _signature(
            servable, task.model_spec, "Requested signature not found in model graph: "
        )
        if task.method_name == CLASSIFY_METHOD:
            _check_classifies(signature)
        elif task.method_name == REGRESS_METHOD:
            _check_regresses(signature)
        else:
            raise errors.ServingError(
                grpc.StatusCode.UNIMPLEMENTED,
                f"Unsupported signature method_name: {task.method_name}",
            )
        plan.append(Task(signature, task.method_name))
    return plan


def example_inputs(signature: Signature, examples: list[bytes]) -> Arrays:
    """Makes the input of a signature that takes tf.Examples.

    Args:
        signature: What `classify_signature`, `regress_signature` or `plan_tasks` found.
        examples: Serialized tf.Examples.

    Returns:
        The one input, of shape [examples] and dtype string.

    Raises:
        ServingError: INVALID_ARGUMENT: there is no example, or the signature takes none.

    Source: `tensorflow_serving/servables/tensorflow/util.cc`.
    """
    require_examples(examples)
    signature.check(INPUTS, types_pb2.DT_STRING, (len(examples),))
    values = np.empty(len(examples), object)
    values[:] = examples
    return {INPUTS: values}


def _signature(servable: Servable, spec: model_pb2.ModelSpec | None, complaint: str) -> Signature:
    name = (spec.signature_name if spec else "") or DEFAULT_SIGNATURE
    signature = servable.signature(name)
    if signature is None:
        raise errors.invalid_argument(complaint + name)
    return signature


def _check_classifies(signature: Signature) -> None:
    definition = signature.definition
    if len(definition.inputs) != 1:
        raise errors.invalid_argument("Expected one input Tensor.")
    if len(definition.outputs) not in (1, 2):
        raise errors.invalid_argument(
            f"Expected one or two output Tensors, found {len(definition.outputs)}"
        )
    if INPUTS not in definition.inputs:
        raise errors.invalid_argument(
            f"No classification inputs found in SignatureDef: {definition}"
        )
    if CLASSES not in definition.outputs and SCORES not in definition.outputs:
        raise errors.invalid_argument(
            "Expected classification signature outputs to contain at least one of "
            f'"{CLASSES}" or "{SCORES}". Signature was: {definition}'
        )


def _check_regresses(signature: Signature) -> None:
    definition = signature.definition
    if len(definition.inputs) != 1:
        raise errors.invalid_argument("Expected one input Tensor.")
    if len(definition.outputs) != 1:
        raise errors.invalid_argument("Expected one output Tensor.")
    for name, kind, found in (
        (INPUTS, "inputs", definition.inputs),
        (OUTPUTS, "outputs", definition.outputs),
    ):
        if name not in found:
            raise errors.invalid_argument(
                f"No regression {kind} found in SignatureDef: {definition}"
            )
