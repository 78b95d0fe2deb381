"""colorization: the changes that training batches go through: crops and mirrors."""

from __future__ import annotations

import tensorflow as tf

from modules.colorization.task import Settings
from modules.common.graph.tensors import Tensors


def augment(features: Tensors, label: tf.Tensor, settings: Settings) -> tuple[Tensors, tf.Tensor]:
    """Cuts a square out of each picture at random, and mirrors half of them.

    Args:
        features: `image`, uint8 `[batch, px, px, 3]`.
        label: The same pictures.
        settings: `seed` and `crop_px` are read; pictures no larger than the crop stay whole.

    Returns:
        The crops, uint8 `[batch, crop_px, crop_px, 3]`, twice.
    """
    pictures = features["image"]
    # Batches are changed side by side, so that a generator with a state would not repeat itself;
    # which pictures are in a batch differs from epoch to epoch.
    content = tf.reduce_sum(tf.cast(pictures, tf.int64))
    seeds = tf.random.split(tf.stack([tf.constant(settings.seed, tf.int64), content]), 2)
    batch, side = tf.shape(pictures)[0], int(pictures.shape[1])
    crop = min(settings.crop_px, side)
    starts = tf.random.stateless_uniform([batch, 2], seeds[0], 0, side - crop + 1, tf.int32)
    is_mirrored = tf.random.stateless_uniform([batch], seeds[1]) < 0.5

    def cut(one: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        picture, start, mirrors = one
        part = picture[start[0] : start[0] + crop, start[1] : start[1] + crop]
        return tf.ensure_shape(tf.where(mirrors, part[:, ::-1], part), [crop, crop, 3])

    crops = tf.map_fn(
        cut,
        (pictures, starts, is_mirrored),
        fn_output_signature=tf.TensorSpec([crop, crop, 3], tf.uint8),
    )
    return {**features, "image": crops}, crops
