"""TensorFlow without Keras: a model is answered by, and Keras is there for who wants it."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from serving.models.tensorflow_alone import import_tensorflow_alone

import_tensorflow_alone()
assert "tensorflow" in sys.modules
assert not {"keras", "sklearn", "matplotlib"} & sys.modules.keys()

import tensorflow as tf

doubled = tf.keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)(tf.ones([1, 2]))
assert doubled.numpy().tolist() == [[2.0]]
import keras

assert tf.keras.layers.Dense is keras.layers.Dense
import_tensorflow_alone()
"""


def test_keras_is_left_to_who_imports_it() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=300)
