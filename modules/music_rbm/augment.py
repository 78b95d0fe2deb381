"""music_rbm: training hears music in other keys: each window is moved up or down at random."""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.music_rbm.task import NOTES, Settings

_PITCHES = NOTES // 2


def transpose(features: Tensors, label: tf.Tensor, settings: Settings) -> tuple[Tensors, tf.Tensor]:
    """Moves every window by a few semitones.

    What leaves the range is lost, and silence comes in.

    Args:
        features: `note_state` uint8 `[batch, steps, 156]`.
        label: The same.
        settings: `transpose_semitones`, the most semitones up or down, is read.

    Returns:
        The features and the label, moved alike.
    """
    most = settings.transpose_semitones
    note_state = features["note_state"]
    up = tf.random.uniform([tf.shape(note_state)[0]], -most, most + 1, tf.int32)
    moved = move_up(note_state, up)
    return {**features, "note_state": moved}, moved


def move_up(note_state: tf.Tensor, semitones: tf.Tensor) -> tf.Tensor:
    """Moves windows up by so many semitones.

    Args:
        note_state: `[batch, steps, 156]`.
        semitones: int32 `[batch]`, down where negative.
    """
    steps = note_state.shape[1]
    # With silence beside both ends, every unit has one that it can come from.
    by_kind = tf.reshape(note_state, [-1, steps, 2, _PITCHES])
    padded = tf.pad(by_kind, [[0, 0], [0, 0], [0, 0], [_PITCHES, _PITCHES]])
    source = tf.range(_PITCHES)[None] - semitones[:, None] + _PITCHES
    moved = tf.gather(padded, source, axis=3, batch_dims=1)
    return tf.reshape(moved, tf.shape(note_state))
