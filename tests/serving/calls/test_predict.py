"""Predict over the plain stub: right answers, and the real server's codes and messages."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2


def test_answer(stubs):
    answer = stubs.predict("tiny", name=["王婷婷", "李"])
    assert [label.decode() for label in answer["label"]] == ["v1:王婷婷", "v1:李"]
    np.testing.assert_allclose(answer["probability"], [0.25, 0.5])


def test_response_says_who_answered_and_uses_value_fields(stubs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tiny"
    request.inputs["name"].CopyFrom(tf.make_tensor_proto(["a"]))
    response = stubs.prediction.Predict(request, timeout=10)
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("tiny", 1, "serving_default")
    assert list(response.outputs["probability"].float_val) == [0.5]
    assert list(response.outputs["label"].string_val) == [b"v1:a"]


def test_output_filter(stubs, fails):
    assert set(stubs.predict("tiny", name=["a"], output_filter=("label",))) == {"label"}
    message = fails("INVALID_ARGUMENT", stubs.predict, "tiny", name=["a"], output_filter=("lable",))
    assert message == (
        "output tensor alias not found in signature: lable Outputs expected to be in the set "
        "{label,probability}."
    )
    twice = ("label", "label")
    message = fails("INVALID_ARGUMENT", stubs.predict, "tiny", name=["a"], output_filter=twice)
    assert message == "duplicate output tensor alias: label"


def test_empty_batch(stubs):
    empty = tf.make_tensor_proto(np.zeros([0], object), tf.string, [0])
    assert stubs.predict("tiny", name=empty)["label"].shape == (0,)


def test_scalar_input(stubs):
    before = stubs.predict("tiny", "runs", plus=np.int64(0))["runs"]
    assert stubs.predict("tiny", "runs", plus=np.int64(5))["runs"] == before + 5


@pytest.mark.parametrize(
    ("code", "message", "arguments"),
    [
        ("NOT_FOUND", "Servable not found for request: Latest(nobody)", {"model": "nobody"}),
        (
            "NOT_FOUND",
            "Servable not found for request: Specific(tiny, 7)",
            {"model": "tiny", "version": 7},
        ),
        ("INVALID_ARGUMENT", "ModelSpec has no name specified.", {"model": ""}),
        (
            "INVALID_ARGUMENT",
            "Unrecognized servable version label: stable",
            {"model": "tiny", "label": "stable"},
        ),
        (
            "FAILED_PRECONDITION",
            'Serving signature key "nope" not found.',
            {"model": "tiny", "signature": "nope"},
        ),
    ],
)
def test_wrong_target(stubs, fails, code, message, arguments):
    assert fails(code, stubs.predict, name=["a"], **arguments) == message


def test_missing_model_spec(stubs, fails):
    request = predict_pb2.PredictRequest()
    message = fails("INVALID_ARGUMENT", stubs.prediction.Predict, request, timeout=10)
    assert message == "Missing ModelSpec"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"nmae": ["a"]},
            "input size does not match signature: 1!=1 len({nmae}) != len({name}). "
            "Sent extra: {nmae}. Missing but required: {name}.",
        ),
        (
            {},
            "input size does not match signature: 0!=1 len({}) != len({name}). "
            "Sent extra: {}. Missing but required: {name}.",
        ),
        (
            {"name": ["a"], "age": [1]},
            "input size does not match signature: 2!=1 len({age,name}) != len({name}). "
            "Sent extra: {age}. Missing but required: {}.",
        ),
        (
            {"name": [1.0]},
            "Expects arg[0] to be string but float is provided (input name)",
        ),
        ({"name": [["a"]]}, "Expected input name to have shape [?] but got [1,1]"),
        ({"name": "a"}, "Expected input name to have shape [?] but got []"),
    ],
)
def test_wrong_inputs(stubs, fails, inputs, message):
    assert fails("INVALID_ARGUMENT", stubs.predict, "tiny", **inputs) == message


def test_argument_index_follows_the_sorted_inputs(stubs, fails):
    x = np.zeros([1, 2], np.float64)
    message = fails("INVALID_ARGUMENT", stubs.predict, "tiny", "counted", x=x, n=np.int64([1]))
    assert message == "Expects arg[1] to be float but double is provided (input x)"
    x = np.zeros([1, 3], np.float32)
    message = fails("INVALID_ARGUMENT", stubs.predict, "tiny", "counted", x=x, n=np.int64([1]))
    assert message == "Expected input x to have shape [?,2] but got [1,3]"


def _garbage():
    short = tf.make_tensor_proto(np.ones([1, 2], np.float32))
    short.tensor_content = short.tensor_content[:5]
    negative = tf.make_tensor_proto(np.ones([1, 2], np.float32))
    negative.tensor_shape.dim[0].size = -1
    overflow = tf.make_tensor_proto(1.0, shape=[1, 2])
    overflow.tensor_shape.dim[0].size = 2**62
    unknown = tf.make_tensor_proto(1.0, shape=[1, 2])
    unknown.tensor_shape.unknown_rank = True
    invalid = tf.make_tensor_proto(1.0, shape=[1, 2])
    invalid.dtype = 0
    strange = tf.make_tensor_proto(1.0, shape=[1, 2])
    strange.dtype = 9999
    reference = tf.make_tensor_proto(1.0, shape=[1, 2])
    reference.dtype = 101
    return [short, negative, overflow, unknown, invalid, strange, reference]


@pytest.mark.parametrize("index", range(7))
def test_garbage_tensor(stubs, fails, index):
    message = fails(
        "INVALID_ARGUMENT", stubs.predict, "tiny", "counted", x=_garbage()[index], n=np.int64([1])
    )
    assert message == "tensor parsing error: x"


@pytest.mark.parametrize(("dtype", "name"), [(20, "resource"), (21, "variant")])
def test_tensor_that_no_client_can_have(stubs, fails, dtype, name):
    x = tf.make_tensor_proto(1.0, shape=[1, 2])
    x.dtype = dtype
    message = fails("INVALID_ARGUMENT", stubs.predict, "tiny", "counted", x=x, n=np.int64([1]))
    assert message == f"Expects arg[1] to be float but {name} is provided (input x)"


def test_error_inside_the_graph(stubs, fails):
    x = np.array([[1.0, 300.0]], np.float32)
    message = fails("INVALID_ARGUMENT", stubs.predict, "tiny", "counted", x=x, n=np.int64([1]))
    assert message.startswith("assertion failed: [too big]")
    assert "Graph execution error" not in message and "inference_signature" not in message


def test_message_above_the_limit(stubs, fails):
    message = fails("RESOURCE_EXHAUSTED", stubs.predict, "tiny", name=[b"x" * 100 * 1024 * 1024])
    assert "larger than max" in message
    assert stubs.predict("tiny", name=["still there"])


def test_large_message_below_the_limit(stubs):
    payload = b"x" * 20 * 1024 * 1024
    assert stubs.predict("tiny", name=[payload])["label"][0] == b"v1:" + payload


def test_bytes_that_are_no_request(stubs, fails):
    call = stubs.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    message = fails("INTERNAL", call, b"\xff\xff\xff", timeout=10)
    assert len(message) < 100


def test_method_that_does_not_exist(stubs, fails):
    call = stubs.channel.unary_unary("/tensorflow.serving.PredictionService/Nope")
    fails("UNIMPLEMENTED", call, b"", timeout=10)


def test_default_inputs(tmp_path, publish, serve):
    from tensorflow.core.protobuf import saved_model_pb2

    path = publish(tmp_path, "tiny", 1) / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    counted = saved.meta_graphs[0].signature_def["counted"]
    counted.defaults["n"].CopyFrom(tf.make_tensor_proto(np.int64([40])))
    path.write_bytes(saved.SerializeToString())
    _, stubs = serve(tmp_path)
    x = np.array([[1.0, 1.0]], np.float32)
    assert stubs.predict("tiny", "counted", x=x)["sum"] == [42.0]
    assert stubs.predict("tiny", "counted", x=x, n=np.int64([1]))["sum"] == [3.0]


def test_unexpected_error_is_one_line(tmp_path, publish, serve, fails, monkeypatch):
    from serving.models.signature import Signature

    _, stubs = serve({"tiny": publish(tmp_path, "tiny", 1).parent})

    def explode(self, inputs, cancellation):
        raise KeyError("first line\nsecond line")

    monkeypatch.setattr(Signature, "run", explode)
    message = fails("INTERNAL", stubs.predict, "tiny", name=["a"])
    assert message.startswith("KeyError") and "File" not in message


def test_unavailable_port(shared_server, tmp_path):
    from serving.config import ServerConfig
    from serving.server import Server

    with pytest.raises(RuntimeError):
        Server(tmp_path, ServerConfig(port=shared_server.port)).start()


def test_missing_root(tmp_path):
    from serving.server import Server

    with pytest.raises(FileNotFoundError, match="saved_model.pb"):
        Server(tmp_path / "nowhere").start()


def test_binds_to_loopback_only(shared_server):
    import socket

    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {"127.0.0.1", "::1"}:
        channel = grpc.insecure_channel(f"{address}:{shared_server.port}")
        with pytest.raises(grpc.FutureTimeoutError):
            grpc.channel_ready_future(channel).result(timeout=0.3)
        channel.close()
