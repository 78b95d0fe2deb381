"""music_rbm: what a pitch hears of the steps before, the same for every pitch but for where it is.

A pitch hears its neighbours in the step before, how many notes were below and above it, what it and
its nearest did one, two and four bars ago, and how much was struck lately around it; it hears the
notes of all octaves by how far their pitch classes are from its own. So what is learnt of one pitch
is known of all, and a tune in another key is the same tune.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.common.midi.note_state import PITCHES, STEPS_PER_BEAT

BAR = 4 * STEPS_PER_BEAT
"""Steps after which the place in the bar comes again: those of 4/4, or two bars of 2/4."""

OCTAVE = 12
_OCTAVES = -(-PITCHES // OCTAVE)
# Steps ago that are heard as they were, the one before first.
_AGO = (1, BAR, 2 * BAR, 4 * BAR)
# Steps over which what is heard as a whole fades to a third.
_FADING = (8.0, 48.0)
LONGEST = max(_AGO)
"""Steps that are heard at most."""

ECHOES = len(_AGO) + len(_FADING)
# Semitones either way in which pitches are neighbours: in the step before, and in other echoes.
_NEAR, _NEAREST = OCTAVE, 2
# Echoes of which pitch classes are heard: the step before, and what fades.
_CHROMATIC = (0, *range(len(_AGO), ECHOES))
KINDS = 2  # A pitch sounds, and is struck.

NEAR_SHAPE = (2 * _NEAR + 1, KINDS)
NEAREST_SHAPE = (2 * _NEAREST + 1, KINDS * (ECHOES - 1))
CLASSES_SHAPE = (OCTAVE, KINDS * len(_CHROMATIC))
VOICES_SHAPE = (2 * KINDS,)
WHOLE = BAR + 1 + KINDS
"""Figures of a step as a whole, as `whole` gives them."""


def weights() -> np.ndarray:
    """Says what each echo is of the steps before: float32 `[ECHOES, LONGEST]`, the last first."""
    found = np.zeros((ECHOES, LONGEST), np.float32)
    for echo, ago in enumerate(_AGO):
        found[echo, ago - 1] = 1
    for echo, fading in enumerate(_FADING, len(_AGO)):
        # Two where every step is the same, as large as others are at a beat.
        found[echo] = 2 / fading * np.exp(-np.arange(LONGEST) / fading)
    return found


def echoes(note_state: tf.Tensor) -> tf.Tensor:
    """Computes the echoes in every step of windows, before which nothing is heard.

    Args:
        note_state: float32 `[batch, steps, 156]`, of a known number of steps.

    Returns:
        float32 `[batch, PITCHES, steps, ECHOES, KINDS]`.
    """
    steps = note_state.shape[1]
    ago = np.arange(steps)[:, None] - np.arange(steps) - 1
    is_heard = (ago >= 0) & (ago < LONGEST)
    fading = np.where(is_heard, weights()[len(_AGO) :, np.clip(ago, 0, LONGEST - 1)], 0)
    notes = tf.reshape(note_state, [-1, steps, KINDS, PITCHES])
    # Moving on by steps is cheaper than a product with a matrix that does it.
    moved = [tf.pad(notes, [[0, 0], [by, 0], [0, 0], [0, 0]])[:, :steps] for by in _AGO]
    faded = tf.unstack(tf.einsum("ets,bskp->ebtkp", tf.constant(fading, tf.float32), notes))
    return tf.transpose(tf.stack([*moved, *faded], axis=3), [0, 4, 1, 3, 2])


def echoes_now(past: tf.Tensor) -> tf.Tensor:
    """Computes the echoes in the step after others.

    Args:
        past: float32 `[LONGEST, 156]`, the last step last, silence where there was none.

    Returns:
        float32 `[1, PITCHES, 1, ECHOES, KINDS]`.
    """
    notes = tf.reshape(past[::-1], [LONGEST, KINDS, PITCHES])
    return tf.einsum("es,skp->pek", tf.constant(weights()), notes)[None, :, None]


def whole(echo: tf.Tensor, phase: tf.Tensor, is_known: tf.Tensor) -> tf.Tensor:
    """Gives what is heard of steps as a whole.

    Args:
        echo: What `echoes` gave.
        phase: Places in the bar, int32 `[batch, steps]`.
        is_known: Whether there is a step before that the window does not hold, bool alike.

    Returns:
        float32 `[batch, steps, WHOLE]`: the place, whether the step before is known, and a beat's
        share of how many notes sounded and were struck in it.
    """
    counts = tf.reduce_sum(echo[:, :, :, 0], axis=1) / float(STEPS_PER_BEAT)
    known = tf.cast(is_known, tf.float32)[..., None]
    return tf.concat([tf.one_hot(phase, BAR), known, counts], axis=-1)


def hear(echo: tf.Tensor, rows: tf.Tensor, kernels: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """Adds up what pitches hear of notes.

    Args:
        echo: What `echoes` gave.
        rows: Which pitches of which windows, int32 `[rows, 2]`: the window and the pitch.
        kernels: Of shapes `NEAR_SHAPE`, `NEAREST_SHAPE`, `CLASSES_SHAPE` and `VOICES_SHAPE`, with
            the units that come out behind.

    Returns:
        float32 `[rows, steps, units]`.
    """
    near, nearest, classes, voices = kernels
    shape = tf.shape(echo)
    before = echo[:, :, :, 0]
    others = tf.reshape(echo[:, :, :, 1:], [shape[0], PITCHES, shape[2], NEAREST_SHAPE[1]])
    heard = around(before, rows, -_NEAR, near) + around(others, rows, -_NEAREST, nearest)
    # How many notes were below and above tells a bass and a melody.
    below = tf.cumsum(before, axis=1, exclusive=True)
    above = tf.cumsum(before, axis=1, exclusive=True, reverse=True)
    crowd = tf.gather_nd(tf.concat([below, above], axis=-1), rows) / float(STEPS_PER_BEAT)
    heard += tf.einsum("ntk,kf->ntf", crowd, voices)
    chroma = tf.concat([echo[:, :, :, each] for each in _CHROMATIC], axis=-1)
    chroma = tf.pad(chroma, [[0, 0], [0, _OCTAVES * OCTAVE - PITCHES], [0, 0], [0, 0]])
    by_class = [shape[0], _OCTAVES, OCTAVE, shape[2], CLASSES_SHAPE[1]]
    chroma = tf.reduce_sum(tf.reshape(chroma, by_class), axis=1)
    # For each pitch class all of them, its own first.
    from_own = (np.arange(OCTAVE)[:, None] + np.arange(OCTAVE)) % OCTAVE
    chroma = tf.einsum("bcdtk,dkf->bctf", tf.gather(chroma, from_own, axis=1), classes)
    return heard + tf.gather_nd(chroma, tf.stack([rows[:, 0], rows[:, 1] % OCTAVE], axis=1))


def around(notes: tf.Tensor, rows: tf.Tensor, lowest: int, kernel: tf.Tensor) -> tf.Tensor:
    """Adds up the pitches from so many semitones above a pitch on; silence lies beyond the ends.

    Args:
        notes: float32 `[batch, PITCHES, steps, kinds]`.
        rows: int32 `[rows, 2]`, as for `hear`.
        lowest: Semitones above the row's pitch of the kernel's first; negative for below.
        kernel: float32 `[pitches, kinds, units]`.

    Returns:
        float32 `[rows, steps, units]`.
    """
    pitches = kernel.shape[0]
    notes = tf.pad(notes, [[0, 0], [-lowest, max(0, lowest + pitches - 1)], [0, 0], [0, 0]])
    places = rows[:, 1:] + tf.range(pitches)
    batch = tf.broadcast_to(rows[:, :1], tf.shape(places))
    patches = tf.gather_nd(notes, tf.stack([batch, places], axis=-1))
    return tf.einsum("nptk,pkf->ntf", patches, kernel)
