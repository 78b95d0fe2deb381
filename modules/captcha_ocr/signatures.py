"""captcha_ocr: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf

from modules.captcha_ocr.charsets import symbols
from modules.captcha_ocr.model import read
from modules.captcha_ocr.task import Settings
from modules.common.export.saved_model import Servable
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.models import ctc
from modules.common.text.characters import most_frequent, to_texts
from modules.common.training.input_pipeline import Split


class CaptchaOcrServable(Servable):
    """Answers a captcha with its text."""

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the constant answer; see `Servable.fit_baselines`.

        Returns:
            `constant`: the most frequent character of each position, int64 `[6]`.
        """
        return {"constant": most_frequent(train["characters"], len(symbols(settings.charset)))}

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for captchas.

        Args:
            raw: `image`, encoded pictures, string `[batch]`.

        Returns:
            The task's serving outputs.
        """
        logits = self._logits(self.transform({"image": raw["image"]}))
        head = self.settings.head
        ids, confidences = read(logits, head)
        if head == "ctc":
            confidence = ctc.text_probability(logits, ids)
        else:
            confidence = tf.reduce_prod(confidences, axis=-1)
        return {
            "text": to_texts(ids, symbols(self.settings.charset)),
            "confidence": confidence,
            "character_confidences": confidences,
        }

    def score(self, raw: Tensors) -> Tensors:
        """Scores each captcha, whole and by character."""
        features = self.transform(raw)
        ids, _ = read(self._logits(features), self.settings.head)
        characters = features["characters"]
        is_there = tf.cast(characters != 0, tf.float32)
        scores = {}
        for name, answers in (("score", ids), ("constant", self.baselines["constant"])):
            is_right = tf.cast(tf.cast(answers, characters.dtype) == characters, tf.float32)
            scores[f"text_accuracy__{name}"] = tf.reduce_prod(is_right, axis=-1)
            scores[f"char_accuracy__{name}"] = tf.reduce_sum(is_right * is_there, axis=-1)
        return {
            **scores,
            "text_accuracy__weight": tf.ones_like(is_there[:, 0]),
            "char_accuracy__weight": tf.reduce_sum(is_there, axis=-1),
        }

    def _logits(self, features: Tensors) -> tf.Tensor:
        return self.model({"image": features["image"]}, training=False)
