"""image_retrain: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.runtime.errors import TaskError
from modules.common.training.input_pipeline import Split
from modules.image_retrain import baselines
from modules.image_retrain.settings import CLASSES, Settings, trains_on_pictures
from modules.image_retrain.task import DEFAULT_TOP_K

_PICTURES_AT_ONCE = 16


class ImageRetrainServable(Servable):
    """Answers a picture with its likeliest classes."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Reads the classes' names.

        Raises:
            TaskError: If `temperature` is not above 0.
        """
        if self.settings.temperature <= 0:
            raise TaskError(f"temperature must be above 0, found {self.settings.temperature}")
        self._names = transform_output.vocabulary_by_name(CLASSES)

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the logistic regressions; see `Servable.fit_baselines`.

        Returns:
            `mean_colour` and `linear`, each a kernel `[units, classes]` and a bias `[classes]`,
            float32.
        """
        labels, seed = train["label"], settings.seed
        values = {
            "mean_colour": baselines.mean_colour(train["thumbnail"]).numpy(),
            "linear": train[_flatten_for_linear(settings)],
        }
        return {name: baselines.fit(seen, labels, seed) for name, seen in values.items()}

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for pictures.

        Args:
            raw: `image`, encoded pictures, string `[batch]`, and `top_k`, int64 `[batch]`.

        Returns:
            `labels` string and `probabilities` float32, `[batch, k]`, likeliest first; k is the
            largest `top_k`, at most the number of classes, and what one picture did not ask for
            is empty and 0.
        """
        features = self.transform({"image": raw["image"]})
        return self._answers(self._logits(features), raw["top_k"])

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers `serve_examples` as `answer` does, with the default `top_k`."""
        wanted = tf.fill([tf.shape(raw["image"])[0]], tf.constant(DEFAULT_TOP_K, tf.int64))
        return self.answer({"image": tf.reshape(raw["image"], [-1]), "top_k": wanted})

    def score(self, raw: Tensors) -> Tensors:
        """Scores each picture: whether its class is the likeliest, or among the five likeliest."""
        features = self.transform(raw)
        label = features["label"]
        seen = features[_flatten_for_linear(self.settings)]
        colour = baselines.mean_colour(features["thumbnail"])
        logits = {
            "score": self._logits(features),
            "mean_colour": baselines.logits(colour, self.baselines["mean_colour"]),
            "linear": baselines.logits(seen, self.baselines["linear"]),
        }
        ones = tf.ones_like(label, tf.float32)
        scores = {"accuracy__weight": ones, "top_5_accuracy__weight": ones}
        for name, values in logits.items():
            is_right = tf.equal(tf.argmax(values, axis=1), label)
            scores[f"accuracy__{name}"] = tf.cast(is_right, tf.float32)
            is_among = tf.math.in_top_k(label, values, 5)
            scores[f"top_5_accuracy__{name}"] = tf.cast(is_among, tf.float32)
        return scores

    def _answers(self, logits: tf.Tensor, wanted: tf.Tensor) -> Tensors:
        most = tf.reduce_max(tf.concat([wanted, [1]], axis=0))
        count = tf.cast(tf.minimum(most, len(self._names)), tf.int32)
        # Smoothed labels make a model timid; the order stays.
        sharpened = logits / self.settings.temperature
        probabilities, ids = tf.math.top_k(tf.nn.softmax(sharpened), count)
        is_wanted = tf.range(tf.cast(count, tf.int64)) < wanted[:, None]
        return {
            "labels": tf.where(is_wanted, tf.gather(tf.constant(self._names), ids), ""),
            "probabilities": tf.where(is_wanted, probabilities, 0.0),
        }

    def _logits(self, features: Tensors) -> tf.Tensor:
        def of(batch: Tensors) -> Tensors:
            return {"logits": self.model(batch, training=False)}

        inputs = {name: values for name, values in features.items() if name != "label"}
        if not trains_on_pictures(self.settings):
            return of(inputs)["logits"]
        return in_chunks(of, inputs, _PICTURES_AT_ONCE)["logits"]


def _flatten_for_linear(settings: Settings) -> str:
    return "thumbnail" if trains_on_pictures(settings) else "bottleneck"
