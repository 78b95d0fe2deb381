"""railway_forecast: logarithms relative to the last year's level, and the months' calendar."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.railway_forecast.calendar_effects import FIRST_MONTH, LAST_MONTH, calendar_table
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, WINDOW

_LEVEL_MONTHS = 12
# Stands in for values that are not positive, which only a wrong request can hold.
_TINY = 1e-6


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `history` float32 `[batch, MAX_HISTORY]`, padded on the left, and the other raw
            features of `windows`.
        custom_config: Not used.

    Returns:
        The declared features.
    """
    known = _known(inputs["history_length"], MAX_HISTORY)[:, ::-1]
    logs = tf.math.log(tf.maximum(inputs["history"], _TINY)) * known
    recent = known[:, -_LEVEL_MONTHS:]
    level = tf.reduce_sum(logs[:, -_LEVEL_MONTHS:], axis=1, keepdims=True) / tf.maximum(
        tf.reduce_sum(recent, axis=1, keepdims=True), 1.0
    )
    target_known = _known(inputs["target_length"], HORIZON)
    target = tf.math.log(tf.maximum(inputs["target"], _TINY)) - level
    return {
        # [batch, MAX_HISTORY]
        "history": (logs - level) * known,
        "known": known,
        # [batch]
        "level": level[:, 0],
        # [batch, WINDOW + HORIZON, CALENDAR_FEATURES]
        "calendar": _calendar(inputs["last_month"]),
        # [batch]
        "last_month": inputs["last_month"][:, 0],
        "series_end": inputs["series_end"][:, 0],
        "is_backtest": tf.cast(inputs["is_backtest"][:, 0], tf.float32),
        # [batch, HORIZON]
        "target_known": target_known,
        "target": target * target_known,
    }


def _known(length: tf.Tensor, size: int) -> tf.Tensor:
    """Ones for the first `length` of `size` places: int64 `[batch, 1]` to `[batch, size]`."""
    return tf.cast(tf.range(size, dtype=tf.int64)[None] < length, tf.float32)


def _calendar(last_month: tf.Tensor) -> tf.Tensor:
    months = last_month + tf.range(1 - WINDOW, HORIZON + 1, dtype=tf.int64)[None]
    rows = tf.clip_by_value(months - FIRST_MONTH, 0, LAST_MONTH - FIRST_MONTH)
    return tf.gather(tf.constant(calendar_table()), rows)
