"""The calls without a queue: the caller's own thread runs the graph, as warm-up wants it."""

from __future__ import annotations

from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.calls import inference, predict, results
from serving.calls.examples import ExamplesRequest, TasksRequest
from serving.models.servable import Servable
from serving.models.signature import Arrays, Signature

# What a model brings itself is not bounded like what callers send.
_ANY_NUMBER = 2**31


def answer_predict(servable: Servable, request: predict_pb2.PredictRequest) -> bytes:
    """Answers a Predict request, see `serving.calls.predict`."""
    signature = predict.find_signature(servable, request.model_spec.signature_name)
    outputs = signature.run(predict.read_inputs(signature, request, _ANY_NUMBER))
    return predict.encode_response(servable, signature, request, outputs)


def answer_classify(
    servable: Servable, request: ExamplesRequest
) -> classification_pb2.ClassificationResponse:
    """Answers a Classify request, see `serving.calls.inference`."""
    signature = inference.classify_signature(servable, request)
    outputs = _run(signature, request.examples)
    return results.classify_response(servable, signature, outputs, len(request.examples))


def answer_regress(
    servable: Servable, request: ExamplesRequest
) -> regression_pb2.RegressionResponse:
    """Answers a Regress request, see `serving.calls.inference`."""
    signature = inference.regress_signature(servable, request)
    outputs = _run(signature, request.examples)
    return results.regress_response(servable, signature, outputs, len(request.examples))


def answer_multi_inference(
    servable: Servable, request: TasksRequest
) -> inference_pb2.MultiInferenceResponse:
    """Answers a MultiInference request, see `serving.calls.inference`."""
    plan = inference.plan_tasks(servable, request)
    outputs = [_run(task.signature, request.examples) for task in plan]
    return results.multi_inference_response(servable, plan, outputs, len(request.examples))


def _run(signature: Signature, examples: list[bytes]) -> Arrays:
    return signature.run(inference.example_inputs(signature, examples))
