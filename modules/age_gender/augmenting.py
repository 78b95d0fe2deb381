"""age_gender: what training does to faces, so that it sees none of them twice."""

from __future__ import annotations

import math

import tensorflow as tf

from modules.age_gender.task import Settings
from modules.common.graph.tensors import Tensors

_GREY = 127.0
# Share of the faces that have a part covered.
_COVERED = 0.5


def augment(features: Tensors, label: tf.Tensor, settings: Settings) -> tuple[Tensors, tf.Tensor]:
    """Crops, mirrors, turns, enlarges, lights and covers each face at random.

    Args:
        features: `image`, uint8 `[batch, image_px, image_px, 3]`.
        label: Not changed.
        settings: `image_px`, `crop_px`, `turn_degrees`, `scale_percent`, `light_percent` and
            `cover_percent` are read.

    Returns:
        `image`, uint8 `[batch, crop_px, crop_px, 3]`, and the label.
    """
    pixels = _crop(features["image"], settings)
    if settings.turn_degrees or settings.scale_percent:
        pixels = _turn(pixels, settings)
    if settings.light_percent:
        pixels = _light(pixels, settings.light_percent / 100)
    if settings.cover_percent:
        pixels = _cover(pixels, settings.cover_percent / 100)
    if pixels.dtype != tf.uint8:
        pixels = tf.cast(tf.round(tf.clip_by_value(pixels, 0.0, 255.0)), tf.uint8)
    return {**features, "image": pixels}, label


def _crop(pixels: tf.Tensor, settings: Settings) -> tf.Tensor:
    """Takes a part of each picture, and mirrors every other one."""
    batch, crop = tf.shape(pixels)[0], settings.crop_px
    last = settings.image_px - crop

    def starts() -> tf.Tensor:
        return tf.random.uniform([batch, 1], 0, last + 1, tf.int32)

    within = tf.range(crop)[None]
    is_mirrored = tf.random.uniform([batch, 1]) < 0.5
    rows = starts() + within
    columns = starts() + tf.where(is_mirrored, crop - 1 - within, within)
    pixels = tf.gather(pixels, rows, axis=1, batch_dims=1)
    pixels = tf.gather(pixels, columns, axis=2, batch_dims=1)
    return tf.ensure_shape(pixels, [None, crop, crop, 3])


def _turn(pixels: tf.Tensor, settings: Settings) -> tf.Tensor:
    """Turns and enlarges or shrinks around the middle; gives float32."""
    batch, side = tf.shape(pixels)[0], settings.crop_px
    most = settings.turn_degrees * math.pi / 180
    angle = tf.random.uniform([batch], -most, most)
    spread = math.log1p(settings.scale_percent / 100)
    share = tf.exp(tf.random.uniform([batch], -spread, spread))
    along, across = share * tf.cos(angle), share * tf.sin(angle)
    middle, zeros = (side - 1) / 2, tf.zeros([batch])
    shift_x, shift_y = (middle * (1 - along - sign * across) for sign in (-1, 1))
    transforms = [along, -across, shift_x, across, along, shift_y, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(pixels, tf.float32),
        transforms=tf.stack(transforms, axis=1),
        output_shape=tf.constant([side, side]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _light(pixels: tf.Tensor, most: float) -> tf.Tensor:
    """Changes contrast and brightness by up to a share; gives float32."""
    values = tf.cast(pixels, tf.float32)
    each = [tf.shape(values)[0], 1, 1, 1]
    mean = tf.reduce_mean(values, axis=[1, 2, 3], keepdims=True)
    contrast = tf.random.uniform(each, 1 - most, 1 + most)
    brightness = tf.random.uniform(each, 1 - most, 1 + most)
    return ((values - mean) * contrast + mean) * brightness


def _cover(pixels: tf.Tensor, most: float) -> tf.Tensor:
    """Makes a rectangle of every other face grey, up to a share of each side; gives float32.

    Source: Z. Zhong et al., "Random Erasing Data Augmentation" (2020).
    """
    values = tf.cast(pixels, tf.float32)
    batch, side = tf.shape(values)[0], values.shape[1]

    def is_within() -> tf.Tensor:
        size = tf.random.uniform([batch, 1], 0.0, most * side)
        start = tf.random.uniform([batch, 1]) * (side - size)
        place = tf.range(side, dtype=tf.float32)[None]
        return (place >= start) & (place < start + size)

    is_covered = tf.random.uniform([batch, 1, 1]) < _COVERED
    covered = is_within()[:, :, None] & is_within()[:, None] & is_covered
    return tf.where(covered[..., None], _GREY, values)
