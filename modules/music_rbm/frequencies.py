"""music_rbm: the baseline of the gates: every note by itself, as often as in the training split.

One frequency for each of the 156 units of a step, whichever step it is. A constant is added to the
counts, so that a note that training never had does not cost infinitely much.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.common.training.input_pipeline import Split
from modules.music_rbm.task import NOTES

_BATCH = 256
# Jeffreys' prior of a frequency.
_ADDED = 0.5


def fit(train: Split) -> np.ndarray:
    """Counts how often each note is on.

    Args:
        train: The training split; read batch by batch.

    Returns:
        Frequencies between 0 and 1, float32 `[156]`.
    """
    on, steps = np.zeros(NOTES, np.int64), 0
    for features, _ in train.batches(_BATCH):
        note_state = features["note_state"].numpy().reshape(-1, NOTES)
        on += note_state.sum(axis=0, dtype=np.int64)
        steps += len(note_state)
    return ((on + _ADDED) / (steps + 2 * _ADDED)).astype(np.float32)


def log_odds(frequency: np.ndarray) -> np.ndarray:
    """Log odds of frequencies, of the same shape."""
    return np.log(frequency) - np.log1p(-frequency)


def cost(frequency: tf.Tensor, note_state: tf.Tensor) -> tf.Tensor:
    """Negative log-likelihood of windows by the frequencies.

    Args:
        frequency: float32 `[156]`.
        note_state: uint8 `[batch, steps, 156]`.

    Returns:
        Nats, float32 `[batch]`.
    """
    on = tf.reduce_sum(tf.cast(note_state, tf.float32), axis=1)
    off = float(note_state.shape[1]) - on
    nats = -on * tf.math.log(frequency) - off * tf.math.log1p(-frequency)
    return tf.reduce_sum(nats, axis=1)
