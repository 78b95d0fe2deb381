"""music_rbm: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.training.input_pipeline import Split
from modules.music_rbm import frequencies, held, orders, sampling
from modules.music_rbm.model import Costs
from modules.music_rbm.sampling import Order
from modules.music_rbm.task import NOTES, Settings

_SCORED_AT_ONCE = 32
_CALIBRATED_AT_ONCE = 128


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
            `notes`: float32 `[156]`; `held`: by what the pitch did before, float32 `[156, 4]`.
        """
        return {"notes": frequencies.fit(train), "held": held.fit(train)}

    def calibrate(self, train: Split) -> None:
        """Finds the mean free energy of the training split's windows."""
        mean = keras.metrics.Mean()
        free_energy = tf.function(self.model.free_energy, autograph=False, reduce_retracing=True)
        for features, _ in train.batches(_CALIBRATED_AT_ONCE):
            mean.update_state(free_energy(features["note_state"]))
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
        """Answers windows with `pseudo_likelihood`, float32 `[batch]`: nats that a unit costs.

        Args:
            raw: `note_state`, as the reader of MIDI files gives it.
        """
        costs = self._costs(self.transform({"note_state": raw["note_state"]})["note_state"])
        return {"pseudo_likelihood": costs.pseudo_likelihood / self._units}

    def score(self, raw: Tensors) -> Tensors:
        """Scores windows: what their units cost, by the model and by the baselines."""
        note_state = self.transform(raw)["note_state"]
        costs = self._costs(note_state)
        units = tf.fill([tf.shape(note_state)[0]], self._units)
        frequency, table = (
            tf.convert_to_tensor(self.baselines[name]) for name in ("notes", "held")
        )
        notes = frequencies.cost(frequency, note_state)
        scores = {
            "free_energy_gap__score": costs.free_energy - self._train_free_energy,
            "pseudo_likelihood__held": held.cost(table, frequency, note_state),
        }
        for name in ("pseudo_likelihood", "reconstruction"):
            scores[f"{name}__score"] = getattr(costs, name)
            scores[f"{name}__notes"] = notes
        return scores | {f"{metric.name}__weight": units for metric in self.task.metrics}

    def _costs(self, note_state: tf.Tensor) -> Costs:
        def of(inputs: Tensors) -> Tensors:
            return self.model.costs(inputs["note_state"])._asdict()

        return Costs(**in_chunks(of, {"note_state": note_state}, _SCORED_AT_ONCE))
