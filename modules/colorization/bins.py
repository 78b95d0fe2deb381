"""colorization: chroma as classes: the points of a grid over all colours that a pixel can have.

A chroma is shared among the four points around it so that their mean is the chroma itself; so no
colour is lost to the grid, whose spacing only says how well the model can tell colours apart.

Source: R. Zhang, P. Isola & A. Efros, "Colorful Image Colorization" (2016), where the five nearest
points share a colour by a Gaussian; the rebalancing and the annealed mean are theirs.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter

STEP = 16
_HALF = 8  # Points on each side of grey: 8 * 16 is just beyond the largest chroma.
_SIDE = 2 * _HALF + 1
# Deviation, in steps, of the Gaussian that smooths how often colours occur.
_SMOOTHING_STEPS = 0.5


@functools.cache
def grid() -> tuple[np.ndarray, np.ndarray]:
    """Gives the points that colours are shared among.

    Returns:
        Their chroma, float32 `[bins, 2]`; and the bin of each point of the square grid, int32
        `[17 * 17]`, 0 where no colour needs it.
    """
    # The cube's edges bound what chroma is possible; a fine lattice of it reaches every point.
    axis = np.arange(-127.5, 127.6, 0.5)
    blue, red = np.meshgrid(axis, axis, indexing="ij")
    to_red, to_blue = 1.402 * red, 1.772 * blue
    to_green = -(0.299 * to_red + 0.114 * to_blue) / 0.587
    offsets = np.stack([to_red, to_green, to_blue])
    possible = np.ptp(offsets, axis=0) <= 255.0
    low = np.floor(np.stack([blue[possible], red[possible]], -1) / STEP).astype(int) + _HALF
    is_needed = np.zeros((_SIDE, _SIDE), bool)
    for corner in itertools.product((0, 1), repeat=2):
        at = np.minimum(low + corner, _SIDE - 1)
        is_needed[at[:, 0], at[:, 1]] = True
    places = np.argwhere(is_needed)
    numbers = np.zeros((_SIDE, _SIDE), np.int32)
    numbers[tuple(places.T)] = np.arange(len(places))
    return ((places - _HALF) * STEP).astype(np.float32), numbers.ravel()


def count() -> int:
    """Says how many bins there are."""
    return len(grid()[0])


def nearest(chroma: tf.Tensor) -> tf.Tensor:
    """Gives the bin of the nearest point.

    Args:
        chroma: float32 `[..., 2]`, of possible colours.

    Returns:
        int32 `[...]`.
    """
    return _numbers(tf.round(_in_steps(chroma)))


def share_out(chroma: tf.Tensor) -> tf.Tensor:
    """Shares each chroma among the four points around it, bilinearly.

    Args:
        chroma: float32 `[..., 2]`, of possible colours, or means of them.

    Returns:
        float32 `[..., bins]`, not negative, 1 in all; `mean` of it is the chroma.
    """
    steps = _in_steps(chroma)
    low = tf.clip_by_value(tf.floor(steps), 0.0, float(_SIDE - 2))
    part = steps - low
    total = tf.zeros([])
    for corner in itertools.product((0.0, 1.0), repeat=2):
        at = tf.constant(corner)
        share = tf.reduce_prod(at * part + (1 - at) * (1 - part), axis=-1, keepdims=True)
        total += share * tf.one_hot(_numbers(low + at), count())
    return total


def mean(probabilities: tf.Tensor) -> tf.Tensor:
    """Gives the mean chroma of a distribution over the bins.

    Args:
        probabilities: float32 `[..., bins]`, 1 in all.

    Returns:
        float32 `[..., 2]`.
    """
    return tf.tensordot(probabilities, tf.constant(grid()[0]), axes=1)


def compute_annealed_mean(logits: tf.Tensor, temperature: float) -> tf.Tensor:
    """Gives the mean chroma of a distribution that is made more certain first.

    Args:
        logits: float32 `[..., bins]`.
        temperature: 1 for the plain mean, which is drab where colours are in doubt; towards 0 for
            the likeliest colour. The source has 0.38.

    Returns:
        float32 `[..., 2]`.
    """
    return mean(tf.nn.softmax(logits / temperature))


def shares(lines: Sequence[bytes]) -> np.ndarray:
    """Reads how often the bins occur in the training split.

    Args:
        lines: Of Transform's vocabulary: how often, a space, and the bin.

    Returns:
        float32 `[bins]`, smoothed over the grid, more than 0, 1 in all.
    """
    found = np.zeros(count())
    for line in lines:
        times, _, name = line.partition(b" ")
        if name.isdigit() and int(name) < len(found):
            found[int(name)] += float(times)
    places = np.round(grid()[0] / STEP).astype(int) + _HALF
    square = np.zeros((_SIDE, _SIDE))
    square[tuple(places.T)] = found + 1e-3
    smooth = gaussian_filter(square, _SMOOTHING_STEPS)[tuple(places.T)]
    return (smooth / smooth.sum()).astype(np.float32)


def rebalancing(shares: np.ndarray, uniform_share: float) -> np.ndarray:
    """Gives how much a pixel of each colour counts in the loss: rare ones more.

    Args:
        shares: float32 `[bins]`, how often they occur, 1 in all.
        uniform_share: Of the even distribution that is mixed in; 0.5 in the source, 1 has all
            colours count the same.

    Returns:
        float32 `[bins]`, 1 on average over the pixels.
    """
    weights = 1 / ((1 - uniform_share) * shares + uniform_share / len(shares))
    return (weights / (weights * shares).sum()).astype(np.float32)


def _in_steps(chroma: tf.Tensor) -> tf.Tensor:
    return chroma / STEP + float(_HALF)


def _numbers(steps: tf.Tensor) -> tf.Tensor:
    """The bins of whole steps along both axes."""
    at = tf.cast(steps, tf.int32)
    return tf.gather(tf.constant(grid()[1]), at[..., 0] * _SIDE + at[..., 1])
