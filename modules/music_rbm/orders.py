"""music_rbm: what of a request does not go together, checked in the graph."""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.checks import check_each
from modules.common.graph.tensors import Tensors


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
