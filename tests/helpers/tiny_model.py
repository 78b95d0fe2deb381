"""A tiny SavedModel, whose answers can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

STRINGS = tf.TensorSpec([None], tf.string, name="inputs")
FLOATS = tf.TensorSpec([None], tf.float32, name="x")


class TinyModel(tf.Module):
    """Answers that can be worked out by hand, marked with the version."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark = mark
        self.run_count = tf.Variable(0, dtype=tf.int64, trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="name")])
    def named(self, name):
        length = tf.strings.length(name, unit="UTF8_CHAR")
        return {
            "label": tf.strings.join([self.mark, name], separator=":"),
            "probability": 1.0 / (1.0 + tf.cast(length, tf.float32)),
        }

    @tf.function(input_signature=[STRINGS])
    def classify(self, inputs):
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]
        classes = tf.tile(tf.constant([["low", "high"]]), [tf.shape(x)[0], 1])
        return {"classes": classes, "scores": tf.stack([1.0 - x, x], axis=1)}

    @tf.function(input_signature=[STRINGS])
    def regress(self, inputs):
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]
        return {"outputs": 10.0 * x}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 2], tf.float32, name="x"),
            tf.TensorSpec([None], tf.int64, name="n"),
        ]
    )
    def counted(self, x, n):
        self.run_count.assign_add(1)
        with tf.control_dependencies([tf.debugging.assert_less(x, 100.0, message="too big")]):
            total = tf.reduce_sum(x, axis=1)
        size = tf.fill(tf.shape(n), tf.shape(n)[0])
        return {"sum": total + tf.cast(n, tf.float32), "batch_rows": size}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64, name="plus")])
    def runs(self, plus):
        return {"runs": self.run_count.read_value() + plus}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="seconds")])
    def slow(self, seconds):
        end = tf.timestamp() + tf.cast(tf.reduce_max(seconds), tf.float64)
        tf.while_loop(lambda now: now < end, lambda now: [tf.timestamp()], [tf.timestamp()])
        return {"seconds": seconds}

    @tf.function(input_signature=[FLOATS])
    def whole_batch(self, x):
        return {"mean": tf.reshape(tf.reduce_mean(x), [-1])[: tf.size(x) + 1]}

    @tf.function(input_signature=[STRINGS])
    def odd_scores(self, inputs):
        return {"scores": tf.cast(tf.strings.length(inputs), tf.float32)}


def export(path: Path, mark: str) -> Path:
    """Writes a SavedModel."""
    model = TinyModel(mark)
    tf.saved_model.save(
        model,
        str(path),
        signatures={
            "serving_default": model.named,
            "serve_examples": model.classify,
            "regress": model.regress,
            "counted": model.counted,
            "runs": model.runs,
            "slow": model.slow,
            "whole_batch": model.whole_batch,
            "odd_scores": model.odd_scores,
        },
    )
    return path
