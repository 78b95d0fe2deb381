"""Feature maps of a backbone to a row of numbers for each picture."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf


def pool(stages: Sequence[tf.Tensor], pooling: str) -> tf.Tensor:
    """Pools feature maps over the picture.

    Args:
        stages: `[batch, h, w, c]` each, shallow to deep.
        pooling: `mean`; `mean+max`, which adds the maxima; or `quarters`, the means of the four
            quarters of the picture, so that it tells above from below.

    Returns:
        float32 `[batch, units]`, stage by stage.
    """
    parts = []
    for stage in (tf.cast(stage, tf.float32) for stage in stages):
        regions = _quarters(stage) if pooling == "quarters" else [stage]
        parts += [tf.reduce_mean(region, [1, 2]) for region in regions]
        if pooling == "mean+max":
            parts.append(tf.reduce_max(stage, [1, 2]))
    return tf.concat(parts, axis=-1)


def _quarters(stage: tf.Tensor) -> list[tf.Tensor]:
    """Cuts maps `[batch, h, w, c]` in four, row by row; of odd sizes the middle is in both."""
    height, width = tf.unstack(tf.shape(stage)[1:3])
    rows = (stage[:, : (height + 1) // 2], stage[:, height // 2 :])
    return [
        half for row in rows for half in (row[:, :, : (width + 1) // 2], row[:, :, width // 2 :])
    ]


class Pooling(keras.layers.Layer):
    """`pool` of the deepest stages of a backbone, in a model."""

    def __init__(self, stages: int, pooling: str) -> None:
        """Notes what to pool.

        Args:
            stages: How many, counted from the last.
            pooling: As `pool` takes it.
        """
        super().__init__(name="pooling", dtype="float32")
        self._stages = stages
        self._pooling = pooling

    def call(self, stages: dict[str, tf.Tensor]) -> tf.Tensor:
        """Pools.

        Args:
            stages: Feature maps by stage, shallow to deep.

        Returns:
            float32 `[batch, units]`.
        """
        return pool(list(stages.values())[-self._stages :], self._pooling)
