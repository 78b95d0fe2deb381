"""age_gender: histograms of oriented gradients of a face, in the graph.

Source: N. Dalal & B. Triggs, "Histograms of Oriented Gradients for Human Detection" (2005), with
nine unsigned orientations, cells of 8x8 pixels, blocks of 2x2 cells that overlap, and L2-Hys; each
gradient counts for one orientation, as in scikit-image.
"""

from __future__ import annotations

import math

import tensorflow as tf

SIDE_PX = 64
"""Faces are brought to this side, whatever they are stored at."""
_CELL_PX = 8
_ORIENTATIONS = 9
_BLOCKS = SIDE_PX // _CELL_PX - 1
UNITS = _BLOCKS**2 * 4 * _ORIENTATIONS
"""Numbers that describe a face."""
_GREY = (0.299, 0.587, 0.114)
_EPSILON = 1e-5
_MOST = 0.2


def describe(pixels: tf.Tensor) -> tf.Tensor:
    """Describes faces.

    Args:
        pixels: Red, green and blue, uint8 `[batch, side, side, 3]`.

    Returns:
        float32 `[batch, 1764]`: block by block, row by row, of each its four cells, of each nine
        orientations.
    """
    grey = tf.tensordot(tf.cast(pixels, tf.float32) / 255, tf.constant(_GREY), 1)[..., None]
    if pixels.shape[1:3] != (SIDE_PX, SIDE_PX):
        grey = tf.image.resize(grey, [SIDE_PX, SIDE_PX], antialias=True)
    return compute_hog(grey[..., 0])


def describe_both_ways(pixels: tf.Tensor) -> tf.Tensor:
    """Gives the mean of what `describe` gives for faces and for their mirror images."""
    return (describe(pixels) + describe(tf.reverse(pixels, [2]))) / 2


def compute_hog(grey: tf.Tensor) -> tf.Tensor:
    """Computes the histograms.

    Args:
        grey: float32 `[batch, 64, 64]`.

    Returns:
        float32 `[batch, 1764]`; see `describe`.
    """
    # There are none at the border.
    down = tf.pad(grey[:, 2:] - grey[:, :-2], [[0, 0], [1, 1], [0, 0]])
    right = tf.pad(grey[:, :, 2:] - grey[:, :, :-2], [[0, 0], [0, 0], [1, 1]])
    degrees = tf.math.floormod(tf.atan2(down, right) * (180 / math.pi), 180.0)
    number = tf.cast(degrees * (_ORIENTATIONS / 180), tf.int32)
    number = tf.minimum(number, _ORIENTATIONS - 1)
    votes = tf.one_hot(number, _ORIENTATIONS) * tf.sqrt(down**2 + right**2)[..., None]
    cells = tf.nn.avg_pool2d(votes, _CELL_PX, _CELL_PX, "VALID")  # [batch, 8, 8, 9]
    corners = [
        cells[:, row : row + _BLOCKS, column : column + _BLOCKS]
        for row in (0, 1)
        for column in (0, 1)
    ]
    blocks = _normalize(tf.concat(corners, axis=-1))  # [batch, 7, 7, 36]
    blocks = _normalize(tf.minimum(blocks, _MOST))
    return tf.reshape(blocks, [-1, UNITS])


def _normalize(blocks: tf.Tensor) -> tf.Tensor:
    """Brings each block to length 1, or below where there is next to nothing in it."""
    squares = tf.reduce_sum(blocks**2, axis=-1, keepdims=True)
    return blocks / tf.sqrt(squares + _EPSILON**2)
