"""Inputs that a request may leave out: in the graph, and in the SavedModel's signature."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from lianxi_client import Client, ClientError
from modules.common.declaring.task import Field
from modules.common.export import optional_inputs, saved_model
from modules.common.runtime.stack import safe_argument
from serving.server import Server, ServerConfig

FIELDS = (
    Field(name="text", dtype="string"),
    Field(name="times", dtype="int64", default=2),
    Field(name="weights", dtype="float32", shape=(2,), default=[0.5, 1.0]),
    Field(name="rows", dtype="uint8", shape=(None, 3), default=[]),
)
LOAD = "import sys, tensorflow as tf; tf.saved_model.load(sys.argv[1])"


class Repeater(tf.Module):
    """Says each text as often as it is asked to."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="text"),
            tf.TensorSpec([None], tf.int64, name="times"),
            tf.TensorSpec([None, 2], tf.float32, name="weights"),
            tf.TensorSpec([None, None, 3], tf.uint8, name="rows"),
        ]
    )
    def serve(self, text, times, weights, rows):
        given = {"text": text, "times": times, "weights": weights, "rows": rows}
        given = optional_inputs.spread(given, FIELDS)
        counted = tf.strings.join([given["text"], tf.strings.as_string(given["times"])], "x")
        total = tf.reduce_sum(given["weights"], axis=1)
        return {"said": counted, "total": total, "rows": given["rows"]}


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repeater")
    module = Repeater()
    tf.saved_model.save(module, str(folder / "1"), signatures=module.serve)
    optional_inputs.declare(str(folder / "1"), "serving_default", FIELDS)
    return folder


def test_the_signature_holds_the_defaults(model_dir: Path) -> None:
    saved = saved_model_pb2.SavedModel.FromString((model_dir / "1/saved_model.pb").read_bytes())
    defaults = saved.meta_graphs[0].signature_def["serving_default"].defaults
    assert set(defaults) == {"times", "weights", "rows"}
    np.testing.assert_array_equal(tf.make_ndarray(defaults["weights"]), [[0.5, 1.0]])
    assert tf.make_ndarray(defaults["rows"]).shape == (1, 0, 3)


@pytest.mark.parametrize("address", ["localhost:{0.port}", "http://localhost:{0.rest_port}"])
def test_a_request_may_leave_them_out(model_dir: Path, address: str) -> None:
    with Server({"repeater": model_dir}, ServerConfig(port=0, rest_port=0)) as server:
        server.wait_until_available("repeater", 60)
        with Client(address.format(server)) as client:
            answer = client.predict("repeater", text=["a", "b", "c"])
            assert list(answer["said"]) == ["ax2", "bx2", "cx2"]
            np.testing.assert_allclose(answer["total"], [1.5] * 3)
            # JSON has no sizes below one that is 0.
            assert answer["rows"].shape == (3, 0, 0 if address.startswith("http") else 3)
            rows = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
            answer = client.predict("repeater", text=["a", "b"], rows=rows)
            np.testing.assert_array_equal(answer["rows"], rows)
            answer = client.predict("repeater", text=["a", "b"], times=[3, 4])
            assert list(answer["said"]) == ["ax3", "bx4"]
            with pytest.raises(ClientError, match="Missing but required: {text}"):
                client.predict("repeater", times=[1])


def test_the_graph_spreads_what_a_server_filled_in() -> None:
    given = {
        "text": tf.constant(["a", "b"]),
        "times": tf.constant([7], tf.int64),
        "weights": tf.constant([[1.0, 2.0], [3.0, 4.0]]),
        "rows": tf.zeros([1, 2, 3], tf.uint8),
    }
    found = optional_inputs.spread(given, FIELDS)
    np.testing.assert_array_equal(found["times"], [7, 7])
    np.testing.assert_array_equal(found["weights"], given["weights"])
    assert found["rows"].shape == (2, 2, 3)


def test_an_input_may_be_called_like_a_keyword(tmp_path: Path) -> None:
    fields = (Field(name="class", dtype="string", default="any"), FIELDS[0])

    def answer(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"said": tf.strings.join([given[safe_argument(field.name)] for field in fields])}

    specs = {safe_argument(field.name): saved_model.tensor_spec(field) for field in fields}
    module = tf.Module()
    module.traced = saved_model.trace(answer, **specs)
    folder = tmp_path / "1"
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.traced})
    optional_inputs.declare(str(folder), "serving_default", fields)
    # TensorFlow by itself can load it; clients know the input by its own name.
    plain = subprocess.run([sys.executable, "-c", LOAD, folder], capture_output=True, text=True)
    assert plain.returncode == 0, plain.stderr
    with Server({"said": tmp_path}, ServerConfig(port=0)) as server:
        server.wait_until_available("said", 60)
        with Client(f"localhost:{server.port}") as client:
            asked = {"class": ["a", "b"], "text": ["1", "2"]}
            assert list(client.predict("said", **asked)["said"]) == ["a1", "b2"]
            assert list(client.predict("said", text=["1"])["said"]) == ["any1"]
            assert set(client.metadata("said").signatures["serving_default"].inputs) == set(asked)


def test_inputs_of_different_batches_are_refused() -> None:
    given = {
        "text": tf.constant(["a", "b", "c"]),
        "times": tf.constant([7, 8], tf.int64),
        "weights": tf.constant([[1.0, 2.0]]),
        "rows": tf.zeros([1, 0, 3], tf.uint8),
    }
    with pytest.raises(tf.errors.InvalidArgumentError, match="input times: expected as many"):
        optional_inputs.spread(given, FIELDS)


def test_with_defaults_alone_the_largest_batch_counts() -> None:
    fields = (Field(name="a", dtype="int64", default=1), Field(name="b", dtype="int64", default=2))
    given = {"a": tf.constant([5, 6, 7], tf.int64), "b": tf.constant([2], tf.int64)}
    found = optional_inputs.spread(given, fields)
    np.testing.assert_array_equal(found["b"], [2, 2, 2])
