"""audio_style_transfer: L-BFGS on the log magnitudes of one piece."""

from __future__ import annotations

import tensorflow as tf

from modules.audio_style_transfer import lbfgs
from modules.audio_style_transfer.network import Network, features, value_and_gradient

# At either end of its range a magnitude has no slope, and would stay there.
_LEAST_SHARE = 1e-3


def restyle_frames(
    network: Network,
    frames: tf.Tensor,
    content: tf.Tensor,
    target_gram: tf.Tensor,
    loudest: tf.Tensor,
    content_weight: tf.Tensor,
    iterations: tf.Tensor,
) -> tf.Tensor:
    """Changes a piece of sound so that its features' Gram matrix is the style's.

    What is optimized are angles, of whose sines magnitudes are made: so they can neither be
    negative nor out of all proportion, which no sound could follow.

    Args:
        network: The filters.
        frames: Log magnitudes to begin with, float32 `[n, bins]`, `n` at least `WIDTH_FRAMES`.
        content: Those of the content, float32 `[n, bins]`.
        target_gram: float32 `[filters, filters]`.
        loudest: Bound of the log magnitudes, float32 `[bins]`, above 0.
        content_weight: float32 scalar, 0 or more.
        iterations: Of L-BFGS, int32 scalar.

    Returns:
        Log magnitudes, float32 `[n, bins]`, 0 to `loudest`.
    """
    wanted = features(network, content)
    shape = tf.shape(frames)

    def loss(flat: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        angles = tf.reshape(flat, shape)
        value, gradient = value_and_gradient(
            network, loudest * tf.square(tf.sin(angles)), target_gram, wanted, content_weight
        )
        return value, tf.reshape(loudest * tf.sin(2.0 * angles) * gradient, [-1])

    share = tf.clip_by_value(frames / loudest, _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    start = tf.reshape(tf.asin(tf.sqrt(share)), [-1])
    found = tf.reshape(lbfgs.minimize(loss, start, iterations).position, shape)
    return loudest * tf.square(tf.sin(found))
