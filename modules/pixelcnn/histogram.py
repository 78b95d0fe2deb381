"""pixelcnn: the baseline of the gate: every value by itself, as often as it was seen there.

A histogram of 256 levels for each pixel and channel, fitted on the training split. A constant is
added to every count; it is the one under which each training picture is likeliest by the counts
of all the others, so the baseline is as good as it can be without a look at the evaluation split.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.pixelcnn.task import LEVELS

_CONSTANTS = np.geomspace(1e-4, 100, 61)
_PICTURES_AT_ONCE = 256


def fit(images: np.ndarray) -> np.ndarray:
    """Fits the histograms.

    Args:
        images: uint8 `[examples, size, size, channels]`.

    Returns:
        Bits that each level costs at each place, float32 `[size, size, channels, 256]`.
    """
    places = int(np.prod(images.shape[1:]))
    counts = np.zeros(places * LEVELS, np.int64)
    first_cells = np.arange(places) * LEVELS
    for start in range(0, len(images), _PICTURES_AT_ONCE):
        part = images[start : start + _PICTURES_AT_ONCE].reshape(-1, places)
        counts += np.bincount((first_cells + part).ravel(), minlength=len(counts))
    constant = choose_added_constant(counts, len(images))
    shares = (counts + constant) / (len(images) + LEVELS * constant)
    return -np.log2(shares).astype(np.float32).reshape(*images.shape[1:], LEVELS)


def choose_added_constant(counts: np.ndarray, examples: int) -> float:
    """Chooses the constant by the likelihood of every example under the counts of the others.

    Args:
        counts: Integers of any shape; 256 of each place, which add up to `examples`.
        examples: How many pictures were counted.
    """
    # Cells with the same count cost the same: few different ones are left.
    cells = np.bincount(counts.ravel())
    count = np.arange(len(cells))[1:]
    weight = (cells[1:] * count).astype(np.float64)
    likelihoods = [
        (weight * (np.log(count - 1 + a) - np.log(max(examples - 1, 0) + LEVELS * a))).sum()
        for a in _CONSTANTS
    ]
    return float(_CONSTANTS[int(np.argmax(likelihoods))])


def bits(table: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Adds up what pictures cost.

    Args:
        table: What `fit` gave.
        images: uint8 `[batch, size, size, channels]`.

    Returns:
        float32 `[batch]`.
    """
    by_place = tf.cast(tf.transpose(images, [1, 2, 3, 0]), tf.int32)
    costs = tf.gather(tf.convert_to_tensor(table), by_place, axis=3, batch_dims=3)
    return tf.reduce_sum(costs, axis=[0, 1, 2])
