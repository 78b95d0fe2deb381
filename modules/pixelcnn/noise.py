"""pixelcnn: the noise that makes the likeliest value a drawn one.

The largest of logits plus Gumbel noise is a draw from their softmax. A picture's noise depends on
its seed, its number and the place alone, so that it comes out the same whatever else is drawn at
the same time; and a value that is known already gets so much that it always wins.

Source: E. J. Gumbel, "Statistical Theory of Extreme Values and Some Practical Applications" (1954).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from modules.pixelcnn.task import LEVELS

# A row to what is added to the logits of its values before the largest is taken, float32
# `[size, channels, batch, 256]`.
NoiseOfRow = Callable[[tf.Tensor], tf.Tensor]

# More than logits and noise can be.
_CERTAIN = 1e9
# Zero has no logarithm.
_LEAST = float(np.finfo(np.float32).tiny)


def noise_of_row(
    seed: tf.Tensor,
    number: tf.Tensor,
    temperature: tf.Tensor,
    known: tf.Tensor,
    known_rows: tf.Tensor,
) -> NoiseOfRow:
    """Makes the noise of a batch of pictures.

    Args:
        seed: int64 `[batch]`.
        number: Of the picture among those of its seed, int64 `[batch]`.
        temperature: float32 `[batch]`: 1 draws from the model's distribution, less draws what is
            likelier more often, and 0 takes the likeliest value.
        known: uint8 `[batch, size, size, channels]`.
        known_rows: How many rows of `known` are to be kept, from above, int32 `[batch]`.

    Returns:
        See `NoiseOfRow`.
    """
    _, size, _, channels = known.shape
    keys = tf.stack([seed, number], axis=1)

    def of_row(row: tf.Tensor) -> tf.Tensor:
        def gumbel(key: tf.Tensor) -> tf.Tensor:
            uniform = tf.random.stateless_uniform(
                [size, channels, LEVELS],
                tf.random.fold_in(key, tf.cast(row, tf.int64)),
                minval=_LEAST,
            )
            return -tf.math.log(-tf.math.log(uniform))

        drawn = tf.map_fn(gumbel, keys, fn_output_signature=tf.float32)
        drawn *= temperature[:, None, None, None]
        is_known = tf.cast(row < known_rows, tf.float32)[:, None, None, None]
        wins = tf.one_hot(known[:, row], LEVELS, on_value=_CERTAIN, off_value=0.0)
        return tf.transpose(drawn + is_known * wins, [1, 2, 0, 3])

    return of_row
