"""Classify, Regress, MultiInference and GetModelMetadata over the plain stubs."""

import numpy as np
import pytest
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    input_pb2,
    regression_pb2,
)

CLASSIFY, REGRESS = classification_pb2.ClassificationRequest, regression_pb2.RegressionRequest


def test_classify(stubs):
    request = stubs.examples_request(CLASSIFY, "tiny", "serve_examples", [0.25, 0.75])
    response = stubs.prediction.Classify(request, timeout=10)
    rows = [
        [(entry.label, entry.score) for entry in row.classes]
        for row in response.result.classifications
    ]
    assert rows == [[("low", 0.75), ("high", 0.25)], [("low", 0.25), ("high", 0.75)]]
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("tiny", 1, "serve_examples")


def test_regress(stubs):
    request = stubs.examples_request(REGRESS, "tiny", "regress", [1.0, 2.5])
    response = stubs.prediction.Regress(request, timeout=10)
    assert [entry.value for entry in response.result.regressions] == [10.0, 25.0]


def test_context_is_merged_into_examples(stubs):
    request = CLASSIFY()
    request.model_spec.name, request.model_spec.signature_name = "tiny", "serve_examples"
    listed = request.input.example_list_with_context
    listed.context.features.feature["x"].float_list.value.append(1.0)
    listed.examples.add()
    response = stubs.prediction.Classify(request, timeout=10)
    assert [entry.score for entry in response.result.classifications[0].classes] == [0.0, 1.0]


def _tasks(*tasks):
    request = inference_pb2.MultiInferenceRequest()
    for model, signature, method in tasks:
        task = request.tasks.add(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = model, signature
    example = request.input.example_list.examples.add()
    example.features.feature["x"].float_list.value.append(0.5)
    return request


C, R = "tensorflow/serving/classify", "tensorflow/serving/regress"


def test_multi_inference(stubs):
    request = _tasks(("tiny", "serve_examples", C), ("tiny", "regress", R))
    first, second = stubs.prediction.MultiInference(request, timeout=10).results
    assert [e.score for e in first.classification_result.classifications[0].classes] == [0.5, 0.5]
    assert second.regression_result.regressions[0].value == 5.0
    assert second.model_spec.signature_name == "regress"


@pytest.mark.parametrize(
    ("tasks", "code", "message"),
    [
        ([], "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        ([("", "x", C)], "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (
            [("tiny", "regress", R), ("", "serve_examples", C)],
            "INVALID_ARGUMENT",
            "Found ModelSpec with an empty model name.",
        ),
        (
            [("tiny", "regress", R), ("other", "regress", R)],
            "INVALID_ARGUMENT",
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            [("tiny", "regress", R), ("tiny", "regress", R)],
            "INVALID_ARGUMENT",
            "Duplicate evaluation of signature: regress",
        ),
        (
            [("tiny", "regress", "predict")],
            "UNIMPLEMENTED",
            "Unsupported signature method_name: predict",
        ),
        (
            [("tiny", "nope", R)],
            "INVALID_ARGUMENT",
            "Requested signature not found in model graph: nope",
        ),
        # The first task is checked whole before the second is looked at.
        (
            [("tiny", "nope", "predict"), ("other", "regress", R)],
            "INVALID_ARGUMENT",
            "Requested signature not found in model graph: nope",
        ),
        (
            [("tiny", "counted", R), ("tiny", "counted", R)],
            "INVALID_ARGUMENT",
            "Expected one input Tensor.",
        ),
        # The model is looked up before anything else.
        (
            [("nobody", "regress", "predict"), ("other", "regress", R)],
            "NOT_FOUND",
            "Servable not found for request: Latest(nobody)",
        ),
        (
            [("nobody", "regress", R)],
            "NOT_FOUND",
            "Servable not found for request: Latest(nobody)",
        ),
    ],
)
def test_multi_inference_errors(stubs, fails, tasks, code, message):
    call = stubs.prediction.MultiInference
    assert fails(code, call, _tasks(*tasks), timeout=10) == message


def test_multi_inference_without_examples(stubs, fails):
    call = stubs.prediction.MultiInference
    request = _tasks(("tiny", "regress", R))
    request.ClearField("input")
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == "Input is empty."
    # What is wrong with the tasks comes first.
    request = _tasks(("tiny", "nope", R))
    request.ClearField("input")
    message = "Requested signature not found in model graph: nope"
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == message


@pytest.mark.parametrize(
    ("signature", "code", "message"),
    [
        ("nope", "INVALID_ARGUMENT", "No signature was found with the name: nope"),
        ("counted", "INVALID_ARGUMENT", "Expected one input Tensor."),
        ("serving_default", "INVALID_ARGUMENT", "No classification inputs found in Sig"),
        ("regress", "INVALID_ARGUMENT", "Expected classification signature outputs to contain"),
        ("odd_scores", "INVALID_ARGUMENT", "Expected Tensor shape: [batch_size num_classes] but"),
    ],
)
def test_classify_on_the_wrong_signature(stubs, fails, signature, code, message):
    request = stubs.examples_request(CLASSIFY, "tiny", signature, [0.5])
    assert fails(code, stubs.prediction.Classify, request, timeout=10).startswith(message)


@pytest.mark.parametrize(
    ("signature", "code", "message"),
    [
        ("nope", "INVALID_ARGUMENT", "No signature was found with the name: nope"),
        ("serve_examples", "INVALID_ARGUMENT", "Expected one output Tensor."),
        ("slow", "INVALID_ARGUMENT", "No regression inputs found in SignatureDef:"),
        ("odd_scores", "INVALID_ARGUMENT", "No regression outputs found in SignatureDef:"),
    ],
)
def test_regress_on_the_wrong_signature(stubs, fails, signature, code, message):
    request = stubs.examples_request(REGRESS, "tiny", signature, [0.5])
    assert fails(code, stubs.prediction.Regress, request, timeout=10).startswith(message)


@pytest.mark.parametrize(("method", "kind"), [("Classify", CLASSIFY), ("Regress", REGRESS)])
def test_empty_input_and_missing_spec(stubs, fails, method, kind):
    call = getattr(stubs.prediction, method)
    signature = "serve_examples" if method == "Classify" else "regress"
    request = stubs.examples_request(kind, "tiny", signature, [])
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == "Input is empty."
    assert fails("INVALID_ARGUMENT", call, kind(), timeout=10) == "Missing ModelSpec"
    request = stubs.examples_request(kind, "nobody", "", [0.5])
    message = "Servable not found for request: Latest(nobody)"
    assert fails("NOT_FOUND", call, request, timeout=10) == message


def test_bytes_that_are_no_example_are_the_graphs_error(stubs, fails):
    # tf.Example is field 1 of ExampleList; 0xff is no valid tag.
    example_list = b"\x0a\x03\xff\xff\xff"
    example_input = b"\x0a" + bytes([len(example_list)]) + example_list
    spec = b"\x0a\x04tiny\x1a\x0eserve_examples"
    data = b"\x0a" + bytes([len(spec)]) + spec + b"\x12" + bytes([len(example_input)])
    call = stubs.channel.unary_unary("/tensorflow.serving.PredictionService/Classify")
    message = fails("INVALID_ARGUMENT", call, data + example_input, timeout=10)
    assert message.startswith("Could not parse example input")


def test_example_without_the_feature(stubs, fails):
    request = stubs.examples_request(CLASSIFY, "tiny", "serve_examples", [])
    request.input.CopyFrom(input_pb2.Input())
    request.input.example_list.examples.add()
    message = fails("INVALID_ARGUMENT", stubs.prediction.Classify, request, timeout=10)
    assert "Feature: x (data type: float) is required but could not be found" in message


def test_metadata(stubs, fails):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "tiny"
    response = stubs.prediction.GetModelMetadata(request, timeout=10)
    assert (response.model_spec.name, response.model_spec.version.value) == ("tiny", 1)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    counted = signatures.signature_def["counted"]
    assert {
        name: [d.size for d in info.tensor_shape.dim] for name, info in counted.inputs.items()
    } == {
        "x": [-1, 2],
        "n": [-1],
    }
    call = stubs.prediction.GetModelMetadata
    del request.metadata_field[:]
    message = "GetModelMetadataRequest must specify at least one metadata_field"
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == message
    request.metadata_field.append("graph")
    message = "Metadata field graph is not supported"
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == message
    request.ClearField("model_spec")
    assert fails("INVALID_ARGUMENT", call, request, timeout=10) == "Missing ModelSpec"


def test_classify_requests_are_batched_too(stubs):
    request = stubs.examples_request(CLASSIFY, "tiny", "serve_examples", [0.125])
    calls = [stubs.prediction.Classify.future(request, timeout=10) for _ in range(16)]
    scores = [call.result().result.classifications[0].classes[1].score for call in calls]
    np.testing.assert_array_equal(scores, [0.125] * 16)
