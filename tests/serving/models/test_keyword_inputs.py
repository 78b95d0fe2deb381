"""Models whose inputs are called like keywords of Python, as other exporters make them."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from lianxi_client import Client
from modules.common.runtime.stack import allow_keywords_as_inputs
from serving.config import ServerConfig
from serving.server import Server


def test_a_model_of_keywords_is_served(tmp_path: Path) -> None:
    allow_keywords_as_inputs()
    specs = {name: tf.TensorSpec([None], tf.string, name=name) for name in ("class", "from", "is_")}

    def answer(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"all": tf.strings.join([given[name] for name in specs], "+")}

    module = tf.Module()
    module.traced = tf.function(answer, autograph=False).get_concrete_function(**specs)
    tf.saved_model.save(module, str(tmp_path / "1"), signatures={"serving_default": module.traced})
    with Server({"words": tmp_path}, ServerConfig(port=0)) as server:
        server.wait_until_available("words", 60)
        with Client(f"localhost:{server.port}") as client:
            asked = {"class": ["a", "b"], "from": ["c", "d"], "is_": ["e", "f"]}
            assert list(client.predict("words", **asked)["all"]) == ["a+c+e", "b+d+f"]


def test_it_is_allowed_once() -> None:
    from tensorflow.core.function.polymorphism import function_type

    allow_keywords_as_inputs()
    allowed = function_type.Parameter.__init__
    allow_keywords_as_inputs()
    assert function_type.Parameter.__init__ is allowed
