"""audio_style_transfer: L-BFGS on the log magnitudes of one piece."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from modules.audio_style_transfer.network import Network, features, value_and_gradient

# At either end of its range a magnitude has no slope, and would stay there.
_LEAST_SHARE = 1e-3
_CORRECTION_PAIRS = 10


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
    found = tf.reshape(minimize(loss, start, iterations), shape)
    return loudest * tf.square(tf.sin(found))


def minimize(
    loss: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    start: tf.Tensor,
    iterations: tf.Tensor,
) -> tf.Tensor:
    """Minimizes by L-BFGS.

    Args:
        loss: Values, float32 `[n]`, to the loss, float32 scalar, and its gradient, `[n]`.
        start: float32 `[n]`, where to begin.
        iterations: Most iterations, int32 scalar.

    Returns:
        float32 `[n]`; where it begins, if the loss is level there, or nothing better was found.
    """
    # The first step goes down the gradient as far as that is long; without scaling, out of reach.
    before, gradient = loss(start)
    steepness = tf.norm(gradient)
    scale = tf.math.divide_no_nan(1.0, steepness)

    def evaluate(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value, gradient = loss(values)
        return scale * value, scale * gradient

    found = tfp.optimizer.lbfgs_minimize(
        evaluate,
        start,
        num_correction_pairs=_CORRECTION_PAIRS,
        tolerance=1e-9,
        max_iterations=iterations,
        parallel_iterations=1,
    )
    # A line search that fails may leave it anywhere.
    is_better = found.objective_value <= scale * before
    return tf.where(is_better, found.position, start)
