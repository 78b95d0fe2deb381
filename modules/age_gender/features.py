"""age_gender: a face to its pixels, and its labels to numbers; crops that are evaluated."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.age_gender.task import Settings
from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack
from modules.common.pictures import images

UNKNOWN_ID = -1


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, `age_group` and `gender`, string
            `[batch, 1]` each.
        custom_config: `settings` holds `image_px`.

    Returns:
        The declared features.
    """
    size = restore(Settings, custom_config["settings"]).image_px
    pixels = images.decode(inputs["image"][:, 0], size, size, channels=3, fit="crop")
    ids = [_ids(inputs["age_group"], AGE_GROUPS), _ids(inputs["gender"], GENDERS)]
    return {
        "image": pack(pixels),  # uint8 [batch, image_px, image_px, 3], as bytes
        "age_gender": tf.concat(ids, axis=1),  # int64 [batch, 2]
    }


def _ids(names: tf.Tensor, known: tuple[str, ...]) -> tf.Tensor:
    """Numbers names `[batch, 1]`; what is not known is -1."""
    is_name = tf.cast(names == tf.constant(known), tf.int64)
    numbers = tf.range(len(known), dtype=tf.int64) - UNKNOWN_ID
    return tf.reduce_sum(is_name * numbers, axis=1, keepdims=True) + UNKNOWN_ID


def cut_crops(pixels: tf.Tensor, crop_px: int, count: int) -> tf.Tensor:
    """Takes the crops whose answers are averaged.

    Args:
        pixels: `[batch, side, side, channels]`, the side known.
        crop_px: Side of a crop.
        count: 1 for the middle, 10 for the middle and the four corners, each mirrored too.

    Returns:
        `[batch, count, crop_px, crop_px, channels]`.
    """
    last = int(pixels.shape[1]) - crop_px
    middle = last // 2
    corners = [(0, 0), (0, last), (last, 0), (last, last)]
    starts = [(middle, middle), *(corners if count == 10 else [])]
    crops = [pixels[:, y : y + crop_px, x : x + crop_px] for y, x in starts]
    if count == 10:
        crops += [crop[:, :, ::-1] for crop in crops]
    return tf.stack(crops, axis=1)
