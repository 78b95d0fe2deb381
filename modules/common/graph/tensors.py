"""Types that the TensorFlow side of every task uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from modules.common.declaring.task import Feature

Tensors = dict[str, tf.Tensor]
Arrays = dict[str, np.ndarray]
# Arrays, or structures of them as `tf.nest` has them: dictionaries, tuples, named tuples.
Baselines = dict[str, Any]

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


def pack_ragged(values: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Packs each example's own rows into one string, without what only fills up the batch.

    Args:
        values: Numbers `[batch, longest, ...]`; of features float32 or int64.
        lengths: How many rows of each example are its own, integers `[batch]`.

    Returns:
        string `[batch]`: the rows' bytes, which `unpack` reads.
    """
    row_bytes = values.dtype.size * tf.reduce_prod(tf.shape(values)[2:])

    def split_packed(example: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        rows, length = example
        # A serialized tensor ends with its values.
        count = length * row_bytes
        return tf.strings.substr(tf.io.serialize_tensor(rows[:length]), -count, count)

    inputs = (values, tf.cast(lengths, tf.int32))
    return tf.map_fn(split_packed, inputs, fn_output_signature=tf.string)


def is_ragged(feature: Feature) -> bool:
    """Tells whether examples differ in how many rows they have of a feature."""
    return bool(feature.shape) and feature.shape[0] is None


def unpack(features: Tensors, declared: Iterable[Feature]) -> Tensors:
    """Undoes `pack` and `pack_ragged` for every feature whose declaration asks for it.

    Args:
        features: Transformed features, `[batch, ...]` each.
        declared: The task's features.

    Returns:
        The same, in place of strings uint8 `[batch, *shape]`, or, where the shape begins with
        `None`, `[batch, longest, ...]`: zeros after an example's own rows, at least one row.
    """
    unpacked = dict(features)
    for feature in declared:
        if feature.name not in features:
            continue
        if is_ragged(feature):
            unpacked[feature.name] = _pad(features[feature.name], feature)
        elif feature.dtype == "uint8":
            unpacked[feature.name] = tf.map_fn(
                lambda packed, shape=feature.shape: tf.ensure_shape(
                    tf.io.parse_tensor(packed, tf.uint8), shape
                ),
                features[feature.name],
                fn_output_signature=tf.TensorSpec(feature.shape, tf.uint8),
            )
    return unpacked


def _pad(packed: tf.Tensor, feature: Feature) -> tf.Tensor:
    dtype, row = DTYPES[feature.dtype], [int(size or 0) for size in feature.shape[1:]]
    one_row = dtype.size * int(np.prod(row))
    # Beginning with one row, which an empty batch has too.
    longest = tf.reduce_max(tf.concat([[one_row], tf.strings.length(packed)], axis=0))
    flat = tf.io.decode_raw(packed, dtype, fixed_length=longest)
    return tf.reshape(flat, [tf.size(packed), -1, *row])
