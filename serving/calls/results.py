"""Classify, Regress and MultiInference, after the graph has run: answers from its outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import dtypes
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from serving import errors
from serving.calls import tensors
from serving.calls.inference import CLASSES, CLASSIFY_METHOD, OUTPUTS, SCORES, Task
from serving.calls.predict import model_spec
from serving.models.servable import Servable
from serving.models.signature import Arrays, Signature


def classify_response(
    servable: Servable, signature: Signature, outputs: Arrays, rows: int
) -> classification_pb2.ClassificationResponse:
    """Answers a Classify request.

    Args:
        servable: The model version that ran.
        signature: Its signature.
        outputs: What came out.
        rows: How many examples went in.

    Returns:
        One list of (label, score) per example.

    Raises:
        ServingError: INVALID_ARGUMENT: the outputs are not of a classification's form.
    """
    return classification_pb2.ClassificationResponse(
        result=classification(outputs, rows), model_spec=model_spec(servable, signature.name)
    )


def regress_response(
    servable: Servable, signature: Signature, outputs: Arrays, rows: int
) -> regression_pb2.RegressionResponse:
    """Answers a Regress request.

    Args:
        servable: The model version that ran.
        signature: Its signature.
        outputs: What came out.
        rows: How many examples went in.

    Returns:
        One value per example.

    Raises:
        ServingError: INVALID_ARGUMENT: the outputs are not of a regression's form.
    """
    return regression_pb2.RegressionResponse(
        result=regression(outputs, rows), model_spec=model_spec(servable, signature.name)
    )


def multi_inference_response(
    servable: Servable, plan: Sequence[Task], outputs: Sequence[Arrays], rows: int
) -> inference_pb2.MultiInferenceResponse:
    """Answers a MultiInference request.

    Args:
        servable: The model version that ran.
        plan: What `plan_tasks` gave.
        outputs: What came out of each signature of the plan.
        rows: How many examples went into each.

    Returns:
        One result per task, in order.

    Raises:
        ServingError: INVALID_ARGUMENT: outputs are not of the form that their task needs.
    """
    response = inference_pb2.MultiInferenceResponse()
    for task, values in zip(plan, outputs, strict=True):
        result = response.results.add(model_spec=model_spec(servable, task.signature.name))
        if task.kind == CLASSIFY_METHOD:
            result.classification_result.CopyFrom(classification(values, rows))
        else:
            result.regression_result.CopyFrom(regression(values, rows))
    return response


def classification(outputs: Arrays, rows: int) -> classification_pb2.ClassificationResult:
    """Reads outputs as classes and scores.

    Args:
        outputs: `classes` (strings), `scores` (float32) or both, of shape [rows, classes].
            Others are passed over.
        rows: How many examples went in.

    Returns:
        One list of (label, score) per example.

    Raises:
        ServingError: INVALID_ARGUMENT: the outputs are not of that form.
    """
    classes = _matrix(outputs, CLASSES, "DT_STRING", rows)
    scores = _matrix(outputs, SCORES, "DT_FLOAT", rows)
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise errors.invalid_argument(
            "Tensors class and score should match in dim_size(1). Got "
            f"{classes.shape[1]} vs. {scores.shape[1]}"
        )
    result = classification_pb2.ClassificationResult()
    for row in range(rows):
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


def regression(outputs: Arrays, rows: int) -> regression_pb2.RegressionResult:
    """Reads outputs as a number for each example.

    Args:
        outputs: `outputs` (float32) of shape [rows] or [rows, 1].
        rows: How many examples went in.

    Returns:
        One value per example.

    Raises:
        ServingError: INVALID_ARGUMENT: the outputs are not of that form.
    """
    value = np.asarray(outputs[OUTPUTS])
    if value.ndim != 1 and not (value.ndim == 2 and value.shape[1] == 1):
        raise errors.invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {tensors.shape_text(value.shape)}"
        )
    if len(value) != rows:
        raise errors.invalid_argument(
            f"Input batch size did not match output batch size: {rows} vs. {len(value)}"
        )
    got = _dtype_enum_name(value)
    if got != "DT_FLOAT":
        raise errors.invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {got}")
    result = regression_pb2.RegressionResult()
    for number in value.ravel().tolist():
        result.regressions.add().value = number
    return result


def _matrix(outputs: Arrays, name: str, dtype: str, rows: int) -> np.ndarray | None:
    if name not in outputs:
        return None
    value = np.asarray(outputs[name])
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
    dtype = dtypes.string if value.dtype.kind in "OS" else dtypes.as_dtype(value.dtype)
    return str(types_pb2.DataType.Name(dtype.as_datatype_enum))
