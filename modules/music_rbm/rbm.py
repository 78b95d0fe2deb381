"""music_rbm: the restricted Boltzmann machine, as functions of its weights and its visible units.

Units are 0 or 1, as floats. The energy of visible units v and hidden units h is
-v·visible_bias - h·hidden_bias - v·kernel·h. Biases may be those of one machine, or differ from
row to row of a batch, as in the RNN-RBM.

Source: G. Hinton, "A Practical Guide to Training Restricted Boltzmann Machines" (2010).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

# Draws uniform numbers in [0, 1) of a shape.
Uniform = Callable[[tf.Tensor], tf.Tensor]


class Machine(NamedTuple):
    """The weights of a machine.

    Attributes:
        kernel: float32 `[visible, hidden]`.
        visible_bias: float32 `[visible]`, or `[rows, visible]`.
        hidden_bias: float32 `[hidden]`, or `[rows, hidden]`.
    """

    kernel: tf.Tensor
    visible_bias: tf.Tensor
    hidden_bias: tf.Tensor


def compute_hidden_logits(machine: Machine, visible: tf.Tensor) -> tf.Tensor:
    """Log odds of each hidden unit, given the visible ones: `[rows, hidden]`."""
    return tf.matmul(visible, machine.kernel) + machine.hidden_bias


def visible_logits(machine: Machine, hidden: tf.Tensor) -> tf.Tensor:
    """Log odds of each visible unit, given the hidden ones: `[rows, visible]`."""
    return tf.matmul(hidden, machine.kernel, transpose_b=True) + machine.visible_bias


def free_energy(machine: Machine, visible: tf.Tensor) -> tf.Tensor:
    """Negative log of the summed exp(-energy) over all states of the hidden units.

    Args:
        machine: The weights.
        visible: `[rows, visible]`.

    Returns:
        Nats, `[rows]`.
    """
    by_hidden = tf.reduce_sum(tf.nn.softplus(compute_hidden_logits(machine, visible)), axis=-1)
    return -tf.reduce_sum(visible * machine.visible_bias, axis=-1) - by_hidden


def draw_states(logits: tf.Tensor, uniform: Uniform) -> tf.Tensor:
    """Draws units, each for itself.

    Args:
        logits: Their log odds, `[rows, units]`.
        uniform: Gives the randomness.

    Returns:
        0 or 1, float32 `[rows, units]`.
    """
    return tf.cast(uniform(tf.shape(logits)) < tf.sigmoid(logits), tf.float32)


def gibbs(machine: Machine, visible: tf.Tensor, sweeps: int, uniform: Uniform) -> tf.Tensor:
    """Runs chains: draws the hidden units from the visible ones, and back, again and again.

    Args:
        machine: The weights.
        visible: Where the chains begin, `[rows, visible]`.
        sweeps: How often.
        uniform: Gives the randomness.

    Returns:
        Where they end, `[rows, visible]`; no gradient flows through it.
    """
    for _ in range(sweeps):
        hidden = draw_states(compute_hidden_logits(machine, visible), uniform)
        visible = draw_states(visible_logits(machine, hidden), uniform)
    return tf.stop_gradient(visible)


def contrast(machine: Machine, data: tf.Tensor, chains: tf.Tensor) -> tf.Tensor:
    """Gives what contrastive divergence lowers.

    Its gradient is that of the negative log-likelihood, but for the chains, which stand for what
    the model would draw. Its value means nothing.

    Args:
        machine: The weights.
        data: `[rows, visible]`.
        chains: `[chains, visible]`; with biases by row as many as data.

    Returns:
        A scalar.

    Source: G. Hinton, "Training Products of Experts by Minimizing Contrastive Divergence" (2002);
    T. Tieleman, "Training Restricted Boltzmann Machines using Approximations to the Likelihood
    Gradient" (2008), where the chains go on from batch to batch.
    """
    of_data, of_chains = (free_energy(machine, visible) for visible in (data, chains))
    return tf.reduce_mean(of_data) - tf.reduce_mean(of_chains)


def surprise(machine: Machine, visible: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Negative log-likelihood of each visible unit given all others, exactly.

    Of a machine only some of whose visible units are looked at, `logits` tells of the others.

    Args:
        machine: The weights, of the units that are looked at.
        visible: `[rows, units]`.
        logits: Those of the hidden units, given all visible units, `[rows, hidden]`.

    Returns:
        Nats, `[rows, units]`.
    """
    # What flipping a unit adds to the log odds of hidden units, and so to the free energy.
    flip = (1 - 2 * visible)[..., None]
    by_hidden = tf.nn.softplus(logits[:, None] + flip * machine.kernel)
    by_hidden = tf.reduce_sum(by_hidden, axis=-1)
    before = tf.reduce_sum(tf.nn.softplus(logits), axis=-1, keepdims=True)
    return tf.nn.softplus(flip[..., 0] * machine.visible_bias + by_hidden - before)


def cross_entropy(visible: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Negative log-likelihood of each unit by its log odds: nats, `[rows, units]`."""
    return tf.nn.sigmoid_cross_entropy_with_logits(visible, logits)
