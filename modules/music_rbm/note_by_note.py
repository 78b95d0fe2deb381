"""music_rbm: draws music from the RNN-NADE, note by note, exactly as it says."""

from __future__ import annotations

import tensorflow as tf

from modules.common.midi.note_state import NOTES, PITCHES
from modules.music_rbm import hearing
from modules.music_rbm.hearing import BAR, KINDS
from modules.music_rbm.nade import BELOW, RnnNade
from modules.music_rbm.orders import Order, fold, seed_of


def draw(model: RnnNade, order: Order) -> tf.Tensor:
    """Draws a piece: the steps of the primer are heard, those after it heard and drawn.

    Args:
        model: Trained.
        order: What is wanted; its `gibbs_steps` say nothing here.

    Returns:
        0 or 1, float32 `[steps, 156]`.
    """
    given = tf.shape(order.primer)[0]

    def go_on(
        step: tf.Tensor, past: tf.Tensor, memory: tf.Tensor, music: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        hidden, memory = _expect(model, past, step % BAR, memory)
        now = tf.cond(
            step < given,
            lambda: order.primer[step],
            lambda: _draw_step(model, order, hidden, past[-1], step),
        )
        past = tf.concat([past[1:], now[None]], axis=0)
        return step + 1, past, memory, music.write(step, now)

    state = (
        tf.constant(0),
        tf.zeros([hearing.LONGEST, NOTES]),
        tf.zeros([PITCHES, model.memory_units]),
        tf.TensorArray(tf.float32, order.steps, element_shape=[NOTES]),
    )
    *_, music = tf.while_loop(
        lambda step, *_: step < order.steps, go_on, state, parallel_iterations=1
    )
    return music.stack()


def _expect(
    model: RnnNade, past: tf.Tensor, phase: tf.Tensor, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Hears the step before, and gives what all pitches expect, and their memories."""
    rows = tf.stack([tf.zeros(PITCHES, tf.int32), tf.range(PITCHES)], axis=1)
    echo = hearing.echoes_now(past)
    # Before a tune there is silence, which is known.
    whole = hearing.whole(echo, phase[None, None], tf.constant([[True]]))
    heard = model.heard(echo, whole, rows)[:, 0]
    memory, _ = model.cell(heard, [memory])
    return model.expect(heard, memory), memory


def _draw_step(
    model: RnnNade, order: Order, hidden: tf.Tensor, before: tf.Tensor, step: tf.Tensor
) -> tf.Tensor:
    """Draws a step's notes, from the lowest pitch on.

    Args:
        model: Trained.
        order: Its `seed` and `temperature` are read.
        hidden: What pitches expect, `[PITCHES, hidden]`.
        before: The step before, `[156]`.
        step: Which one it is.

    Returns:
        float32 `[156]`.
    """
    chances = tf.random.stateless_uniform([PITCHES, KINDS], fold(seed_of(order), step))
    # The log odds of what is drawn evenly: a unit is on where its own are higher.
    least = order.temperature * (tf.math.log(chances) - tf.math.log1p(-chances))
    states = tf.cast(before[:PITCHES] + before[PITCHES:], tf.int32)
    # A pitch's note tells those above it, the nearest of which the last of the kernel is for.
    told = tf.reverse(model.below, axis=[0])
    counts = tf.convert_to_tensor(model.counts)

    def tell(
        pitch: tf.Tensor, hidden: tf.Tensor, notes: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        odds = model.log_odds(hidden[:1], states[pitch][None], step[None] % BAR, pitch[None])[0]
        is_on = odds > least[pitch]
        struck = tf.cast(is_on[1], tf.float32)
        # What begins is struck, which a model hardly ever doubts.
        held = tf.cast(is_on[0], tf.float32) * before[pitch]
        note = tf.stack([tf.maximum(held, struck), struck])
        hidden = hidden[1:] + tf.einsum("k,kf->f", note, counts)
        near = tf.einsum("k,pkf->pf", note, told) + hidden[:BELOW]
        hidden = tf.concat([near, hidden[BELOW:]], axis=0)
        return pitch + 1, hidden, notes.write(pitch, note)

    # Beyond the highest there are none, so that every pitch has as many above it.
    beyond = tf.zeros([BELOW, hidden.shape[-1]])
    shape = tf.TensorShape([None, hidden.shape[-1]])
    *_, notes = tf.while_loop(
        lambda pitch, *_: pitch < PITCHES,
        tell,
        (
            tf.constant(0),
            tf.concat([hidden, beyond], axis=0),
            tf.TensorArray(tf.float32, PITCHES, element_shape=[KINDS]),
        ),
        shape_invariants=(tf.TensorShape([]), shape, None),
        parallel_iterations=1,
    )
    return tf.reshape(tf.transpose(notes.stack()), [NOTES])
