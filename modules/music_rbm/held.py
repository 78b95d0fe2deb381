"""music_rbm: a baseline that knows the step before: notes are held, struck again, or end.

For every pitch, how often it sounds and how often it is struck, by what it did in the step before.
No other pitch counts, and nothing that lies further back. It knows one thing that the RBM over
windows can hardly learn, so it informs, and no gate asks for it.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.common.training.input_pipeline import Split
from modules.music_rbm.task import NOTES

_PITCHES = NOTES // 2
# Sounding or not, struck or not.
_STATES = 4
_BATCH = 256
# Jeffreys' prior of a frequency.
_ADDED = 0.5


def fit(train: Split) -> np.ndarray:
    """Counts how often each note is on after each state of its pitch.

    Args:
        train: The training split; read batch by batch.

    Returns:
        Frequencies between 0 and 1, float32 `[156, 4]`.
    """
    on, steps = np.zeros((2, _PITCHES, _STATES), np.int64), np.zeros((_PITCHES, _STATES), np.int64)
    for features, _ in train.batches(_BATCH):
        note_state = features["note_state"].numpy()
        by_kind = note_state.reshape(*note_state.shape[:2], 2, _PITCHES)
        before = (by_kind[:, :-1, 0] + 2 * by_kind[:, :-1, 1])[:, :, None]
        for state in range(_STATES):
            is_state = before == state
            steps[:, state] += is_state[:, :, 0].sum(axis=(0, 1))
            on[..., state] += (is_state & (by_kind[:, 1:] == 1)).sum(axis=(0, 1))
    return ((on + _ADDED) / (steps + 2 * _ADDED)).astype(np.float32).reshape(NOTES, _STATES)


def cost(table: tf.Tensor, frequency: tf.Tensor, note_state: tf.Tensor) -> tf.Tensor:
    """Negative log-likelihood of windows.

    Args:
        table: What `fit` gave, float32 `[156, 4]`.
        frequency: For a window's first step, float32 `[156]`.
        note_state: uint8 `[batch, steps, 156]`.

    Returns:
        Nats, float32 `[batch]`.
    """
    on = tf.cast(note_state, tf.float32)
    sounding, struck = tf.split(tf.cast(note_state[:, :-1], tf.int32), 2, axis=2)
    before = tf.tile(sounding + 2 * struck, [1, 1, 2])
    # Looked up by selection: a gather by note would put the notes first.
    chance = sum(
        tf.where(before == state, table[:, state], tf.zeros([])) for state in range(_STATES)
    )
    first = tf.broadcast_to(frequency, tf.shape(on[:, :1]))
    chance = tf.concat([first, chance], axis=1)
    nats = -on * tf.math.log(chance) - (1 - on) * tf.math.log1p(-chance)
    return tf.reduce_sum(nats, axis=[1, 2])
