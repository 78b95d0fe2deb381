"""music_rbm: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.training.input_pipeline import Split
from modules.music_rbm import frequencies, held, metre, orders, sampling
from modules.music_rbm.costs import Costs
from modules.music_rbm.figures import measure
from modules.music_rbm.orders import Order
from modules.music_rbm.task import NOTES, Settings

_SCORED_AT_ONCE = 32
# Windows of the training split whose mean free energy is taken: batches, and windows of each.
_CALIBRATED, _CALIBRATED_AT_ONCE = 16, 32
# What a unit is told of the others where a model's nats are counted, and the baseline's with them.
_TOLD = {"rnn_nade": "before", "rnn_rbm": "step", "rbm": "all"}


class MusicRbmServable(Servable):
    """Answers an order with music."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Makes room for what `calibrate` finds."""
        self._train_free_energy = tf.Variable(0.0, trainable=False, name="train_free_energy")
        self._units = float(self.settings.window_steps * NOTES)

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Counts how often notes are on; see `Servable.fit_baselines`.

        Returns:
            `notes`: float32 `[156]`; `held`: by what the pitch did before, float32 `[156, 4]`;
            `metre`: by that and the place in the bar, float32 `[4, 16, 78, 3]`.
        """
        return {
            "notes": frequencies.fit(train),
            "held": held.fit(train),
            "metre": metre.fit(train),
        }

    def calibrate(self, train: Split) -> None:
        """Finds the training windows' mean free energy and what their music is like, of 512."""
        mean = keras.metrics.Mean()
        heard: list[np.ndarray] = []
        free_energy = tf.function(self.model.free_energy, autograph=False, reduce_retracing=True)
        some = train.batches(_CALIBRATED_AT_ONCE, self.settings.seed).take(_CALIBRATED)
        for windows, _ in some:
            mean.update_state(free_energy(windows["note_state"], windows["first_step"]))
            heard.extend(windows["note_state"].numpy())
        self.of_training = measure(heard)
        self._train_free_energy.assign(mean.result())

    def answer(self, raw: Tensors) -> Tensors:
        """Draws music.

        Args:
            raw: The task's serving inputs, `[batch, ...]` each.

        Returns:
            `note_state`: uint8 `[batch, most steps, 156]`.

        Raises:
            tf.errors.InvalidArgumentError: See `orders.check_primer`.
        """
        given = orders.check_primer(raw)
        longest = tf.reduce_max(tf.concat([[0], tf.cast(given["steps"], tf.int32)], axis=0))
        frequency = tf.convert_to_tensor(self.baselines["notes"])

        def one(given: Tensors) -> Tensors:
            order = Order(
                steps=tf.cast(given["steps"][0], tf.int32),
                gibbs_steps=tf.cast(given["gibbs_steps"][0], tf.int32),
                temperature=given["temperature"][0],
                seed=given["seed"][0],
                primer=tf.cast(given["primer"][0], tf.float32),
            )
            music = sampling.sample(self.model, order, frequency)
            return {"note_state": tf.pad(music, [[0, longest - order.steps], [0, 0]])[None]}

        return in_chunks(one, {name: given[name] for name in Order._fields}, 1)

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers windows with `nats_per_unit`, float32 `[batch]`: what a unit costs.

        Args:
            raw: `note_state` and `first_step`, as the reader of MIDI files gives them.
        """
        return {"nats_per_unit": self._costs(self.transform(raw)).nats / self._units}

    def score(self, raw: Tensors) -> Tensors:
        """Scores windows: what their units cost, by the model and by the baselines."""
        windows = self.transform(raw)
        note_state, first_step = windows["note_state"], windows["first_step"]
        costs = self._costs(windows)
        frequency, table, by_metre = (
            tf.convert_to_tensor(self.baselines[name]) for name in ("notes", "held", "metre")
        )
        notes = frequencies.cost(frequency, note_state)
        told = _TOLD[self.settings.model]
        units = tf.fill(tf.shape(first_step), self._units)
        return {
            "nats_per_unit__score": costs.nats,
            "nats_per_unit__notes": notes,
            "nats_per_unit__held": held.cost(table, frequency, note_state),
            "nats_per_unit__metre": metre.cost(by_metre, note_state, first_step, told),
            "reconstruction__score": costs.reconstruction,
            "reconstruction__notes": notes,
            "free_energy_gap__score": costs.free_energy - self._train_free_energy,
            **{f"{metric.name}__weight": units for metric in self.task.metrics},
        }

    def _costs(self, windows: Tensors) -> Costs:
        def of(given: Tensors) -> Tensors:
            return self.model.costs(given["note_state"], given["first_step"])._asdict()

        return Costs(**in_chunks(of, windows, _SCORED_AT_ONCE))
