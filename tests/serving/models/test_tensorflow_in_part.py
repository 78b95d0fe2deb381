"""A part of TensorFlow: it answers, and the whole is there for who asks for more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path

import numpy as np
from serving.models.tensorflow_in_part import import_tensorflow_in_part

import_tensorflow_in_part()
from serving.models.servable import Servable

signature = Servable("tiny", 1, Path(sys.argv[1])).signature("serving_default")
assert signature.run({"name": np.array([b"Li"], object)})["label"].tolist() == [b"v1:Li"]
assert "tensorflow._api" not in sys.modules and "keras" not in sys.modules
import tensorflow

tf = tensorflow
assert tf.io.gfile.exists(sys.argv[1])
assert tf.keras.layers.Dense(1, kernel_initializer="ones")(tf.ones([1, 2])).numpy() == [[2.0]]
assert tf is tensorflow and not hasattr(tf, "no_such_name")
import tensorflow.compat.v2
import_tensorflow_in_part()
"""


def test_the_rest_comes_when_it_is_asked_for(templates: dict[int, Path]) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT, str(templates[1])], check=True, timeout=300)


def test_a_package_within_is_found_before_its_parent_has_it(templates: dict[int, Path]) -> None:
    script = SCRIPT.split("from serving.models.servable")[0] + "import tensorflow.io.gfile"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
