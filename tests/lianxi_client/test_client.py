"""The client: what it sends, what it makes of answers, and how it fails."""

import threading
import time

import numpy as np
import pytest
import tensorflow as tf

from lianxi_client import Client, ClientError, VersionStatus


@pytest.fixture(
    params=["127.0.0.1:{0.port}", "http://127.0.0.1:{0.rest_port}"], ids=["grpc", "rest"]
)
def client(request, shared_server):
    with Client(request.param.format(shared_server)) as client:
        yield client


def test_predict(client):
    answer = client.predict("tiny", name=["王婷婷", "a"])
    assert answer["label"].tolist() == ["v1:王婷婷", "v1:a"]
    assert answer["probability"].dtype == np.float32
    np.testing.assert_allclose(answer["probability"], [0.25, 0.5])


@pytest.mark.parametrize(
    ("x", "n"),
    [
        ([[1, 2]], [3]),
        (np.array([[1.0, 2.0]]), np.int8([3])),
        (((1, 2.0),), [3.0]),
        ([[True, 2]], np.uint16([3])),
    ],
)
def test_numbers_are_cast(client, x, n):
    answer = client.predict("tiny", signature_name="counted", x=x, n=n)
    np.testing.assert_array_equal(answer["sum"], [6.0])


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"x": [["a", "b"]], "n": [1]}, r"input x must be float32\[\?,2\]; got text"),
        ({"x": [[1, 2]], "n": [1.5]}, r"input n must be int64\[\?\]; got numbers that do not fit"),
        ({"x": [[1, 2], [3]], "n": [1]}, r"input x must be float32\[\?,2\];"),
        ({"x": [[1, None]], "n": [1]}, r"input x must be float32\[\?,2\];"),
    ],
)
def test_what_cannot_be_cast(client, inputs, expected):
    with pytest.raises(ClientError, match=expected) as caught:
        client.predict("tiny", inputs, signature_name="counted")
    assert caught.value.code == "INVALID_ARGUMENT"


def test_text_inputs(client):
    for name in (["é"], np.array(["é"]), np.array(["é"], object), ["é".encode()]):
        assert client.predict("tiny", name=name)["label"].tolist() == ["v1:é"]
    with pytest.raises(ClientError, match=r"input name must be string\[\?\]; got int64"):
        client.predict("tiny", name=[1])


def test_bytes_stay_bytes(client):
    # The first is no UTF-8, the second is how a MIDI file begins, the third ends in NUL.
    for data in (b"\x89PNG\r\n", b"MThd\x00\x00\x00\x06", b"x\x00"):
        (label,) = client.predict("tiny", name=[data])["label"]
        assert label == b"v1:" + data
    mixed = client.predict("tiny", name=[b"\xff", "text"])["label"]
    assert mixed.tolist() == [b"v1:\xff", b"v1:text"]


def test_empty_batch(client):
    assert client.predict("tiny", name=[])["label"].shape == (0,)


def test_inputs_by_mapping_and_filter(client):
    answer = client.predict("tiny", {"name": ["a"]}, output_filter=["label"])
    assert set(answer) == {"label"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"model": "nobody"}, "NOT_FOUND", r"Servable not found for request: Latest\(nobody\)"),
        (
            {"model": "tiny", "nmae": ["a"]},
            "INVALID_ARGUMENT",
            r"Sent extra: {nmae}.*tiny version 1 signature serving_default expects: "
            r"name string\[\?\]",
        ),
        (
            {"model": "tiny", "signature_name": "nope", "name": ["a"]},
            "FAILED_PRECONDITION",
            r'Serving signature key "nope" not found.*has signatures: counted, odd_scores',
        ),
        ({"model": "tiny", "version": 7, "name": ["a"]}, "NOT_FOUND", r"Specific\(tiny, 7\)"),
        ({"model": "tiny", "name": "a"}, "INVALID_ARGUMENT", r"but got \[\].*string\[\?\]"),
    ],
)
def test_errors(client, arguments, code, message):
    with pytest.raises(ClientError, match=message) as caught:
        client.predict(**arguments)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_classify(client):
    example = tf.train.Example()
    example.features.feature["x"].float_list.value.append(0.25)
    answer = client.classify("tiny", [example.SerializeToString()])
    assert answer == [[("low", 0.75), ("high", 0.25)]]
    with pytest.raises(ClientError, match="example 0 is not a serialized tf.Example"):
        client.classify("tiny", [b"\xff\xff"])


def test_status_and_metadata(client):
    assert client.status("tiny") == [VersionStatus(1, "AVAILABLE", "")]
    with pytest.raises(ClientError, match="Could not find any versions of model nobody"):
        client.status("nobody")
    info = client.metadata("tiny")
    assert (info.name, info.version) == ("tiny", 1)
    assert "__saved_model_init_op" not in info.signatures
    assert info.signatures["counted"].inputs["x"].shape == (None, 2)
    assert str(info.signatures["counted"].inputs["n"]) == "int64[?]"


def test_deadline(client):
    client.predict("tiny", name=["a"])
    started_s = time.monotonic()
    with pytest.raises(ClientError) as caught:
        client.predict("tiny", signature_name="slow", seconds=[2.0], timeout_s=0.3)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - started_s < 1.5


def test_no_server():
    started_s = time.monotonic()
    with Client("127.0.0.1:1", connect_timeout_s=0.5) as client:
        with pytest.raises(ClientError, match="is a server running there") as caught:
            client.predict("tiny", name=["a"])
    assert caught.value.code == "UNAVAILABLE"
    assert 0.2 < time.monotonic() - started_s < 5


def test_new_version_with_other_dtypes(tmp_path, serve, until):
    class Doubler(tf.Module):
        def __init__(self, dtype):
            super().__init__()
            spec = tf.TensorSpec([None], dtype, name="x")
            self.run = tf.function(lambda x: {"y": x + x}, input_signature=[spec])

    def save(version, dtype):
        model = Doubler(dtype)
        path = tmp_path / "staging" / str(version)
        tf.saved_model.save(model, str(path), signatures=model.run)
        (tmp_path / "root" / "m").mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / "root" / "m" / str(version))

    save(1, tf.float32)
    server, stubs = serve(tmp_path / "root")
    with Client(f"127.0.0.1:{server.port}") as client:
        assert client.predict("m", x=[2])["y"].dtype == np.float32
        save(2, tf.int32)
        until(lambda: stubs.states("m").get(2) == "AVAILABLE")
        assert client.predict("m", x=[2])["y"].dtype == np.int32


def test_many_threads(client):
    answers = {}

    def call(index):
        answers[index] = client.predict("tiny", name=[f"n{index}"])["label"][0]

    threads = [threading.Thread(target=call, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {index: f"v1:n{index}" for index in range(16)}
