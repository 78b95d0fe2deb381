"""deep_dream: turning pictures by quarters, what the network is trained or checked on.

Source: S. Gidaris, P. Singh & N. Komodakis, "Unsupervised Representation Learning by Predicting
Image Rotations" (2018).
"""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.deep_dream.task import Settings

QUARTERS = 4


def turn(pictures: tf.Tensor, quarters: tf.Tensor) -> tf.Tensor:
    """Turns square pictures counter-clockwise.

    Args:
        pictures: `[n, px, px, channels]`.
        quarters: Integers `[n]`, quarter turns; any number.

    Returns:
        The same shape.
    """
    quarters = (tf.cast(quarters, tf.int32) % QUARTERS)[:, None, None, None]
    pictures = tf.where(quarters >= 2, pictures[:, ::-1, ::-1], pictures)
    quarter = tf.transpose(pictures, [0, 2, 1, 3])[:, ::-1]
    return tf.where(quarters % 2 == 1, quarter, pictures)


def mirror(pictures: tf.Tensor, rotation: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mirrors turned pictures left to right.

    Args:
        pictures: `[n, px, px, channels]`.
        rotation: int64 `[n]`, by how many quarters each was turned.

    Returns:
        The mirror images, and by how many quarters their upright mirror images would be turned.
    """
    return pictures[:, :, ::-1], -rotation % QUARTERS


def augment(features: Tensors, label: tf.Tensor, settings: Settings) -> tuple[Tensors, tf.Tensor]:
    """Turns and mirrors a training batch at random.

    Args:
        features: `image`, uint8 `[batch, px, px, 3]`.
        label: int64 `[batch]`.
        settings: `seed` is read.

    Returns:
        The same of the changed pictures.
    """
    pictures = features["image"]
    # Batches are changed side by side, so that a generator with a state would not repeat itself;
    # which pictures are in a batch differs from epoch to epoch.
    content = tf.reduce_sum(tf.cast(pictures, tf.int64))
    seeds = tf.random.split(tf.stack([tf.constant(settings.seed, tf.int64), content]), 2)
    batch = tf.shape(label)
    more = tf.random.stateless_uniform(batch, seeds[0], 0, QUARTERS, tf.int64)
    pictures, label = turn(pictures, more), (label + more) % QUARTERS
    is_mirrored = tf.random.stateless_uniform(batch, seeds[1]) < 0.5
    mirror_images, mirror_label = mirror(pictures, label)
    pictures = tf.where(is_mirrored[:, None, None, None], mirror_images, pictures)
    return {**features, "image": pictures}, tf.where(is_mirrored, mirror_label, label)
