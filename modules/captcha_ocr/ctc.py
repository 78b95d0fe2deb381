"""captcha_ocr: from a character or a blank in each column to a text.

Source: A. Graves et al., "Connectionist Temporal Classification" (2006), best path decoding.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops


def collapse(
    probabilities: keras.KerasTensor, length: int
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Reads the best path: repeats count once, blanks not at all.

    Args:
        probabilities: float32 `[batch, columns, symbols]`; symbol 0 is the blank.
        length: Characters that are kept.

    Returns:
        Ids, int32 `[batch, length]`, 0 after the text; and for each the largest probability that
        it has in its columns, float32 `[batch, length]`, 1 after the text.
    """
    best = ops.cast(ops.argmax(probabilities, axis=-1), "int32")
    strength = ops.max(probabilities, axis=-1)
    before = ops.pad(best[:, :-1], [[0, 0], [1, 0]])
    begins = ops.logical_and(best != 0, best != before)
    place = ops.cumsum(ops.cast(begins, "int32"), axis=1) - 1
    place = ops.where(best != 0, place, -1)
    is_there = ops.one_hot(place, length, dtype="float32")  # [batch, columns, length]
    marks = ops.cast(best, "float32")[..., None]
    ids = ops.cast(ops.max(is_there * marks, axis=1), "int32")
    confidences = ops.max(is_there * strength[..., None], axis=1)
    return ids, ops.where(ids != 0, confidences, 1.0)


def text_probability(logits: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Probability of a text, over every way to spread it over the columns.

    Args:
        logits: float32 `[batch, columns, symbols]`.
        ids: Integers `[batch, length]`, 0 after the text.

    Returns:
        float32 `[batch]`, 0 to 1.
    """
    labels = tf.cast(ids, tf.int32)
    batch, columns = tf.shape(logits)[0], tf.shape(logits)[1]
    negative_log = tf.nn.ctc_loss(
        labels=labels,
        logits=logits,
        label_length=tf.reduce_sum(tf.cast(labels != 0, tf.int32), axis=1),
        logit_length=tf.fill([batch], columns),
        logits_time_major=False,
        blank_index=0,
    )
    return tf.exp(-negative_log)
