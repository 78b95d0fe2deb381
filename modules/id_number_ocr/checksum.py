"""id_number_ocr: what the check character and the birth date say of a reading, in the graph.

By ISO 7064 MOD 11-2 the characters, times their weights, sum to 1 modulo 11, the check character
with weight 1. A single wrong character always breaks that, since no weight is a multiple of 11. So
where it is broken, each position has exactly one character that would mend it.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.id_number_ocr.numbers import CHARACTERS, NUMBER_CHARS, WEIGHTS

_X_ID = CHARACTERS.index("X")
_YEARS = (1800, 2099)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def checksum_ok(ids: tf.Tensor) -> tf.Tensor:
    """Tells whether the check character agrees with the digits.

    Args:
        ids: int64 `[..., 18]` in [0, 10], 10 for `X`.

    Returns:
        bool `[...]`; false too where an `X` stands before the last position.
    """
    weights = tf.constant([*WEIGHTS, 1], tf.int64)
    has_digits = tf.reduce_all(ids[..., :-1] != _X_ID, axis=-1)
    return has_digits & (tf.reduce_sum(ids * weights, axis=-1) % 11 == 1)


def is_date(ids: tf.Tensor) -> tf.Tensor:
    """Tells whether the eight digits of the birth date are a day of the calendar.

    Args:
        ids: int64 `[..., 18]` in [0, 10].

    Returns:
        bool `[...]`; true for days from 1800 to 2099 alone.
    """
    digits = ids[..., 6:14]
    year = tf.reduce_sum(digits[..., :4] * tf.constant([1000, 100, 10, 1], tf.int64), axis=-1)
    month = 10 * digits[..., 4] + digits[..., 5]
    day = 10 * digits[..., 6] + digits[..., 7]
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    month_days = tf.gather(
        tf.constant(_MONTH_DAYS, tf.int64), tf.clip_by_value(month, 1, 12) - 1
    ) + tf.cast(is_leap & (month == 2), tf.int64)
    return (
        tf.reduce_all(digits != _X_ID, axis=-1)
        & (year >= _YEARS[0])
        & (year <= _YEARS[1])
        & (month >= 1)
        & (month <= 12)
        & (day >= 1)
        & (day <= month_days)
    )


def repair(log_probabilities: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Replaces one character where the check character disagrees with the rest.

    Of all numbers that differ from the likeliest reading in one character, whose check character
    agrees and whose birth date is a date, the likeliest is taken. A reading that agrees, or that
    no single character can mend, stays as it is.

    Args:
        log_probabilities: Of each character at each position, float32 `[batch, 18, 11]`.

    Returns:
        Ids, int64 `[batch, 18]`, and whether a character was replaced, bool `[batch]`.
    """
    count = len(CHARACTERS)
    ids = tf.argmax(log_probabilities, axis=-1)  # [batch, 18]
    # Every replacement of one character: [batch, 18 * 11, 18].
    where = np.repeat(np.eye(NUMBER_CHARS, dtype=bool), count, axis=0)
    what = np.tile(np.arange(count), NUMBER_CHARS)[:, None]
    candidates = tf.where(where, tf.constant(what, tf.int64), ids[:, None, :])
    read = tf.reduce_max(log_probabilities, axis=-1, keepdims=True)
    gains = tf.reshape(log_probabilities - read, [-1, NUMBER_CHARS * count])
    # A replacement that the model holds impossible still comes before a number that is none.
    gains = tf.maximum(gains, gains.dtype.min / 2)
    gains = tf.where(checksum_ok(candidates) & is_date(candidates), gains, gains.dtype.min)
    best = tf.argmax(gains, axis=-1)
    is_found = tf.reduce_max(gains, axis=-1) > gains.dtype.min
    is_repaired = is_found & ~checksum_ok(ids)
    mended = tf.gather(candidates, best, axis=1, batch_dims=1)
    return tf.where(is_repaired[:, None], mended, ids), is_repaired
