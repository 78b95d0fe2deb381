"""music_rbm: the RBM and the RNN-RBM, whole, and how they learn.

Both are one restricted Boltzmann machine seen many times. The RBM's visible units are all those of
a window, and each window is seen once. The RNN-RBM's are those of one step; each step is seen with
biases that a recurrent network sets from the steps before, and all steps of all windows at once.

Source: G. Hinton, "A Practical Guide to Training Restricted Boltzmann Machines" (2010); N.
Boulanger-Lewandowski, Y. Bengio & P. Vincent, "Modeling Temporal Dependencies in High-Dimensional
Sequences" (2012).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.common.training.input_pipeline import Split
from modules.music_rbm import frequencies, rbm
from modules.music_rbm.costs import Costs
from modules.music_rbm.rbm import Machine
from modules.music_rbm.task import NOTES, Settings

# Of the weights at first, as Hinton advises.
_DEVIATION = 0.01
_HIDDEN, _RECURRENT = 64, 100
# Steps of each window of whose units the training loss is; of what is held out all are.
_WATCHED_STEPS = 16


class Machines(keras.Model):
    """What both models share: contrastive divergence, and what windows cost."""

    def __init__(self, settings: Settings, units: int) -> None:
        """Makes a machine of so many visible units; see `model.build_model`."""
        super().__init__(name=settings.model)
        hidden, seed = settings.hidden_units or _HIDDEN, settings.seed
        self._steps = settings.window_steps
        self._cd_steps = settings.cd_steps
        small = keras.initializers.RandomNormal(stddev=_DEVIATION, seed=seed)
        self.kernel = self.add_weight((units, hidden), small, name="kernel")
        self.visible_bias = self.add_weight((units,), "zeros", name="visible_bias")
        self.hidden_bias = self.add_weight((hidden,), "zeros", name="hidden_bias")
        self.randomness = keras.random.SeedGenerator(seed)
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What an epoch's figures are."""
        return [self.loss_tracker]

    def adapt(self, train: Split) -> None:
        """Sets the visible units' biases to the log odds of how often notes are on.

        So the weights need learn only what frequencies do not tell.

        Args:
            train: The training split.
        """
        found = frequencies.log_odds(frequencies.fit(train))
        self.visible_bias.assign(tf.tile(found, [self.visible_bias.shape[0] // NOTES]))

    def conditioned(self, note_state: tf.Tensor) -> tuple[Machine, tf.Tensor]:
        """Gives what the machine sees of windows, and the machine with its biases.

        Args:
            note_state: float32 `[batch, steps, 156]`.

        Returns:
            The machine; and visible units `[rows, units]`, those of each window in succession.
        """
        raise NotImplementedError

    def chain_ends(self, machine: Machine, data: tf.Tensor) -> tf.Tensor:
        """Gives what is set against data: `[chains, units]`."""
        return rbm.gibbs(machine, data, self._cd_steps, self._uniform)

    def call(self, inputs: Tensors) -> tf.Tensor:
        """Gives windows back from the hidden units' means; see `model.build_model`."""
        note_state = tf.cast(inputs["note_state"], tf.float32)
        machine, visible = self.conditioned(note_state)
        hidden = tf.sigmoid(rbm.compute_hidden_logits(machine, visible))
        return tf.reshape(rbm.visible_logits(machine, hidden), tf.shape(note_state))

    def train_step(self, data: tuple[Tensors, tf.Tensor]) -> Tensors:
        """Takes a step down the gradient of contrastive divergence.

        Args:
            data: A batch's features, and the label, which is one of them.

        Returns:
            `loss`: what `test_step` gives, estimated from a few steps of each window.
        """
        note_state = tf.cast(data[0]["note_state"], tf.float32)
        with tf.GradientTape() as tape:
            machine, visible = self.conditioned(note_state)
            chains = self.chain_ends(machine, visible)
            contrast = rbm.contrast(machine, visible, chains)
        self.optimizer.apply(
            tape.gradient(contrast, [weight.value for weight in self.trainable_variables]),
            self.trainable_variables,
        )
        watched = keras.random.shuffle(tf.range(self._steps), seed=self.randomness)[:_WATCHED_STEPS]
        costs = self.pseudo_likelihood(machine, visible, note_state, watched)
        self.loss_tracker.update_state(costs / float(NOTES * watched.shape[0]))
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data: tuple[Tensors, tf.Tensor]) -> Tensors:
        """Gives `loss`: the negative log pseudo-likelihood in nats a unit, exact."""
        note_state = tf.cast(data[0]["note_state"], tf.float32)
        machine, visible = self.conditioned(note_state)
        costs = self.pseudo_likelihood(machine, visible, note_state, tf.range(self._steps))
        self.loss_tracker.update_state(costs / float(NOTES * self._steps))
        return {"loss": self.loss_tracker.result()}

    def costs(self, note_state: tf.Tensor, first_step: tf.Tensor) -> Costs:
        """Computes what windows cost.

        Args:
            note_state: uint8 `[batch, window_steps, 156]`.
            first_step: Not used.
        """
        note_state = tf.cast(note_state, tf.float32)
        machine, visible = self.conditioned(note_state)
        by_unit = rbm.cross_entropy(note_state, self({"note_state": note_state}))
        return Costs(
            self.pseudo_likelihood(machine, visible, note_state, tf.range(self._steps)),
            tf.reduce_sum(by_unit, axis=[1, 2]),
            self.free_energy(note_state, first_step),
        )

    def free_energy(self, note_state: tf.Tensor, first_step: tf.Tensor) -> tf.Tensor:
        """Computes the free energy of windows, as `costs` gives it: float32 `[batch]`."""
        machine, visible = self.conditioned(tf.cast(note_state, tf.float32))
        by_row = rbm.free_energy(machine, visible)
        return tf.reduce_sum(tf.reshape(by_row, [tf.shape(note_state)[0], -1]), axis=1)

    def pseudo_likelihood(
        self, machine: Machine, visible: tf.Tensor, note_state: tf.Tensor, steps: tf.Tensor
    ) -> tf.Tensor:
        """Computes the negative log-likelihood of each unit of some steps, given all others.

        Step by step, since flipping a unit costs as much memory as there are hidden units.

        Args:
            machine: What `conditioned` gave.
            visible: Likewise.
            note_state: float32 `[batch, window_steps, 156]`.
            steps: Which ones, int32 `[n]`.

        Returns:
            Nats, summed over the steps' units, float32 `[batch]`.
        """
        logits = rbm.compute_hidden_logits(machine, visible)

        def of_step(step: tf.Tensor) -> tf.Tensor:
            part, part_logits = self.part_of_step(machine, logits, step)
            return tf.reduce_sum(rbm.surprise(part, note_state[:, step], part_logits), axis=1)

        by_step = tf.map_fn(of_step, steps, fn_output_signature=tf.TensorSpec([None], tf.float32))
        return tf.reduce_sum(by_step, axis=0)

    def part_of_step(
        self, machine: Machine, logits: tf.Tensor, step: tf.Tensor
    ) -> tuple[Machine, tf.Tensor]:
        """Gives the part of the machine that sees one step, and its hidden units' log odds.

        Args:
            machine: What `conditioned` gave.
            logits: `[rows, hidden]`.
            step: A scalar.
        """
        raise NotImplementedError

    def _uniform(self, shape: tf.Tensor) -> tf.Tensor:
        return keras.random.uniform(shape, seed=self.randomness)


class Rbm(Machines):
    """One machine over all units of a window."""

    def __init__(self, settings: Settings) -> None:
        """Makes the weights; see `model.build_model`."""
        super().__init__(settings, settings.window_steps * NOTES)
        self._chains: keras.Variable | None = None
        if settings.persistent:
            shape = (settings.persistent_chains, self.kernel.shape[0])
            self._chains = self.add_weight(shape, "zeros", trainable=False, name="chains")
        self.built = True

    def conditioned(self, note_state: tf.Tensor) -> tuple[Machine, tf.Tensor]:
        """Gives windows as rows; see `Machines.conditioned`."""
        return self.machine(), tf.reshape(note_state, [-1, self.kernel.shape[0]])

    def machine(self) -> Machine:
        """Gives the machine."""
        return Machine(
            *map(tf.convert_to_tensor, (self.kernel, self.visible_bias, self.hidden_bias))
        )

    def chain_ends(self, machine: Machine, data: tf.Tensor) -> tf.Tensor:
        """Goes on with the persistent chains, where there are any."""
        if self._chains is None:
            return super().chain_ends(machine, data)
        ends = super().chain_ends(machine, tf.convert_to_tensor(self._chains))
        self._chains.assign(ends)
        return ends

    def part_of_step(
        self, machine: Machine, logits: tf.Tensor, step: tf.Tensor
    ) -> tuple[Machine, tf.Tensor]:
        """Cuts the step's units out; see `Machines.part_of_step`."""
        units = slice(step * NOTES, (step + 1) * NOTES)
        part = Machine(machine.kernel[units], machine.visible_bias[units], machine.hidden_bias)
        return part, logits


class RnnRbm(Machines):
    """A machine over the units of a step, with biases from the steps before."""

    def __init__(self, settings: Settings) -> None:
        """Makes the weights; see `model.build_model`."""
        super().__init__(settings, NOTES)
        units, seed = settings.rnn_units or _RECURRENT, settings.seed
        small = keras.initializers.RandomNormal(stddev=_DEVIATION, seed=seed + 1)
        self.rnn = keras.layers.SimpleRNN(units, return_sequences=True, name="rnn")
        self.to_visible = keras.layers.Dense(
            NOTES, use_bias=False, kernel_initializer=small, name="to_visible_bias"
        )
        self.to_hidden = keras.layers.Dense(
            self.kernel.shape[1], use_bias=False, name="to_hidden_bias"
        )
        self.rnn.build((None, None, NOTES))
        for layer in (self.to_visible, self.to_hidden):
            layer.build((None, units))
        self.built = True

    def conditioned(self, note_state: tf.Tensor) -> tuple[Machine, tf.Tensor]:
        """Gives steps as rows, biases by row; see `Machines.conditioned`."""
        # A step knows those before it: all are moved on by one, and silence comes in.
        before = tf.pad(note_state[:, :-1], [[0, 0], [1, 0], [0, 0]])
        memory = self.rnn(before)
        memory = tf.reshape(memory, [-1, memory.shape[-1]])
        return self.machine(memory), tf.reshape(note_state, [-1, NOTES])

    def machine(self, memory: tf.Tensor) -> Machine:
        """Gives the machine with the biases that the steps before make.

        Args:
            memory: The recurrent network's units after them, `[rows, rnn_units]`.
        """
        return Machine(
            tf.convert_to_tensor(self.kernel),
            self.visible_bias + self.to_visible(memory),
            self.hidden_bias + self.to_hidden(memory),
        )

    def part_of_step(
        self, machine: Machine, logits: tf.Tensor, step: tf.Tensor
    ) -> tuple[Machine, tf.Tensor]:
        """Takes the step's rows; see `Machines.part_of_step`."""
        rows = tf.range(step, tf.shape(logits)[0], self._steps)
        biases = (tf.gather(bias, rows) for bias in (machine.visible_bias, machine.hidden_bias))
        return Machine(machine.kernel, *biases), tf.gather(logits, rows)
