"""Batch normalization by TensorFlow's fused operation, which Keras 3 no longer uses.

Keras takes mean, variance and outputs, and the gradients of each, by a dozen operations that each
go through memory, in float32 whatever the layers around compute in. The fused one goes through it
a few times, forward and back, and takes bfloat16 as it is.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, with its weights and its results, made for training on processors.

    Fused is what has rows, at least one axis of places, and channels last. Batches with a mask, and
    what is not being trained, go Keras' own way; so does everything where `is_fused` is false,
    which whoever replaces `_moments` has to set.
    """

    is_fused = True

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Normalizes; in training takes note of the batch's mean and variance.

        Args:
            inputs: `[batch, ..., channels]`.
            training: Whether mean and variance are the batch's.
            mask: bool, `inputs` without its last axis; what is not counts.

        Returns:
            The same shape, of the layer's compute dtype.
        """
        has_places = len(inputs.shape) in (3, 4) and self.axis in (-1, len(inputs.shape) - 1)
        fits = self.is_fused and has_places and mask is None and not self.synchronized
        if not (fits and training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        pictures = inputs if len(inputs.shape) == 4 else inputs[:, :, None]
        outputs = self._fuse(pictures)
        return outputs if len(inputs.shape) == 4 else outputs[:, :, 0]

    def _fuse(self, pictures: tf.Tensor) -> tf.Tensor:
        """Normalizes `[batch, height, width, channels]` by the batch's mean and variance."""
        channels = pictures.shape[-1]
        scale = tf.cast(self.gamma, tf.float32) if self.scale else tf.ones([channels])
        offset = tf.cast(self.beta, tf.float32) if self.center else tf.zeros([channels])
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            pictures, scale, offset, epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.reduce_prod(tf.shape(pictures)[:3]), tf.float32)
        # It gives the variance of the population that the batch is a sample of; Keras keeps the
        # batch's own.
        self._remember(self.moving_mean, mean)
        self._remember(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _remember(self, average: Any, value: tf.Tensor) -> None:
        average.assign(average * self.momentum + value * (1 - self.momentum))
