"""What a picture of a line of characters goes through each time that it is trained on.

A network that sees the same pictures in every epoch learns them by heart. So each is squeezed,
moved and bent anew, its strokes made thicker or thinner, and noise added.
"""

from __future__ import annotations

import tensorflow as tf

from modules.common.declaring.training_settings import VariationSettings
from modules.common.graph.tensors import Tensors

# At a variation of 1. Nothing is enlarged, since characters would leave the picture.
_SQUEEZE = (0.08, 0.15)
"""Of the width and the height, at most."""
_BEND_PX = (1.0, 0.6)
_BENDS = (24, 6)
"""Places along a side whose displacements are drawn; between them they are smooth."""
_THICKER, _THINNER = 0.7, 0.5
_NOISE = 10.0


def augment(
    features: Tensors, label: tf.Tensor, settings: VariationSettings
) -> tuple[Tensors, tf.Tensor]:
    """Changes pictures at random, each by itself, so that they read the same.

    Args:
        features: `image`, uint8 `[batch, height, width, 1]`.
        label: Ids of the characters; stay as they are.
        settings: `seed`, `variation` and `variation_epochs` are read; pictures stay as they are
            at a variation of 0, or where there are fewer `epochs`.

    Returns:
        The changed pictures, and the label.
    """
    much = settings.variation
    if not much or settings.epochs < settings.variation_epochs:
        return features, label
    _, height_px, width_px, _ = features["image"].shape
    lines = tf.cast(features["image"][..., 0], tf.float32)
    # Batches are changed side by side, so that a generator with a state would not repeat itself;
    # which pictures are in a batch differs from epoch to epoch.
    content = tf.reduce_sum(tf.cast(features["image"], tf.int64))
    key = tf.stack([tf.constant(settings.seed, tf.int64), content])
    across, down, weight, noise = tf.unstack(tf.random.split(key, 4))
    lines = tf.matmul(lines, _resample(across, lines, 0, width_px, much), transpose_b=True)
    lines = tf.matmul(_resample(down, lines, 1, height_px, much), lines)
    lines = _add_noise(noise, _change_weight(weight, lines, much), much)
    pixels = tf.cast(tf.clip_by_value(lines + 0.5, 0, 255), tf.uint8)[..., None]
    return {**features, "image": pixels}, label


def _resample(key: tf.Tensor, lines: tf.Tensor, axis: int, side_px: int, much: float) -> tf.Tensor:
    """Squeezes, moves and bends along one axis: what each pixel takes of those along it.

    Returns:
        float32 `[batch, side, side]`, linear interpolation as a matrix.
    """
    batch, middle = tf.shape(lines)[0], (side_px - 1) / 2
    keys = tf.unstack(tf.random.split(key, 3))
    squeeze = 1 - much * _SQUEEZE[axis] * tf.random.stateless_uniform([batch, 1], keys[0])
    room = (1 - squeeze) * middle
    shift = room * tf.random.stateless_uniform([batch, 1], keys[1], -1, 1)
    knots = tf.random.stateless_uniform([batch, _BENDS[axis], 1, 1], keys[2], -1, 1)
    bend = much * _BEND_PX[axis] * tf.image.resize(knots, [side_px, 1], "bicubic")[:, :, 0, 0]
    places = tf.range(side_px, dtype=tf.float32)
    sources = middle + (places - middle - shift) / squeeze + bend
    sources = tf.clip_by_value(sources, 0, side_px - 1)
    return tf.nn.relu(1 - tf.abs(sources[:, :, None] - places))


def _change_weight(key: tf.Tensor, lines: tf.Tensor, much: float) -> tf.Tensor:
    """Makes what is dark thicker or thinner, by part of a pixel."""
    amount = much * tf.random.stateless_uniform([tf.shape(lines)[0], 1, 1], key, -1, 1)
    darkest, lightest = lines, lines
    for axis in (1, 2):
        darkest = tf.minimum(darkest, tf.roll(darkest, 1, axis))
        lightest = tf.maximum(lightest, tf.roll(lightest, 1, axis))
    thicker = _THICKER * tf.nn.relu(amount) * (darkest - lines)
    thinner = _THINNER * tf.nn.relu(-amount) * (lightest - lines)
    return lines + thicker + thinner


def _add_noise(key: tf.Tensor, lines: tf.Tensor, much: float) -> tf.Tensor:
    """Adds noise, most often little."""
    keys = tf.unstack(tf.random.split(key, 2))
    deviation = tf.random.stateless_uniform([tf.shape(lines)[0], 1, 1], keys[0])
    deviation = much * _NOISE * tf.square(deviation)
    return lines + deviation * tf.random.stateless_normal(tf.shape(lines), keys[1])
