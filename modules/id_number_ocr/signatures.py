"""id_number_ocr: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf

from modules.common.export.saved_model import Servable
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.text.characters import most_frequent, to_texts
from modules.common.training.input_pipeline import Split
from modules.id_number_ocr.checksum import checksum_ok, is_date, repair
from modules.id_number_ocr.numbers import CHARACTERS, NUMBER_CHARS
from modules.id_number_ocr.task import Settings

_SEQUENCE_END = 16


class IdNumberOcrServable(Servable):
    """Answers a strip with its number."""

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the constant answer; see `Servable.fit_baselines`.

        Returns:
            `constant`: the most frequent character of each position, int64 `[18]`.
        """
        return {"constant": most_frequent(train["characters"], len(CHARACTERS))}

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for strips.

        Args:
            raw: `image`, encoded pictures, string `[batch]`.

        Returns:
            The task's serving outputs. Birth date and gender are the repaired number's.
        """
        log_probabilities = self._log_probabilities(self.transform({"image": raw["image"]}))
        ids = tf.argmax(log_probabilities, axis=-1)
        repaired, _ = repair(log_probabilities)
        repaired_number = to_texts(repaired, CHARACTERS)
        confidences = tf.exp(tf.reduce_max(log_probabilities, axis=-1))
        return {
            "number": to_texts(ids, CHARACTERS),
            "confidence": tf.reduce_prod(confidences, axis=-1),
            "checksum_ok": checksum_ok(ids),
            "repaired_number": repaired_number,
            "birth_date": _birth_date(repaired, repaired_number),
            "gender": tf.where(repaired[:, _SEQUENCE_END] % 2 == 1, "male", "female"),
            "character_confidences": confidences,
        }

    def score(self, raw: Tensors) -> Tensors:
        """Scores each strip: by number, by character, and what the check character is worth."""
        features = self.transform(raw)
        characters = features["characters"]
        log_probabilities = self._log_probabilities(features)
        ids = tf.argmax(log_probabilities, axis=-1)
        is_right = tf.reduce_all(ids == characters, axis=-1)
        is_wrong = tf.cast(~is_right, tf.float32)
        repaired, _ = repair(log_probabilities)
        is_right_after = tf.cast(tf.reduce_all(repaired == characters, axis=-1), tf.float32)
        is_naive_right = tf.cast(self.baselines["constant"] == characters, tf.float32)
        one = tf.ones_like(is_wrong)
        return {
            "number_accuracy__score": 1 - is_wrong,
            "number_accuracy__constant": tf.reduce_prod(is_naive_right, axis=-1),
            "number_accuracy__weight": one,
            "char_accuracy__score": tf.reduce_sum(tf.cast(ids == characters, tf.float32), axis=-1),
            "char_accuracy__constant": tf.reduce_sum(is_naive_right, axis=-1),
            "char_accuracy__weight": NUMBER_CHARS * one,
            "repaired_accuracy__score": is_right_after,
            "repaired_accuracy__weight": one,
            "errors_caught__score": is_wrong * tf.cast(~checksum_ok(ids), tf.float32),
            "errors_caught__weight": is_wrong,
            "errors_mended__score": is_wrong * is_right_after,
            "errors_mended__weight": is_wrong,
        }

    def _log_probabilities(self, features: Tensors) -> tf.Tensor:
        """float32 `[batch, 18, 11]`."""
        logits = self.model({"image": features["image"]}, training=False)
        return tf.nn.log_softmax(logits, axis=-1)


def _birth_date(ids: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """`YYYY-MM-DD`, string `[batch]`; empty where the digits are no date from 1800 to 2099."""
    places = ((6, 4), (10, 2), (12, 2))
    parts = [tf.strings.substr(number, start, length) for start, length in places]
    return tf.where(is_date(ids), tf.strings.join(parts, separator="-"), "")
