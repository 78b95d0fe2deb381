"""chinese_asr: from logits to a text and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.chinese_asr import beam
from modules.common.models import ctc
from modules.common.models.trigram import Trigram


class Decoded(NamedTuple):
    """Texts.

    Attributes:
        ids: int64 `[batch, longest]`, 0 after the text.
        confidence: The text's probability given the recording, over every way to spread it over
            the frames, to the power of one over its number of characters (that of an empty text
            as it is): what one character gets, so that long texts can be compared with short
            ones. float32 `[batch]`, 0 to 1.
    """

    ids: tf.Tensor
    confidence: tf.Tensor


def decode(
    logits: tf.Tensor,
    n_frames: tf.Tensor,
    beam_width: tf.Tensor,
    lm_weight: tf.Tensor,
    trigram: Trigram,
    length_bonus: float | tf.Tensor,
) -> Decoded:
    """Reads the text of each recording.

    A width of 1 without a language model reads the best path, the likeliest symbol of each frame;
    any other is `beam.search`.

    Args:
        logits: float32 `[batch, frames, symbols]`, symbol 0 is the blank.
        n_frames: Integers `[batch]`, 1 or more; later frames do not matter.
        beam_width: Integers `[batch]`, 1 or more.
        lm_weight: float32 `[batch]`, 0 (no language model) or more.
        trigram: The language model.
        length_bonus: As for `beam.search`.
    """
    is_greedy = (beam_width == 1) & (lm_weight == 0.0)
    best_path, _ = ctc.collapse(logits, n_columns=n_frames)

    def search() -> tf.Tensor:
        found = beam.search(logits, n_frames, beam_width, lm_weight, trigram, length_bonus)
        longest = tf.maximum(tf.shape(found)[1], tf.shape(best_path)[1])
        return tf.where(is_greedy[:, None], _fill_up(best_path, longest), _fill_up(found, longest))

    ids = tf.cond(tf.reduce_all(is_greedy), lambda: best_path, search)
    characters = tf.reduce_sum(tf.cast(ids != 0, tf.float32), axis=1)
    log_probability = ctc.text_log_probability(logits, ids, n_frames)
    return Decoded(tf.cast(ids, tf.int64), tf.exp(log_probability / tf.maximum(characters, 1)))


def _fill_up(ids: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    return tf.pad(ids, [[0, 0], [0, length - tf.shape(ids)[1]]])
