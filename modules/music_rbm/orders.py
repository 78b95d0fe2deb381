"""music_rbm: what a request holds, checked in the graph."""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.checks import check_each
from modules.common.graph.tensors import Tensors
from modules.music_rbm.task import MAX_GIBBS_STEPS, MAX_STEPS


def checked(raw: Tensors) -> Tensors:
    """Checks a batch of orders.

    Args:
        raw: The task's serving inputs, `[batch, ...]` each.

    Returns:
        The same.

    Raises:
        tf.errors.InvalidArgumentError: For a length, a number of sweeps, a temperature or a primer
            that cannot be; the message says what was expected and found.
    """
    steps, sweeps, temperature = raw["steps"], raw["gibbs_steps"], raw["temperature"]
    given = tf.shape(raw["primer"], tf.int64)[1]
    as_primer = tf.strings.join(
        ["steps: expected at least the ", tf.strings.as_string(given), " of the primer"]
    )
    steps = check_each(
        f"steps: expected 1 to {MAX_STEPS}", steps, (steps >= 1) & (steps <= MAX_STEPS)
    )
    is_warm = tf.math.is_finite(temperature) & (temperature > 0)
    return {
        **raw,
        "steps": check_each(as_primer, steps, steps >= given),
        "gibbs_steps": check_each(
            f"gibbs_steps: expected 1 to {MAX_GIBBS_STEPS}",
            sweeps,
            (sweeps >= 1) & (sweeps <= MAX_GIBBS_STEPS),
        ),
        "temperature": check_each("temperature: expected more than 0", temperature, is_warm),
        "primer": check_each("primer: expected 0 and 1", raw["primer"], raw["primer"] <= 1),
    }
