"""name_gender: the baseline of the gate, a logistic regression on character unigrams and bigrams.

It is fitted with scikit-learn on the training split and scored in the graph, on the same examples
as the model.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from modules.common.graph.tensors import Arrays
from modules.common.text.in_graph import PADDING_ID

# Above any character id, so that a pair of ids is one number.
_STRIDE = 1 << 20
# Names whose n-grams are looked at together, lest all of them be in memory several times.
_AT_ONCE = 1 << 16


def ngram_keys(ids: tf.Tensor) -> tf.Tensor:
    """Numbers the unigrams and bigrams of a name.

    Args:
        ids: int64 `[batch, chars]`.

    Returns:
        int64 `[batch, 2 * chars - 1]`; -1 where there is none.
    """
    first, second = ids[:, :-1], ids[:, 1:]
    unigrams = tf.where(ids != PADDING_ID, ids, -1)
    bigrams = tf.where(second != PADDING_ID, first * _STRIDE + second, -1)
    return tf.concat([unigrams, bigrams], axis=1)


def fit(characters: np.ndarray, is_male: np.ndarray) -> Arrays:
    """Fits the regression.

    Args:
        characters: int64 `[names, chars]`.
        is_male: float32 `[names]`, 0 or 1.

    Returns:
        `ngrams`, sorted int64 `[n]`; `ngram_weights`, float32 `[n]`; `intercept`, float32 `[]`.
    """
    parts = [characters[start : start + _AT_ONCE] for start in range(0, len(characters), _AT_ONCE)]
    ngrams = np.empty(0, np.int64)
    for part in parts:
        ngrams = np.union1d(ngrams, _keys_of(part).compressed())
    counts = sparse.vstack([_count(part, ngrams) for part in parts], format="csr")
    regression = LogisticRegression(max_iter=1000).fit(counts, is_male)
    return {
        "ngrams": ngrams.astype(np.int64),
        "ngram_weights": regression.coef_[0].astype(np.float32),
        "intercept": np.float32(regression.intercept_[0]),
    }


def _keys_of(characters: np.ndarray) -> np.ma.MaskedArray:
    return np.ma.masked_less(ngram_keys(tf.constant(characters)).numpy(), 0)


def _count(characters: np.ndarray, ngrams: np.ndarray) -> sparse.csr_matrix:
    """Counts each name's n-grams: `[names, n]`, of the `n` that there are, sorted."""
    keys = _keys_of(characters)
    columns = np.searchsorted(ngrams, keys.compressed()).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(keys.count(axis=1))]).astype(np.int32)
    shape = (len(characters), len(ngrams))
    counts = sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape)
    counts.sum_duplicates()
    return counts


def logit(characters: tf.Tensor, fitted: dict[str, tf.Tensor]) -> tf.Tensor:
    """Computes the regression's logit of `male`.

    Args:
        characters: int64 `[batch, chars]`.
        fitted: What `fit` gave.

    Returns:
        float32 `[batch]`.
    """
    keys = ngram_keys(characters)
    ngrams = tf.convert_to_tensor(fitted["ngrams"])
    found = tf.minimum(tf.searchsorted(ngrams, tf.reshape(keys, [-1])), tf.size(ngrams) - 1)
    found = tf.reshape(found, tf.shape(keys))
    seen = tf.gather(ngrams, found) == keys
    weights = tf.where(seen, tf.gather(tf.convert_to_tensor(fitted["ngram_weights"]), found), 0.0)
    return fitted["intercept"] + tf.reduce_sum(weights, axis=1)
