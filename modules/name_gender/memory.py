"""name_gender: how often parts of a name were borne by women and by men.

Four parts of each name are looked up: its surname; its length with the first given character; its
length with the last character; and the given name whole, whoever bears it. What is remembered of
each is the smoothed log-odds of `male` and how often it was seen. What is fitted on this sees each
name without what came of its own fold: a name would else tell its own answer, and a model would
learn to believe in it.

Source: D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes in
classification and prediction problems" (2001); the folds are those of stacking.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from modules.common.text.in_graph import PADDING_ID

FOLDS = 5
# Names that the even share of men stands for, before any are seen.
_SMOOTHING = (2.0, 2.0, 2.0, 1.0)
PARTS = len(_SMOOTHING)
FEATURES = 2 * PARTS
# Above any character id, so that a length and an id are one number.
_STRIDE = 1 << 20
# Names that are numbered together, lest all of them be in memory several times.
_AT_ONCE = 1 << 16


class Table(NamedTuple):
    """What is remembered of one part of names; NumPy arrays, or tensors in a graph.

    Attributes:
        keys: Ascending, int64 `[n]`.
        features: Log-odds of `male` and `log(1 + times seen)`, float32 `[n, 2]`.
        unseen: Of a key that is not there, float32 `[2]`.
    """

    keys: np.ndarray
    features: np.ndarray
    unseen: np.ndarray


def part_keys(characters: tf.Tensor) -> tf.Tensor:
    """Numbers the parts of names.

    Args:
        characters: int64 `[batch, chars]`.

    Returns:
        int64 `[batch, PARTS]`.
    """
    length = tf.reduce_sum(tf.cast(characters != PADDING_ID, tf.int64), axis=1)
    last = tf.gather(characters, tf.maximum(length - 1, 0), batch_dims=1)
    given = characters[:, 1:]
    return tf.stack(
        [
            characters[:, 0],
            length * _STRIDE + given[:, 0],
            length * _STRIDE + last,
            tf.bitcast(tf.fingerprint(given), tf.int64),
        ],
        axis=1,
    )


def folds_of(characters: tf.Tensor) -> tf.Tensor:
    """Says in which fold each name is, the same for every row that has it: int64 `[batch]`."""
    return tf.bitcast(tf.fingerprint(characters), tf.int64) % FOLDS


def fit(characters: np.ndarray, is_male: np.ndarray) -> tuple[list[Table], np.ndarray]:
    """Counts the parts of names.

    Args:
        characters: int64 `[names, chars]`.
        is_male: float32 `[names]`, 0 or 1.

    Returns:
        A table for each part; and what each name looks up in the tables of the other folds,
        float32 `[names, FEATURES]`.
    """
    keys, folds = _number(characters)
    labels = np.asarray(is_male > 0.5, np.int64)
    counted = [
        _count(keys[:, part], folds, labels, smoothing) for part, smoothing in enumerate(_SMOOTHING)
    ]
    return [table for table, _ in counted], np.concatenate([own for _, own in counted], axis=1)


def _number(characters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives the keys of names, int64 `[names, PARTS]`, and their folds, int64 `[names]`."""
    numbered = []
    for start in range(0, len(characters), _AT_ONCE):
        some = tf.constant(characters[start : start + _AT_ONCE])
        numbered.append((part_keys(some).numpy(), folds_of(some).numpy()))
    keys, folds = zip(*numbered, strict=True)
    return np.concatenate(keys), np.concatenate(folds)


def _count(
    keys: np.ndarray, folds: np.ndarray, labels: np.ndarray, smoothing: float
) -> tuple[Table, np.ndarray]:
    prior = smoothing * (np.bincount(labels, minlength=2) + 1) / (len(labels) + 2)
    found, rows = np.unique(keys, return_inverse=True)
    cells = (rows * FOLDS + folds) * 2 + labels
    by_fold = np.bincount(cells, minlength=len(found) * FOLDS * 2).reshape(-1, FOLDS, 2)
    counts = by_fold.sum(axis=1)
    table = Table(
        keys=found, features=_features(counts, prior), unseen=_features(np.zeros(2), prior)
    )
    return table, _features(counts[rows] - by_fold[rows, folds], prior)


def _features(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Log-odds and logarithm of the sum of `counts`, `[..., 2]`, women's and men's."""
    smoothed = np.log(counts + prior)
    odds = smoothed[..., 1] - smoothed[..., 0]
    return np.stack([odds, np.log1p(counts.sum(axis=-1))], axis=-1).astype(np.float32)


def look_up(characters: tf.Tensor, tables: list[Table]) -> tf.Tensor:
    """Looks up names.

    Args:
        characters: int64 `[batch, chars]`.
        tables: What `fit` gave.

    Returns:
        float32 `[batch, FEATURES]`: of each part the log-odds, and how often it was seen.
    """
    keys = part_keys(characters)
    columns = []
    for part, table in enumerate(tables):
        known, wanted = tf.convert_to_tensor(table.keys), keys[:, part]
        at = tf.minimum(tf.searchsorted(known, wanted), tf.size(known) - 1)
        is_known = (tf.gather(known, at) == wanted)[:, None]
        columns.append(tf.where(is_known, tf.gather(table.features, at), table.unseen))
    return tf.concat(columns, axis=1)
