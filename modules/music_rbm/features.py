"""music_rbm: a window's bits to a matrix of steps and notes, and where it begins."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack
from modules.music_rbm.task import NOTES, Settings

_BITS = 8


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `note_state`, `numpy.packbits` of a window, string `[batch, 1]`; `first_step`, the
            step of its tune that it begins with, int64 `[batch, 1]`.
        custom_config: `settings` holds `window_steps`.

    Returns:
        The declared features.
    """
    steps = restore(Settings, custom_config["settings"]).window_steps
    return {
        # uint8 [batch, window_steps, 156], as bytes
        "note_state": pack(unpack_bits(inputs["note_state"][:, 0], steps)),
        "first_step": inputs["first_step"][:, 0],  # int64 [batch]
    }


def unpack_bits(packed: tf.Tensor, steps: int) -> tf.Tensor:
    """Undoes `numpy.packbits` of windows.

    Args:
        packed: string `[batch]`; zeros are added to what is too short, and what is too long is cut.
        steps: How many a window has.

    Returns:
        0 or 1, uint8 `[batch, steps, 156]`.
    """
    size = -(-steps * NOTES // _BITS)
    bits = tf.io.decode_raw(packed, tf.uint8, fixed_length=size)[..., None]
    shifts = tf.range(_BITS - 1, -1, -1)
    bits = tf.bitwise.right_shift(bits, tf.cast(shifts, tf.uint8)) & tf.constant(1, tf.uint8)
    flat = tf.reshape(bits, [-1, size * _BITS])[:, : steps * NOTES]
    return tf.reshape(flat, [-1, steps, NOTES])
