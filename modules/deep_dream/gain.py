"""deep_dream: how much more strongly layers answer a dreamt picture, and one with as much noise."""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.deep_dream.dream import RiseOf, ascend

_NOISE_SEED = (7, 7)
# By clipping, noise loses a part of its size that depends on the picture.
_NOISE_ROUNDS = 12
_TINY = 1e-12


def log_ratios(rise_of: RiseOf, pictures: tf.Tensor, iterations: int, step: float) -> Tensors:
    """Compares the objective after a dream and after noise with that before.

    Args:
        rise_of: Gives the objective.
        pictures: float32 `[n, h, w, 3]`, 0 to 255.
        iterations: Steps of the dream.
        step: Mean change of a pixel by a step, in grey levels.

    Returns:
        `dream` and `noise`, float32 `[n]` each: the natural logarithm of after over before.
    """
    dreamt = ascend(rise_of, pictures, iterations, step)
    noised = noisy(pictures, change_size(pictures, dreamt))
    before, after, as_noise = (
        tf.math.log(rise_of(seen)[0] + _TINY) for seen in (pictures, dreamt, noised)
    )
    return {"dream": after - before, "noise": as_noise - before}


def change_size(pictures: tf.Tensor, changed: tf.Tensor) -> tf.Tensor:
    """Gives the root mean square of a change, in grey levels.

    Args:
        pictures: float32 `[n, h, w, 3]`.
        changed: The same shape.

    Returns:
        float32 `[n]`.
    """
    return tf.sqrt(tf.reduce_mean(tf.square(changed - pictures), axis=[1, 2, 3]))


def noisy(pictures: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """Adds normal noise, the same to every picture but for its size.

    Args:
        pictures: float32 `[n, h, w, 3]`, 0 to 255.
        sizes: Root mean square of what is to change, in grey levels, float32 `[n]`.

    Returns:
        float32 `[n, h, w, 3]`, 0 to 255.
    """
    noise = tf.random.stateless_normal(tf.shape(pictures)[1:], _NOISE_SEED)

    def with_noise(scales: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(pictures + scales[:, None, None, None] * noise, 0.0, 255.0)

    scales = sizes
    for _ in range(_NOISE_ROUNDS):
        scales *= tf.math.divide_no_nan(sizes, change_size(pictures, with_noise(scales)))
    return with_noise(scales)
