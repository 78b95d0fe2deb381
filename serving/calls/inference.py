"""Classify, Regress and MultiInference on one servable.

As in TensorFlow Serving's default configuration, a signature's method name is not looked at
(every SavedModel TensorFlow 2 writes says "predict"): what counts are the names, dtypes and
shapes of inputs and outputs.
"""

from __future__ import annotations

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from serving import errors
from serving.calls import tensors
from serving.calls.examples import ExamplesRequest, TasksRequest, require_examples
from serving.calls.predict import Runner, model_spec
from serving.models.servable import DEFAULT_SIGNATURE, Arrays, Servable, Signature

INPUTS, CLASSES, SCORES, OUTPUTS = "inputs", "classes", "scores", "outputs"
CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"


def classify(
    servable: Servable, request: ExamplesRequest, run: Runner
) -> classification_pb2.ClassificationResponse:
    """Answers a Classify request.

    Args:
        servable: The model version.
        request: Examples and signature name.
        run: Runs the signature.

    Returns:
        One list of (label, score) per example.

    Raises:
        ServingError: The signature does not classify, or the input is empty.
        tf.errors.OpError: The graph refused the examples.

    Source: `tensorflow_serving/servables/tensorflow/classifier.cc`.
    """
    name = request.model_spec.signature_name if request.model_spec else ""
    signature = _signature(servable, name, "No signature was found with the name: ")
    result = _classify(signature, request.examples, run)
    return classification_pb2.ClassificationResponse(
        result=result, model_spec=model_spec(servable, name)
    )


def regress(
    servable: Servable, request: ExamplesRequest, run: Runner
) -> regression_pb2.RegressionResponse:
    """Answers a Regress request.

    Args:
        servable: The model version.
        request: Examples and signature name.
        run: Runs the signature.

    Returns:
        One value per example.

    Raises:
        ServingError: The signature does not regress, or the input is empty.
        tf.errors.OpError: The graph refused the examples.

    Source: `tensorflow_serving/servables/tensorflow/regressor.cc`.
    """
    name = request.model_spec.signature_name if request.model_spec else ""
    signature = _signature(servable, name, "No signature was found with the name: ")
    result = _regress(signature, request.examples, run)
    return regression_pb2.RegressionResponse(result=result, model_spec=model_spec(servable, name))


def check_tasks(request: TasksRequest) -> None:
    """Checks what can be said of the tasks without the model.

    Args:
        request: The request.

    Raises:
        ServingError: INVALID_ARGUMENT or UNIMPLEMENTED.

    Source: `tensorflow_serving/servables/tensorflow/multi_inference.cc`.
    """
    if not request.tasks or not request.tasks[0].model_spec.name:
        raise errors.invalid_argument("Found ModelSpec with an empty model name.")
    seen: set[str] = set()
    for task in request.tasks:
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if task.model_spec.name != request.tasks[0].model_spec.name:
            raise errors.invalid_argument(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        if name in seen:
            raise errors.invalid_argument(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if task.method_name not in (CLASSIFY_METHOD, REGRESS_METHOD):
            raise errors.ServingError(
                grpc.StatusCode.UNIMPLEMENTED,
                f"Unsupported signature method_name: {task.method_name}",
            )


def multi_inference(
    servable: Servable, request: TasksRequest, run: Runner
) -> inference_pb2.MultiInferenceResponse:
    """Answers a MultiInference request.

    The signatures run one after the other. TensorFlow Serving runs them at once and therefore
    insists that they share one input tensor, which signatures TensorFlow 2 wrote never do.

    Args:
        servable: The model version.
        request: Tasks that passed `check_tasks`, and the examples for all of them.
        run: Runs a signature.

    Returns:
        One result per task, in order.

    Raises:
        ServingError: A signature is missing or not of the kind its task asks for.
        tf.errors.OpError: The graph refused the examples.
    """
    response = inference_pb2.MultiInferenceResponse()
    for task in request.tasks:
        name = task.model_spec.signature_name
        signature = _signature(servable, name, "Requested signature not found in model graph: ")
        result = response.results.add(model_spec=model_spec(servable, name))
        if task.method_name == CLASSIFY_METHOD:
            result.classification_result.CopyFrom(_classify(signature, request.examples, run))
        else:
            result.regression_result.CopyFrom(_regress(signature, request.examples, run))
    return response


def _signature(servable: Servable, name: str, complaint: str) -> Signature:
    signature = servable.signature(name)
    if signature is None:
        raise errors.invalid_argument(complaint + (name or DEFAULT_SIGNATURE))
    return signature


def _run_examples(signature: Signature, examples: list[bytes], run: Runner) -> Arrays:
    require_examples(examples)
    signature.check(INPUTS, types_pb2.DT_STRING, (len(examples),))
    return run(signature, {INPUTS: tf.constant(examples, tf.string)})


def _classify(
    signature: Signature, examples: list[bytes], run: Runner
) -> classification_pb2.ClassificationResult:
    definition = signature.definition
    if len(definition.inputs) != 1:
        raise errors.invalid_argument("Expected one input Tensor.")
    if len(definition.outputs) not in (1, 2):
        raise errors.invalid_argument(
            f"Expected one or two output Tensors, found {len(definition.outputs)}"
        )
    if INPUTS not in definition.inputs:
        raise errors.failed_precondition(
            f"No classification inputs found in SignatureDef: {definition}"
        )
    if CLASSES not in definition.outputs and SCORES not in definition.outputs:
        raise errors.failed_precondition(
            "Expected classification signature outputs to contain at least one of "
            f'"{CLASSES}" or "{SCORES}". Signature was: {definition}'
        )
    outputs = _run_examples(signature, examples, run)
    classes = _matrix(outputs, CLASSES, "DT_STRING", len(examples))
    scores = _matrix(outputs, SCORES, "DT_FLOAT", len(examples))
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise errors.invalid_argument(
            "Tensors class and score should match in dim_size(1). Got "
            f"{classes.shape[1]} vs. {scores.shape[1]}"
        )
    result = classification_pb2.ClassificationResult()
    for row in range(len(examples)):
        labels = [] if classes is None else classes[row].tolist()
        values = [] if scores is None else scores[row].tolist()
        target = result.classifications.add().classes
        for column in range(max(len(labels), len(values))):
            added = target.add()
            if labels:
                # The proto's label is text; a label that is not stays readable.
                added.label = labels[column].decode("utf-8", "backslashreplace")
            if values:
                added.score = values[column]
    return result


def _matrix(outputs: Arrays, name: str, dtype: str, rows: int) -> np.ndarray | None:
    if name not in outputs:
        return None
    value = outputs[name]
    if value.ndim != 2:
        raise errors.invalid_argument(
            "Expected Tensor shape: [batch_size num_classes] but got "
            f"{tensors.shape_text(value.shape)}"
        )
    got = _dtype_enum_name(value)
    if got != dtype:
        raise errors.invalid_argument(f"Expected {name} Tensor of {dtype}. Got: {got}")
    if len(value) != rows:
        raise errors.invalid_argument(
            f"Expected {name} output batch size of {rows}. Got: {len(value)}"
        )
    return value


def _dtype_enum_name(value: np.ndarray) -> str:
    dtype = tf.string if value.dtype == object else tf.dtypes.as_dtype(value.dtype)
    return str(types_pb2.DataType.Name(dtype.as_datatype_enum))


def _regress(
    signature: Signature, examples: list[bytes], run: Runner
) -> regression_pb2.RegressionResult:
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
            raise errors.failed_precondition(
                f"No regression {kind} found in SignatureDef: {definition}"
            )
    value = _run_examples(signature, examples, run)[OUTPUTS]
    if value.ndim != 1 and not (value.ndim == 2 and value.shape[1] == 1):
        raise errors.invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {tensors.shape_text(value.shape)}"
        )
    if len(value) != len(examples):
        raise errors.invalid_argument(
            f"Input batch size did not match output batch size: {len(examples)} vs. {len(value)}"
        )
    got = _dtype_enum_name(value)
    if got != "DT_FLOAT":
        raise errors.invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {got}")
    result = regression_pb2.RegressionResult()
    for number in value.ravel().tolist():
        result.regressions.add().value = number
    return result
