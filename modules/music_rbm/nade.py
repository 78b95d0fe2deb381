"""music_rbm: the RNN-NADE, whole: a recurrent network that says each note given all before it.

The units of a step are told one after another, pitch by pitch from the lowest, whether it is struck
and then whether it sounds, so the likelihood of music is exact, and it is drawn without chains. In
the RNN-RBM's place of a machine over a step's units stands its autoregressive cousin, NADE; and
weights are tied, so that all pitches are one network that is told where it is: each pitch has a
memory of its own, of what it heard around it.

Source: H. Larochelle & I. Murray, "The Neural Autoregressive Distribution Estimator" (2011); N.
Boulanger-Lewandowski, Y. Bengio & P. Vincent, "Modeling Temporal Dependencies in High-Dimensional
Sequences" (2012); D. Johnson, "Generating Polyphonic Music Using Tied Parallel Networks" (2017),
whose networks read more and take an LSTM for both directions.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.common.midi.note_state import NOTES, PITCHES
from modules.common.training.input_pipeline import Split
from modules.music_rbm import hearing, metre
from modules.music_rbm.costs import Costs
from modules.music_rbm.hearing import BAR, KINDS, around
from modules.music_rbm.metre import STATES
from modules.music_rbm.task import Settings

BELOW = 24
"""Pitches below whose notes in the same step are told one by one; of all below, how many."""

# Log odds that a struck note sounds.
_SURE = 16.0
# Share of the pitches that are silent in a window which training looks at.
_SILENT_SHARE = 0.12
# Pitches are looked at by so many, the last filled up with such as count for nothing: for each
# number of rows, products of matrices are compiled anew.
_ROWS = 64
_HIDDEN, _MEMORY = 32, 24


class RnnNade(keras.Model):
    """A network that all pitches share."""

    def __init__(self, settings: Settings) -> None:
        """Makes the weights; see `model.build_model`."""
        # Sums of what pitches hear would lose too much in fewer bits.
        super().__init__(name=settings.model, dtype="float32")
        hidden, memory = settings.hidden_units or _HIDDEN, settings.rnn_units or _MEMORY
        self._steps = settings.window_steps
        self._kernels = tuple(
            self.add_weight((*shape, memory), "glorot_uniform", name=name)
            for name, shape in (
                ("near", hearing.NEAR_SHAPE),
                ("nearest", hearing.NEAREST_SHAPE),
                ("classes", hearing.CLASSES_SHAPE),
                ("voices", hearing.VOICES_SHAPE),
            )
        )
        self._place = self.add_weight((PITCHES, memory), "zeros", name="place_bias")
        self._whole = keras.layers.Dense(memory, dtype="float32", name="whole")
        self.cell = keras.layers.GRUCell(memory, dtype="float32", name="cell")
        self._rnn = keras.layers.RNN(self.cell, return_sequences=True, dtype="float32", name="rnn")
        self._to_hidden = keras.layers.Dense(hidden, dtype="float32", name="to_hidden")
        self.below = self.add_weight((BELOW, KINDS, hidden), "glorot_uniform", name="below")
        self.counts = self.add_weight((KINDS, hidden), "glorot_uniform", name="counts")
        self._out = keras.layers.Dense(
            KINDS, kernel_initializer="zeros", dtype="float32", name="out"
        )
        self._state_bias = self.add_weight((STATES, BAR, KINDS), "zeros", name="state_bias")
        self._pitch_bias = self.add_weight((PITCHES, KINDS), "zeros", name="pitch_bias")
        self._whole.build((None, hearing.WHOLE))
        self._rnn.build((None, None, memory))
        self._to_hidden.build((None, 2 * memory))
        self._out.build((None, hidden))
        self.randomness = keras.random.SeedGenerator(settings.seed)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.built = True

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What an epoch's figures are."""
        return [self.loss_tracker]

    @property
    def memory_units(self) -> int:
        """How much a pitch remembers."""
        return int(self.cell.units)

    def adapt(self, train: Split) -> None:
        """Has the model begin with what a pitch does after each of its states, by place in the bar.

        So the network need learn only what these do not tell.

        Args:
            train: The training split.
        """
        silent, held, struck = np.moveaxis(metre.count(train).sum(axis=2), -1, 0) + metre.ADDED
        odds = [np.log(held / silent), np.log(struck / (silent + held))]
        self._state_bias.assign(np.stack(odds, axis=-1))

    def heard(self, echo: tf.Tensor, whole: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Gives what pitches hear of the steps before, float32 `[rows, steps, memory]`.

        Args:
            echo: What `hearing.echoes` gave.
            whole: What `hearing.whole` gave.
            rows: Windows and pitches, int32 `[rows, 2]`.
        """
        kernels = tuple(tf.convert_to_tensor(kernel) for kernel in self._kernels)
        of_window = tf.gather(self._whole(whole), rows[:, 0])
        place = tf.gather(self._place, rows[:, 1])[:, None]
        return tf.nn.relu(hearing.hear(echo, rows, kernels) + of_window + place)

    def expect(self, heard: tf.Tensor, memory: tf.Tensor) -> tf.Tensor:
        """Gives the hidden units before any note of their step is told, `[..., hidden]`."""
        return self._to_hidden(tf.concat([memory, heard], axis=-1))

    def log_odds(
        self, hidden: tf.Tensor, state: tf.Tensor, phase: tf.Tensor, pitch: tf.Tensor
    ) -> tf.Tensor:
        """Gives log odds that a pitch sounds, should it not be struck, and that it is struck.

        Args:
            hidden: The hidden units when the notes below are told, `[..., hidden]`.
            state: What the pitch did in the step before, int32 `[...]`.
            phase: Place in the bar, alike.
            pitch: Alike, or what spreads to it.

        Returns:
            float32 `[..., KINDS]`.
        """
        known = tf.gather_nd(self._state_bias, tf.stack([state, phase], axis=-1))
        return self._out(tf.nn.relu(hidden)) + known + tf.gather(self._pitch_bias, pitch)

    def call(self, inputs: Tensors) -> tf.Tensor:
        """Gives log odds of each unit given those before it; see `model.build_model`."""
        note_state = tf.cast(inputs["note_state"], tf.float32)
        batch = tf.shape(note_state)[0]
        windows, pitches = tf.meshgrid(tf.range(batch), tf.range(PITCHES), indexing="ij")
        rows = tf.stack([tf.reshape(windows, [-1]), tf.reshape(pitches, [-1])], axis=1)
        odds, _ = self._of_rows(note_state, inputs["first_step"], rows)
        odds = tf.reshape(odds, [batch, PITCHES, self._steps, KINDS])
        return tf.reshape(tf.transpose(odds, [0, 2, 3, 1]), tf.shape(note_state))

    def train_step(self, data: tuple[Tensors, tf.Tensor]) -> Tensors:
        """Takes a step down the gradient of the likelihood.

        Of pitches that are silent all through a window, which are most, only some are looked at,
        at random, and count for the others.

        Args:
            data: A batch's features, and the label, which is one of them.

        Returns:
            `loss`: what `test_step` gives, estimated from these pitches.
        """
        note_state = tf.cast(data[0]["note_state"], tf.float32)
        is_silent = tf.reduce_max(note_state[:, :, :PITCHES], axis=1) == 0
        chance = tf.where(is_silent, _SILENT_SHARE, 1.0)
        drawn = keras.random.uniform(tf.shape(chance), seed=self.randomness)
        rows = tf.cast(tf.where(drawn < chance), tf.int32)
        filling = tf.math.floormod(-tf.shape(rows)[0], _ROWS)
        share = tf.pad(1 / tf.gather_nd(chance, rows), [[0, filling]])
        rows = tf.pad(rows, [[0, filling], [0, 0]])
        units = tf.cast(NOTES * self._steps * tf.shape(note_state)[0], tf.float32)
        with tf.GradientTape() as tape:
            odds, told = self._of_rows(note_state, data[0]["first_step"], rows)
            nats = tf.reduce_sum(_cross_entropy(told, odds), axis=[1, 2])
            loss = tf.reduce_sum(nats * share) / units
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [each.value for each in weights]), weights)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data: tuple[Tensors, tf.Tensor]) -> Tensors:
        """Gives `loss`: the negative log-likelihood in nats a unit, exact."""
        costs = self.costs(data[0]["note_state"], data[0]["first_step"])
        self.loss_tracker.update_state(costs.nats / float(NOTES * self._steps))
        return {"loss": self.loss_tracker.result()}

    def costs(self, note_state: tf.Tensor, first_step: tf.Tensor) -> Costs:
        """Computes what windows cost.

        The hidden units of a unit are made of what comes before it. So what they give back is its
        likelihood, which is normalized: its free energy is what a window costs.

        Args:
            note_state: uint8 `[batch, window_steps, 156]`.
            first_step: The step of its tune that each begins with, int64 `[batch]`.
        """
        odds = self({"note_state": note_state, "first_step": first_step})
        by_unit = _cross_entropy(tf.cast(note_state, tf.float32), odds)
        nats = tf.reduce_sum(by_unit, axis=[1, 2])
        return Costs(nats, nats, nats)

    def free_energy(self, note_state: tf.Tensor, first_step: tf.Tensor) -> tf.Tensor:
        """Computes the free energy of windows, as `costs` gives it: float32 `[batch]`."""
        return self.costs(note_state, first_step).free_energy

    def _of_rows(
        self, note_state: tf.Tensor, first_step: tf.Tensor, rows: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Computes log odds of some pitches of windows.

        Args:
            note_state: float32 `[batch, window_steps, 156]`.
            first_step: int64 `[batch]`.
            rows: Windows and pitches, int32 `[rows, 2]`.

        Returns:
            The log odds, and the units that they are of: float32 `[rows, window_steps, KINDS]`.
        """
        steps = tf.range(self._steps)
        phase = (tf.cast(first_step, tf.int32)[:, None] + steps) % BAR
        is_known = (steps > 0) | (first_step == 0)[:, None]
        echo = hearing.echoes(note_state)
        heard = self.heard(echo, hearing.whole(echo, phase, is_known), rows)
        hidden = self.expect(heard, self._rnn(heard))
        by_kind = tf.reshape(note_state, [-1, self._steps, KINDS, PITCHES])
        notes = tf.transpose(by_kind, [0, 3, 1, 2])
        hidden += around(notes, rows, -BELOW, tf.convert_to_tensor(self.below))
        below = tf.gather_nd(tf.cumsum(notes, axis=1, exclusive=True), rows)
        hidden += tf.einsum("ntk,kf->ntf", below, self.counts)
        before = tf.reduce_sum(tf.gather_nd(echo[:, :, :, 0], rows), axis=-1)
        state = tf.cast(before, tf.int32)
        state = tf.where(tf.gather(is_known, rows[:, 0]), state, metre.UNKNOWN)
        odds = self.log_odds(hidden, state, tf.gather(phase, rows[:, 0]), rows[:, 1:])
        told = tf.gather_nd(notes, rows)
        is_struck = told[..., 1] == 1
        sounds = tf.where(is_struck, _SURE, odds[..., 0])
        return tf.stack([sounds, odds[..., 1]], axis=-1), told


def _cross_entropy(units: tf.Tensor, odds: tf.Tensor) -> tf.Tensor:
    return tf.nn.sigmoid_cross_entropy_with_logits(units, odds)
