"""chinese_asr: how far a text is from what was said."""

from __future__ import annotations

import tensorflow as tf


def edit_distance(ids: tf.Tensor, reference: tf.Tensor) -> tf.Tensor:
    """Counts characters that must be put in, left out or changed.

    Args:
        ids: Texts, int64 `[batch, longest]`, 0 after the end.
        reference: What they should be, int64 `[batch, longest of its own]`, 0 after the end.

    Returns:
        float32 `[batch]`.
    """
    found = tf.edit_distance(
        tf.sparse.from_dense(ids), tf.sparse.from_dense(reference), normalize=False
    )
    return tf.ensure_shape(found, [None])


def length(ids: tf.Tensor) -> tf.Tensor:
    """Counts characters.

    Args:
        ids: int64 `[batch, longest]`, 0 after the end.

    Returns:
        float32 `[batch]`.
    """
    return tf.reduce_sum(tf.cast(ids != 0, tf.float32), axis=1)
