"""Which character follows which: a bigram model with Kneser-Ney smoothing, and one of none before.

Of the ids 0 is a sentence's start as what comes before, and its end as what comes next;
`symbols - 1` is the unknown character. Only pairs that were seen are stored, 12
bytes each, and all other probabilities follow from two vectors: a matrix of 5,000 by 5,000 would
take 100 MB.

Source: R. Kneser and H. Ney, "Improved backing-off for m-gram language modeling" (1995), in the
interpolated form of S. Chen and J. Goodman, "An empirical study of smoothing techniques for
language modeling" (1998), one discount for each order; what continues nothing gets its share from
an even distribution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Bigram(NamedTuple):
    """Log-probabilities of what follows what; NumPy arrays, or tensors in a graph.

    Attributes:
        keys: `before * symbols + after` of every pair that was seen, ascending, int64 `[pairs]`.
        seen: Their log-probabilities, float32 `[pairs]`.
        backoff: Of each symbol, what log-probability an unseen pair that begins with it gets
            besides that of `after`, float32 `[symbols]`.
        after: Log-probability of each symbol that nothing is known before, float32 `[symbols]`.
    """

    keys: np.ndarray
    seen: np.ndarray
    backoff: np.ndarray
    after: np.ndarray


def fit_bigram(ids: np.ndarray, symbols: int) -> Bigram:
    """Counts pairs and smooths them.

    Args:
        ids: Sentences, integers `[sentences, longest]`, 0 after the end.
        symbols: How many ids there are, 0 and the unknown character included.

    Returns:
        The model; what it gives for each `before` sums to one over `after`.
    """
    ids = np.asarray(ids, np.int64)
    bounded = np.pad(ids, [(0, 0), (1, 1)])
    before, after = bounded[:, :-1], bounded[:, 1:]
    is_pair = (after != 0) | (before != 0)
    # The end of an empty sentence comes right after its start.
    is_pair[:, 0] = True
    keys, counts = np.unique((before * symbols + after)[is_pair], return_counts=True)
    return smooth(keys, counts, symbols)


def smooth(keys: np.ndarray, counts: np.ndarray, symbols: int) -> Bigram:
    """Smooths counts of pairs.

    Args:
        keys: `before * symbols + after` of every pair that was seen, ascending, int64 `[pairs]`.
        counts: How often each was, or whatever stands for it, integers `[pairs]`.
        symbols: How many ids there are.
    """
    firsts, seconds = keys // symbols, keys % symbols

    continued = np.bincount(seconds, minlength=symbols)
    spare = discount(continued[continued > 0])
    left = spare * np.count_nonzero(continued) / len(keys)
    after_any = np.maximum(continued - spare, 0) / len(keys) + left / symbols

    spare = discount(counts)
    totals = np.bincount(firsts, counts, symbols)
    kinds = np.bincount(firsts, minlength=symbols)
    share = np.where(totals > 0, spare * kinds / np.maximum(totals, 1), 1.0)
    seen = (counts - spare) / totals[firsts] + share[firsts] * after_any[seconds]
    return Bigram(keys, *(np.log(values).astype(np.float32) for values in (seen, share, after_any)))


def fit_unigram(ids: np.ndarray, symbols: int) -> np.ndarray:
    """Counts symbols, the end of each sentence among them, each once more than it was seen.

    Args:
        ids: Sentences, integers `[sentences, longest]`, 0 after the end.
        symbols: How many ids there are, 0 and the unknown character included.

    Returns:
        Log-probabilities, float32 `[symbols]`.
    """
    ids = np.asarray(ids, np.int64)
    counts = np.bincount(ids[ids != 0], minlength=symbols) + 1
    counts[0] += len(ids)
    return np.log(counts / counts.sum()).astype(np.float32)


def discount(counts: np.ndarray) -> float:
    """Says what is taken from every count, by those of 1 and of 2; in (0, 1).

    Args:
        counts: Integers `[n]`.
    """
    ones, twos = (int(np.count_nonzero(counts == times)) for times in (1, 2))
    return float(np.clip(ones / max(ones + 2 * twos, 1), 0.1, 0.9))


def log_probability(bigram: Bigram, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Looks pairs up.

    Args:
        bigram: The model, as tensors or arrays.
        before: int64 of any shape, 0 or more; what is beyond the symbols is the last, unknown.
        after: int64 of the same shape.

    Returns:
        float32 of that shape, below 0.
    """
    symbols = tf.size(bigram.after, out_type=tf.int64)
    before, after = tf.minimum(before, symbols - 1), tf.minimum(after, symbols - 1)
    place, is_seen = find(bigram.keys, before * symbols + after)
    unseen = tf.gather(bigram.backoff, before) + tf.gather(bigram.after, after)
    return tf.where(is_seen, tf.gather(bigram.seen, place), unseen)


def find(keys: tf.Tensor, wanted: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds keys among others.

    Args:
        keys: Ascending, at least one, int64 `[n]`.
        wanted: int64 of any shape.

    Returns:
        Where each is, int32 of that shape, and whether it is there at all.
    """
    keys = tf.convert_to_tensor(keys)
    place = tf.minimum(tf.searchsorted(keys, tf.reshape(wanted, [-1])), tf.size(keys) - 1)
    place = tf.reshape(place, tf.shape(wanted))
    return place, tf.gather(keys, place) == wanted
