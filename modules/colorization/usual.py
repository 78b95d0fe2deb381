"""colorization: the usual colour of pixels as bright at the same place, which needs no network.

Photos are taken in like ways: skies are above, walls bright, things dark and in the middle. So the
mean colour by brightness and place is the strongest simple answer that we know.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from modules.colorization import colour

LUMAS = 16
"""Ranges of luma that are told apart."""
PLACES = 8
"""Parts of a side that are told apart."""
# As if each range and place had been seen in so many pictures in the mean colour, all its pixels
# in this range: 10 to 50 are about as good on photos.
_PRIOR_PICTURES = 20


def cells(luma: tf.Tensor) -> tf.Tensor:
    """Numbers pixels by brightness and place.

    Args:
        luma: float32 `[batch, h, w, 1]`, 0 to 255.

    Returns:
        int32 `[batch, h, w]`, 0 to LUMAS x PLACES x PLACES - 1.
    """
    height, width = tf.shape(luma)[1], tf.shape(luma)[2]
    level = tf.minimum(tf.cast(luma[..., 0] * LUMAS / 256, tf.int32), LUMAS - 1)
    row = tf.range(height) * PLACES // height
    column = tf.range(width) * PLACES // width
    return (level * PLACES + row[:, None]) * PLACES + column


def fit(pictures: Iterable[tf.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Averages chroma over all pixels, and by brightness and place.

    Args:
        pictures: Batches, uint8 `[batch, h, w, 3]`.

    Returns:
        The mean, float32 `[2]`, and float32 `[LUMAS x PLACES x PLACES, 2]` by `cells`, nearer to
        the mean where few pixels were seen.
    """
    number = LUMAS * PLACES**2
    totals, counts = np.zeros([number, 2]), np.zeros([number, 1])
    prior = 0.0
    for batch in pictures:
        found = tf.reshape(cells(colour.luma(batch)), [-1])
        chroma = tf.reshape(colour.chroma(batch), [-1, 2])
        totals += tf.math.unsorted_segment_sum(chroma, found, number).numpy()
        counts += np.bincount(found.numpy(), minlength=number)[:, None]
        prior = _PRIOR_PICTURES * batch.shape[1] * batch.shape[2] / PLACES**2
    mean = totals.sum(axis=0) / counts.sum()
    shrunk = (totals + prior * mean) / (counts + prior)
    return mean.astype(np.float32), shrunk.astype(np.float32)


def look_up(luma: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
    """Gives the chroma that is usual for pixels.

    Args:
        luma: As for `cells`.
        table: float32, as `fit` gives it.

    Returns:
        float32 `[batch, h, w, 2]`.
    """
    return tf.gather(table, cells(luma))
