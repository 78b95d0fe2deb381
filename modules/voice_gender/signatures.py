"""voice_gender: what the served model answers, for properties and for recordings."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.common.export.request_checks import prepare_request
from modules.common.export.saved_model import Servable, trace
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.training.input_pipeline import Split
from modules.voice_gender import acoustic, baselines
from modules.voice_gender.properties import PROPERTIES
from modules.voice_gender.task import FEMALE, MALE, Settings


class VoiceGenderServable(Servable):
    """Network and machine with Transform's graph before them and labels behind them."""

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the majority and the support vector machine; see `Servable`."""
        return baselines.fit(train, settings)

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for the twenty properties.

        Args:
            raw: Property to float32 `[batch]`.

        Returns:
            `label`: string `[batch]`; `probability` of it: float32 `[batch]`, 0.5 to 1.
        """
        probability = self._probability(raw)
        is_female = probability >= 0.5
        return {
            "label": tf.where(is_female, FEMALE, MALE),
            "probability": tf.where(is_female, probability, 1 - probability),
        }

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers Classify: `classes` and `scores`, `[batch, 2]` each."""
        probability = self._probability(raw)
        classes = tf.tile(tf.constant([[FEMALE, MALE]]), [tf.size(probability), 1])
        return {"classes": classes, "scores": tf.stack([probability, 1 - probability], axis=1)}

    def answer_wav(self, wav: tf.Tensor) -> Tensors:
        """Answers for recordings.

        Args:
            wav: WAV files' bytes, string `[batch]`.

        Returns:
            What `answer` gives, and the twenty properties, float32 `[batch]` each.
        """
        columns = tf.unstack(acoustic.measure_wavs(wav), num=len(PROPERTIES), axis=1)
        properties = dict(zip(PROPERTIES, columns, strict=True))
        serving = self.task.serving
        return self.answer(prepare_request(properties, serving)) | properties

    def extra_signatures(self) -> dict[str, Any]:
        """Gives `serve_wav`, which takes recordings."""
        spec = tf.TensorSpec([None], tf.string, name="wav")
        return {"serve_wav": trace(self.answer_wav, spec)}

    def score(self, raw: Tensors) -> Tensors:
        """Scores the model and both baselines; see `Servable`."""
        features = self.transform(raw)
        is_female = features["is_female"]
        network, decision = self._decide(features)
        probability = tf.sigmoid(baselines.join(network, decision, self.baselines))

        def is_right(answer: tf.Tensor) -> tf.Tensor:
            return tf.cast(tf.equal(tf.cast(answer, tf.float32), is_female), tf.float32)

        majority = is_right(self.baselines["majority"] * tf.ones_like(is_female))
        return {
            "accuracy__score": is_right(probability >= 0.5),
            "accuracy__weight": tf.ones_like(is_female),
            "accuracy__majority": majority,
            "accuracy__svm": is_right(decision > 0),
            "network_accuracy__score": is_right(network >= 0),
            "network_accuracy__weight": tf.ones_like(is_female),
            "network_accuracy__majority": majority,
            "auc__score": probability,
            "auc__label": is_female,
            "ece__score": probability,
            "ece__label": is_female,
        }

    def _probability(self, raw: Tensors) -> tf.Tensor:
        """Probability of female, float32 `[batch]`."""
        columns = {name: tf.reshape(raw[name], [-1, 1]) for name in PROPERTIES}
        network, decision = self._decide(self.transform(columns))
        return tf.sigmoid(baselines.join(network, decision, self.baselines))

    def _decide(self, features: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
        """Gives the network's logit and the machine's decision, float32 `[batch]` each."""
        properties = features["properties"]
        network = self.model({"properties": properties}, training=False)
        return network, baselines.decide(self.baselines, properties)
