"""chinese_asr: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.chinese_asr import lm_weight, recordings, scoring
from modules.chinese_asr.baselines import best_by_duration, best_constant
from modules.chinese_asr.decoding import Decoded, decode
from modules.chinese_asr.features import VOCABULARY
from modules.chinese_asr.task import Settings
from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.models.trigram import fit_trigram
from modules.common.text.characters import to_texts
from modules.common.training.input_pipeline import Split

_AT_ONCE = 16
_UNKNOWN = "□"
"""Stands for a character that training did not have."""


class ChineseAsrServable(Servable):
    """Answers a recording with what is said in it."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Reads the vocabulary and the defaults of decoding; the weight comes by `calibrate`."""
        known = transform_output.vocabulary_by_name(VOCABULARY)
        self._symbols = ["", *(character.decode() for character in known), _UNKNOWN]
        self.lm_weight = tf.Variable(0.0, trainable=False)
        self.length_bonus = tf.Variable(self.settings.length_bonus, trainable=False)
        self._defaults = {entry.name: entry.default for entry in self.task.serving.inputs}

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the answers that hear nothing, and the language model; see `Servable.fit_baselines`.

        Returns:
            `constant`, int64 `[length]`; `by_duration`, a `ByDuration`; and `trigram`, a `Trigram`.
        """
        ids = train["characters"]
        # The training split has every character of the vocabulary; one more is unknown.
        trigram = fit_trigram(ids, int(np.max(ids)) + 2)
        return {
            "constant": best_constant(ids),
            "by_duration": best_by_duration(ids, train["n_frames"]),
            "trigram": trigram,
        }

    def calibrate(self, train: Split) -> None:
        """Chooses how the language model counts by default; see `lm_weight`."""
        chosen = lm_weight.choose(self.model, train, self.settings)
        self.lm_weight.assign(chosen.weight)
        self.length_bonus.assign(chosen.length_bonus)

    def answer(self, raw: Tensors) -> Tensors:
        """Answers for recordings.

        Args:
            raw: `wav`, string `[batch]`, recordings of any length; `beam_width`, int64 `[batch]`;
                `lm_weight`, float32 `[batch]`.

        Returns:
            The task's serving outputs, `[batch]` each.

        Raises:
            tf.errors.InvalidArgumentError: If a recording is no WAV file, holds no samples or
                lasts too long.
        """
        return in_chunks(self._answers_to_wavs, raw, _AT_ONCE)

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers `serve_examples` as `answer` does, with the default width and weight."""
        return in_chunks(
            lambda some: self._answers(some["pcm"]), {"pcm": tf.reshape(raw["pcm"], [-1])}, _AT_ONCE
        )

    def score(self, raw: Tensors) -> Tensors:
        """Scores each recording: characters that are wrong, and whether all are right."""
        return in_chunks(self._scores, raw, _AT_ONCE)

    def _answers_to_wavs(self, raw: Tensors) -> Tensors:
        pcm, seconds = recordings.to_pcm(
            raw["wav"],
            self.settings.sample_rate_hz,
            self.settings.max_served_seconds,
        )
        answers = self._answers(pcm, raw["beam_width"], raw["lm_weight"])
        return {**answers, "duration_s": seconds}

    def _answers(
        self, pcm: tf.Tensor, width: tf.Tensor | None = None, weight: tf.Tensor | None = None
    ) -> Tensors:
        decoded = self._decode(self.transform({"pcm": pcm}), width, weight)
        samples = tf.cast(tf.strings.length(pcm) // 2, tf.float32)
        return {
            "text": to_texts(decoded.ids, self._symbols),
            "confidence": decoded.confidence,
            "duration_s": samples / self.settings.sample_rate_hz,
        }

    def _scores(self, raw: Tensors) -> Tensors:
        features = self.transform(raw)
        reference = features["characters"]
        # What training did not have is right for no answer.
        is_unknown = reference == len(self._symbols) - 1
        reference = tf.where(is_unknown, reference + 1, reference)
        batch = tf.shape(reference)[0]
        constant = tf.convert_to_tensor(self.baselines["constant"])
        from_frames, by_duration = map(tf.convert_to_tensor, self.baselines["by_duration"])
        frames = tf.cast(features["n_frames"], from_frames.dtype)
        duration = tf.searchsorted(from_frames, frames, side="right") - 1
        answers = {
            "score": self._decode(features).ids,
            "constant": tf.tile(constant[None], [batch, 1]),
            "by_duration": tf.gather(by_duration, duration),
        }
        scores = {}
        for name, ids in answers.items():
            wrong = scoring.edit_distance(ids, reference)
            scores[f"cer__{name}"] = wrong
            scores[f"text_accuracy__{name}"] = tf.cast(wrong == 0, tf.float32)
        return {
            **scores,
            "cer__weight": scoring.length(reference),
            "text_accuracy__weight": tf.ones([batch]),
        }

    def _decode(
        self,
        features: Tensors,
        width: tf.Tensor | None = None,
        weight: tf.Tensor | None = None,
    ) -> Decoded:
        """Reads texts off features; width and weight are the defaults if `None`."""
        n_frames = features["n_frames"]
        if width is None or weight is None:
            width, weight = (
                tf.fill(tf.shape(n_frames), tf.constant(self._defaults[name], dtype))
                for name, dtype in (("beam_width", tf.int64), ("lm_weight", tf.float32))
            )
        # Where one text is followed alone, none is there for the language model to choose.
        chosen = tf.where(width > 1, self.lm_weight, 0.0)
        weight = tf.where(weight < 0, chosen, weight)
        logits = self.model({"frames": features["frames"], "n_frames": n_frames}, training=False)
        trigram = self.baselines["trigram"]
        return decode(logits, n_frames, width, weight, trigram, self.length_bonus)
