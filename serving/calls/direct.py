"""Classify, Regress and MultiInference by a function that runs a signature and waits for it."""

from __future__ import annotations

from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from serving.calls import inference, results
from serving.calls.examples import ExamplesRequest, TasksRequest
from serving.calls.predict import Runner
from serving.models.servable import Servable


def classify(
    servable: Servable, request: ExamplesRequest, run: Runner
) -> classification_pb2.ClassificationResponse:
    """Answers a Classify request, see `serving.calls.inference`."""
    signature = inference.classify_signature(servable, request)
    outputs = run(signature, inference.example_inputs(signature, request.examples))
    return results.classify_response(servable, signature, outputs, len(request.examples))


def regress(
    servable: Servable, request: ExamplesRequest, run: Runner
) -> regression_pb2.RegressionResponse:
    """Answers a Regress request, see `serving.calls.inference`."""
    signature = inference.regress_signature(servable, request)
    outputs = run(signature, inference.example_inputs(signature, request.examples))
    return results.regress_response(servable, signature, outputs, len(request.examples))


def multi_inference(
    servable: Servable, request: TasksRequest, run: Runner
) -> inference_pb2.MultiInferenceResponse:
    """Answers a MultiInference request, see `serving.calls.inference`."""
    plan = inference.plan_tasks(servable, request)
    outputs = [
        run(task.signature, inference.example_inputs(task.signature, request.examples))
        for task in plan
    ]
    return results.multi_inference_response(servable, plan, outputs, len(request.examples))
