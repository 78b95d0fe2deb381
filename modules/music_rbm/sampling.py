"""music_rbm: draws music, one piece at a time; of the machines by Gibbs sampling.

A piece is drawn by itself, so that it does not depend, not even by rounding, on what else is asked
for; and every draw has a number of its own, so that a longer piece begins as a shorter one.
"""

from __future__ import annotations

import tensorflow as tf

from modules.music_rbm import note_by_note, rbm
from modules.music_rbm.machines import Rbm, RnnRbm
from modules.music_rbm.model import MusicModel
from modules.music_rbm.nade import RnnNade
from modules.music_rbm.orders import Order, fold, seed_of
from modules.music_rbm.rbm import Machine
from modules.music_rbm.task import NOTES

_PITCHES = NOTES // 2


def sample(model: MusicModel, order: Order, frequency: tf.Tensor) -> tf.Tensor:
    """Draws a piece.

    Args:
        model: Trained.
        order: What is wanted.
        frequency: How often each note is on in the training split, float32 `[156]`: the RBM's
            chains begin with noise like that.

    Returns:
        0 or 1, uint8 `[steps, 156]`: the primer and what follows it.
    """
    if isinstance(model, RnnNade):
        music = note_by_note.draw(model, order)
    elif isinstance(model, Rbm):
        music = _by_windows(model, order, frequency)
    else:
        music = _by_steps(model, order)
    return tf.cast(playable(music, tf.shape(order.primer)[0]), tf.uint8)


def chain(
    machine: Machine,
    visible: tf.Tensor,
    sweeps: tf.Tensor,
    temperature: tf.Tensor,
    seed: tf.Tensor,
    is_known: tf.Tensor | None = None,
) -> tf.Tensor:
    """Runs Gibbs chains at a temperature, with some units held.

    Args:
        machine: The weights.
        visible: Where the chains begin, `[rows, visible]`.
        sweeps: How often hidden and visible units are drawn, int32 scalar.
        temperature: What energies are divided by.
        seed: int64 `[2]`.
        is_known: Units that stay as they are, bool `[rows, visible]` or one that spreads to it.

    Returns:
        Where the chains end, `[rows, visible]`.
    """
    shapes = [tf.concat([tf.shape(visible)[:1], [units]], axis=0) for units in machine.kernel.shape]

    def sweep(number: tf.Tensor, visible: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        seeds = tf.random.split(fold(seed, number), 2)
        above, below = (
            tf.random.stateless_uniform(shape, seeds[i]) for i, shape in enumerate(reversed(shapes))
        )
        logits = rbm.compute_hidden_logits(machine, visible) / temperature
        hidden = rbm.draw_states(logits, lambda _: above)
        logits = rbm.visible_logits(machine, hidden) / temperature
        found = rbm.draw_states(logits, lambda _: below)
        return number + 1, found if is_known is None else tf.where(is_known, visible, found)

    _, visible = tf.while_loop(
        lambda number, _: number < sweeps,
        sweep,
        (tf.constant(0), visible),
        parallel_iterations=1,
    )
    return visible


def _by_windows(model: Rbm, order: Order, frequency: tf.Tensor) -> tf.Tensor:
    """Draws window after window, each of which begins with the second half of the one before.

    What is there already, of the primer or of the window before, is held while the rest of the
    window is drawn.
    """
    window = model.kernel.shape[0] // NOTES
    hop = max(1, window // 2)
    machine = model.machine()
    count = 1 + tf.maximum(0, -((window - order.steps) // hop))
    # Windows that lie in the primer as a whole need no drawing.
    first = tf.maximum(0, (tf.shape(order.primer)[0] - window) // hop + 1)

    def draw(number: tf.Tensor, music: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        begun = music[number * hop :]
        known = tf.shape(begun)[0]
        seed = fold(seed_of(order), number)
        noise = tf.random.stateless_uniform([window, NOTES], fold(seed, -1)) < frequency
        visible = tf.concat([begun, tf.cast(noise, tf.float32)[known:]], axis=0)
        is_known = tf.repeat(tf.range(window) < known, NOTES)[None]
        drawn = chain(
            machine,
            tf.reshape(visible, [1, window * NOTES]),
            order.gibbs_steps,
            order.temperature,
            seed,
            is_known,
        )
        drawn = tf.reshape(drawn, [window, NOTES])
        return number + 1, tf.concat([music, drawn[known:]], axis=0)

    _, music = tf.while_loop(
        lambda number, _: number < count,
        draw,
        (first, order.primer),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, NOTES])),
        parallel_iterations=1,
    )
    return music[: order.steps]


def _by_steps(model: RnnRbm, order: Order) -> tf.Tensor:
    """Draws step after step, each from the machine that the steps before make.

    A step's chain begins with the step before.
    """
    given = tf.shape(order.primer)[0]
    heard = tf.concat([tf.zeros([1, NOTES]), order.primer], axis=0)
    memory = model.rnn(heard[None])[:, -1]

    def draw(
        step: tf.Tensor, before: tf.Tensor, memory: tf.Tensor, done: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        seed = fold(seed_of(order), step)
        machine = model.machine(memory)
        drawn = chain(machine, before, order.gibbs_steps, order.temperature, seed)
        memory, _ = model.rnn.cell(drawn, [memory])
        return step + 1, drawn, memory, done.write(step - given, drawn[0])

    state = (
        given,
        heard[-1][None],
        memory,
        tf.TensorArray(tf.float32, order.steps - given, element_shape=[NOTES]),
    )
    *_, done = tf.while_loop(
        lambda step, *_: step < order.steps, draw, state, parallel_iterations=1
    )
    return tf.concat([order.primer, done.stack()], axis=0)


def playable(music: tf.Tensor, given: tf.Tensor) -> tf.Tensor:
    """Mends what cannot be played, since the models draw struck and sounding notes apart.

    A note that is struck sounds; one that is not struck sounds only if it did in the step before.

    Args:
        music: 0 or 1, float32 `[steps, 156]`.
        given: How many steps at the beginning stay as they are, int32 scalar.

    Returns:
        float32 `[steps, 156]`.
    """
    sounding, struck = music[:, :_PITCHES], music[:, _PITCHES:]
    is_given = tf.range(tf.shape(music)[0]) < given

    def mend(before: tf.Tensor, step: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        sounding, struck, is_given = step
        return tf.where(is_given, sounding, tf.maximum(struck, sounding * before))

    sounding = tf.scan(mend, (sounding, struck, is_given), tf.zeros([_PITCHES]))
    return tf.concat([sounding, struck], axis=1)
