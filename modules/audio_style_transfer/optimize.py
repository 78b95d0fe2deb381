"""audio_style_transfer: L-BFGS on the log magnitudes of one piece."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from modules.audio_style_transfer.network import Network, features, value_and_gradient

# Where the root is 0 its square has no slope, and would stay 0. Inaudible: a sine of full scale
# has a magnitude of 512.
_LEAST = 0.01
_CORRECTION_PAIRS = 10


def styled_frames(
    network: Network,
    content: tf.Tensor,
    target_gram: tf.Tensor,
    content_weight: tf.Tensor,
    iterations: tf.Tensor,
) -> tf.Tensor:
    """Changes a piece of the content so that its features' Gram matrix is the style's.

    Begins with the content. Square roots are optimized, so that no magnitude can be negative.

    Args:
        network: The filters.
        content: Log magnitudes, float32 `[n, bins]`, `n` at least `WIDTH_FRAMES`.
        target_gram: float32 `[filters, filters]`.
        content_weight: float32 scalar, 0 or more.
        iterations: Of L-BFGS, int32 scalar.

    Returns:
        Log magnitudes, float32 `[n, bins]`, 0 or more.
    """
    wanted = features(network, content)
    shape = tf.shape(content)

    def loss(flat: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        roots = tf.reshape(flat, shape)
        value, gradient = value_and_gradient(
            network, tf.square(roots), target_gram, wanted, content_weight
        )
        return value, tf.reshape(2.0 * roots * gradient, [-1])

    start = tf.reshape(tf.sqrt(tf.maximum(content, _LEAST)), [-1])
    return tf.square(tf.reshape(minimized(loss, start, iterations), shape))


def minimized(
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
        float32 `[n]`; where it begins, if the loss is level there.
    """
    # The first step goes down the gradient as far as that is long; without scaling, out of reach.
    steepness = tf.norm(loss(start)[1])
    scale = tf.math.divide_no_nan(1.0, steepness)

    def scaled(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value, gradient = loss(values)
        return scale * value, scale * gradient

    found = tfp.optimizer.lbfgs_minimize(
        scaled,
        start,
        num_correction_pairs=_CORRECTION_PAIRS,
        tolerance=1e-9,
        max_iterations=iterations,
        parallel_iterations=1,
    )
    return found.position
