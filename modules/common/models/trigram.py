"""Which character follows which two: a trigram model with Kneser-Ney smoothing.

Ids are those of `bigram`; what comes before a sentence's first character are two starts. Only
triples that were seen are stored, and of pairs what is left for those that were not.

Source: S. Chen and J. Goodman, "An empirical study of smoothing techniques for language modeling"
(1998): interpolated Kneser-Ney, one discount for each order, pairs counted by what they follow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from modules.common.models import bigram
from modules.common.models.bigram import Bigram


class Trigram(NamedTuple):
    """Log-probabilities of what follows what; NumPy arrays, or tensors in a graph.

    Attributes:
        keys: `(first * symbols + second) * symbols + after` of every triple that was seen,
            ascending, int64 `[triples]`.
        seen: Their log-probabilities, float32 `[triples]`.
        contexts: `first * symbols + second` of every pair that something followed, ascending, int64
            `[pairs]`.
        backoff: Of each of these, what log-probability an unseen triple gets besides that of its
            last two, float32 `[pairs]`.
        pairs: What is said where the first of three is not known.
    """

    keys: np.ndarray
    seen: np.ndarray
    contexts: np.ndarray
    backoff: np.ndarray
    pairs: Bigram


def fit_trigram(ids: np.ndarray, symbols: int) -> Trigram:
    """Counts triples and smooths them.

    Args:
        ids: Sentences, integers `[sentences, longest]`, 0 after the end.
        symbols: How many ids there are, 0 and the unknown character included; at most two million.

    Returns:
        The model; what it gives for any two sums to one over what comes after.
    """
    ids = np.asarray(ids, np.int64)
    bounded = np.pad(ids, [(0, 0), (2, 1)])
    first, second, after = bounded[:, :-2], bounded[:, 1:-1], bounded[:, 2:]
    is_triple = (after != 0) | (second != 0)
    # The end of an empty sentence comes right after its start.
    is_triple[:, 0] = True
    keys, counts = np.unique(
        ((first * symbols + second) * symbols + after)[is_triple], return_counts=True
    )
    last_two = keys % symbols**2
    pair_keys, followed = np.unique(last_two, return_counts=True)
    pairs = bigram.smooth(pair_keys, followed, symbols)

    contexts, context_of, kinds = np.unique(
        keys // symbols, return_inverse=True, return_counts=True
    )
    discount = bigram.discount(counts)
    totals = np.bincount(context_of, counts)
    share = discount * kinds / totals
    by_pair = np.exp(pairs.seen[np.searchsorted(pairs.keys, last_two)])
    seen = (counts - discount) / totals[context_of] + share[context_of] * by_pair
    logs = [np.log(values).astype(np.float32) for values in (seen, share)]
    return Trigram(keys, logs[0], contexts, logs[1], pairs)


def log_probability(
    trigram: Trigram, first: tf.Tensor, second: tf.Tensor, after: tf.Tensor
) -> tf.Tensor:
    """Looks triples up.

    Args:
        trigram: The model, as tensors or arrays.
        first: int64 of any shape, 0 or more; what is beyond the symbols is the last, unknown.
        second: int64 of the same shape.
        after: int64 of the same shape.

    Returns:
        float32 of that shape, below 0.
    """
    symbols = tf.size(trigram.pairs.after, out_type=tf.int64)
    first, second, after = (tf.minimum(each, symbols - 1) for each in (first, second, after))
    context = first * symbols + second
    place, is_known = bigram.find(trigram.contexts, context)
    left = tf.where(is_known, tf.gather(trigram.backoff, place), 0.0)
    unseen = left + bigram.log_probability(trigram.pairs, second, after)
    place, is_seen = bigram.find(trigram.keys, context * symbols + after)
    return tf.where(is_seen, tf.gather(trigram.seen, place), unseen)
