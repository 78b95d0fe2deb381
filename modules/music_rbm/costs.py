"""music_rbm: what windows cost, in the terms of all models."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Costs(NamedTuple):
    """What windows cost, in nats, float32 `[batch]` each.

    Attributes:
        nats: Negative log-likelihood of the units, summed: of each given those before it, where a
            model can tell, so that the sum is that of the window; or else of each given others, a
            pseudo-likelihood.
        reconstruction: Cross-entropy of the units given the hidden units' means, summed.
        free_energy: For the RNN-RBM summed over the steps.
    """

    nats: tf.Tensor
    reconstruction: tf.Tensor
    free_energy: tf.Tensor
