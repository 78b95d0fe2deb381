"""Checks of what a request holds, made in the graph."""

from __future__ import annotations

import tensorflow as tf


def check(value: tf.Tensor, condition: tf.Tensor, message: str | tf.Tensor) -> tf.Tensor:
    """Gives `value` if `condition` holds; raises `InvalidArgumentError` with `message` if not."""
    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(value)


def check_each(expected: str | tf.Tensor, values: tf.Tensor, fits: tf.Tensor) -> tf.Tensor:
    """Gives `values` if all of them fit; raises with the first that does not.

    Args:
        expected: What is expected, such as `steps: expected 1 or more`.
        values: Of any shape; numbers, or printable text.
        fits: Which of them fit, bool of the same shape.

    Raises:
        tf.errors.InvalidArgumentError: Says what was expected and what was found.
    """
    wrong = tf.strings.as_string(tf.boolean_mask(values, ~fits)[:1])
    message = tf.strings.join([expected, ", found ", tf.strings.reduce_join(wrong)])
    return check(values, tf.reduce_all(fits), message)
