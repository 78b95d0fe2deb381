"""music_rbm: the strongest simple model: what a pitch does next, by its place in the bar.

A pitch is silent, held or struck, after it was silent, held or struck in the step before. How often
is counted by the place in the bar and by pitch. Most pitches have few notes in most places, so the
counts are filled up with what is expected of the place and of the pitch by themselves. No other
pitch counts, and nothing that lies further back.

`held`, which knows neither the bar nor that a struck note sounds, is weaker everywhere.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.common.midi.note_state import PITCHES
from modules.common.training.input_pipeline import Split
from modules.music_rbm.hearing import BAR

UNKNOWN = 3
"""State of the step before a window that begins within a tune."""

STATES = 4
"""Of the step before: silent, held, struck, unknown."""

ADDED = 0.5
"""What is added to counts: Jeffreys' prior."""

_NEXT = 3
_BATCH = 256
# Steps that what is expected of place and pitch counts for; of 5 to 80 the best on tunes that were
# part of neither split.
_PRIOR_STEPS = 20.0


def count(train: Split) -> np.ndarray:
    """Counts what pitches do after each state.

    Args:
        train: The training split; read batch by batch.

    Returns:
        int64 `[STATES, BAR, PITCHES, 3]`: by state, place in the bar and pitch, how often it was
        silent, held and struck.
    """
    found = np.zeros((STATES, BAR, PITCHES, _NEXT), np.int64)
    pitches = np.arange(PITCHES)
    for features, _ in train.batches(_BATCH):
        states = np.asarray(_states(features["note_state"]))
        first = features["first_step"].numpy()
        begin = np.where(first == 0, 0, UNKNOWN)[:, None, None].repeat(PITCHES, axis=2)
        before = np.concatenate([begin, states[:, :-1]], axis=1)
        phase = (first[:, None] + np.arange(states.shape[1])) % BAR
        np.add.at(found, (before, phase[..., None], pitches, states), 1)
    return found


def fit(train: Split) -> np.ndarray:
    """Finds how likely each state is.

    Args:
        train: The training split.

    Returns:
        Natural logarithms, float32 `[STATES, BAR, PITCHES, 3]`, as `count` has them.
    """
    counts = count(train)
    of_state = _share(counts.sum(axis=(1, 2)) + ADDED)
    filled = _PRIOR_STEPS * of_state[:, None]
    of_place = _share(counts.sum(axis=2) + filled)
    of_pitch = _share(counts.sum(axis=1) + filled)
    expected = of_place[:, :, None] * of_pitch[:, None] / of_state[:, None, None]
    found = _share(counts + _PRIOR_STEPS * _share(expected))
    return np.log(found).astype(np.float32)


def cost(table: tf.Tensor, note_state: tf.Tensor, first_step: tf.Tensor, given: str) -> tf.Tensor:
    """Negative log-likelihood of windows.

    Args:
        table: What `fit` gave.
        note_state: uint8 `[batch, steps, 156]`.
        first_step: int64 `[batch]`.
        given: What each unit is told: `before`, the units before it, which makes the sum the
            likelihood; `step`, the others of its step and the steps before; or `all` others. With
            the last two the sum is a pseudo-likelihood.

    Returns:
        Nats, float32 `[batch]`.
    """
    states = _states(note_state)
    shape = tf.shape(states)
    phase = (tf.cast(first_step, tf.int32)[:, None] + tf.range(shape[1])) % BAR
    phase = tf.broadcast_to(phase[..., None], shape)
    pitch = tf.broadcast_to(tf.range(PITCHES), shape)
    begin = tf.where(first_step == 0, 0, UNKNOWN)[:, None, None] + tf.zeros_like(states[:, :1])
    before = tf.concat([begin, states[:, :-1]], axis=1)
    chances = tf.gather_nd(table, tf.stack([before, phase, pitch], axis=-1))
    if given == "before":
        return -tf.reduce_sum(tf.gather(chances, states, batch_dims=3), axis=[1, 2])
    if given == "all":
        # Another state would have made the next step more or less likely.
        after = tf.stack([phase, pitch, states], axis=-1)[:, 1:]
        of_next = [tf.gather_nd(table[own], after) for own in range(_NEXT)]
        chances += tf.pad(tf.stack(of_next, axis=-1), [[0, 0], [0, 1], [0, 0], [0, 0]])
    silent, held, struck = tf.unstack(chances, axis=-1)
    # What is not struck may be silent or held, what sounds may be held or struck; the other unit
    # of the pitch says which two.
    of_held = tf.nn.softplus(silent - held) + tf.nn.softplus(struck - held)
    by_state = [tf.nn.softplus(held - silent), of_held, tf.nn.softplus(held - struck)]
    nats = tf.gather(tf.stack(by_state, axis=-1), states, batch_dims=3)
    return tf.reduce_sum(nats, axis=[1, 2])


def _states(note_state: tf.Tensor) -> tf.Tensor:
    """Gives what pitches do: 0 silent, 1 held, 2 struck; int32 `[batch, steps, PITCHES]`."""
    sounding, struck = tf.split(tf.cast(note_state, tf.int32), 2, axis=2)
    return tf.maximum(sounding, 2 * struck)


def _share(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=-1, keepdims=True)
