"""music_rbm: orders of music, and what of a request does not go together, checked in the graph."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.common.graph.checks import check_each
from modules.common.graph.tensors import Tensors


class Order(NamedTuple):
    """One piece of music that is wanted.

    Attributes:
        steps: How long it shall be, int32 scalar.
        gibbs_steps: Sweeps for each stretch, int32 scalar.
        temperature: What energies are divided by, float32 scalar.
        seed: int64 scalar.
        primer: How it begins, float32 `[at most steps, 156]`, 0 or 1.
    """

    steps: tf.Tensor
    gibbs_steps: tf.Tensor
    temperature: tf.Tensor
    seed: tf.Tensor
    primer: tf.Tensor


def seed_of(order: Order) -> tf.Tensor:
    """Gives the seed of all that is drawn for an order: int64 `[2]`."""
    return tf.stack([order.seed, tf.constant(0, tf.int64)])


def fold(seed: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
    """Makes a seed of a seed and a number."""
    return tf.random.fold_in(seed, number)


def check_primer(raw: Tensors) -> Tensors:
    """Checks that the music of a batch of orders is as long as what it begins with.

    Args:
        raw: The task's serving inputs, `[batch, ...]` each.

    Returns:
        The same.

    Raises:
        tf.errors.InvalidArgumentError: The message says what was expected and found.
    """
    steps, given = raw["steps"], tf.shape(raw["primer"], tf.int64)[1]
    expected = tf.strings.join(
        ["steps: expected at least the ", tf.strings.as_string(given), " of the primer"]
    )
    return {**raw, "steps": check_each(expected, steps, steps >= given)}
