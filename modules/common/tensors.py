"""Types that the TensorFlow side of every task uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf

from modules.common.task import Feature, Value

Tensors = dict[str, tf.Tensor]
Arrays = dict[str, np.ndarray]
Hparams = Mapping[str, Value]

DTYPES = {
    "float32": tf.float32,
    "int64": tf.int64,
    "string": tf.string,
    "uint8": tf.uint8,
    "bool": tf.bool,
}


def pack(values: tf.Tensor) -> tf.Tensor:
    """Packs each example into one string, a quarter of what floats would take.

    Args:
        values: uint8 `[batch, ...]`.

    Returns:
        string `[batch]`.
    """
    return tf.map_fn(tf.io.serialize_tensor, values, fn_output_signature=tf.string)


def unpack(features: Tensors, declared: Iterable[Feature]) -> Tensors:
    """Undoes `pack` for every feature that is declared as `uint8`.

    Args:
        features: Transformed features, `[batch, ...]` each.
        declared: The task's features.

    Returns:
        The same, with uint8 `[batch, *shape]` in place of strings.
    """
    unpacked = dict(features)
    for feature in declared:
        if feature.dtype == "uint8" and feature.name in features:
            unpacked[feature.name] = tf.map_fn(
                lambda packed, shape=feature.shape: tf.ensure_shape(
                    tf.io.parse_tensor(packed, tf.uint8), shape
                ),
                features[feature.name],
                fn_output_signature=tf.TensorSpec(feature.shape, tf.uint8),
            )
    return unpacked
