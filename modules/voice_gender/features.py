"""voice_gender: raw properties to z-scores, with Transform."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.graph.tensors import Tensors
from modules.voice_gender.properties import PROPERTIES

HEAVY_TAILED = ("skew", "kurt")
# Far outside of what was trained on, further means nothing more; it would only saturate.
MAX_DEVIATIONS = 8.0


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Makes the transformed features.

    Args:
        inputs: The twenty properties, float32 `[batch, 1]` each, and `label`, string
            `[batch, 1]`.
        custom_config: Not used; Transform gives it to every task.

    Returns:
        `properties`: float32 `[batch, 20]`, z-scores in [-8, 8]; `is_female`: float32 `[batch]`.
    """
    columns = []
    for name in PROPERTIES:
        values = tf.reshape(inputs[name], [-1])
        if name in HEAVY_TAILED:
            values = tf.sign(values) * tf.math.log1p(tf.abs(values))
        columns.append(tft.scale_to_z_score(values))
    scores = tf.clip_by_value(tf.stack(columns, axis=1), -MAX_DEVIATIONS, MAX_DEVIATIONS)
    label = tf.reshape(inputs["label"], [-1])
    return {
        "properties": scores,  # [batch, 20]
        "is_female": tf.cast(tf.equal(label, "female"), tf.float32),  # [batch]
    }
