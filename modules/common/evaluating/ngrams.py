"""N-grams of texts, in the graph: what the metrics of `text_metrics` are made of.

A text is a row of ids from 1 on, filled up with zeros after its end: ids of a vocabulary, or
`code_points`. A row of zeros is an empty text; where it stands for both the reply and the
reference, the example counts for nothing.
"""

from __future__ import annotations

import tensorflow as tf

NO_NGRAM = -1
"""Stands where a text has no n-gram left."""

_ID_BITS = 21
MAX_ORDER = 63 // _ID_BITS
"""Longest n-gram whose ids fit into one int64."""


def code_points(texts: tf.Tensor) -> tf.Tensor:
    """Gives the code points of texts, as ids of their characters.

    Args:
        texts: UTF-8 strings `[batch]`; what is no UTF-8 becomes U+FFFD.

    Returns:
        int64 `[batch, longest]`, 0 after the end.
    """
    return tf.cast(tf.strings.unicode_decode(texts, "UTF-8").to_tensor(), tf.int64)


def ngram_keys(ids: tf.Tensor, order: int) -> tf.Tensor:
    """Gives each n-gram of each text as one number, the same for the same n-gram.

    Args:
        ids: Texts, integers `[batch, longest]` in [0, 2^21), 0 after the end.
        order: Length of an n-gram, 1 to `MAX_ORDER`.

    Returns:
        int64 `[batch, longest]`: the n-gram that begins at each place, `NO_NGRAM` where none does.

    Raises:
        ValueError: If the order is out of its range.
    """
    if not 1 <= order <= MAX_ORDER:
        raise ValueError(f"expected n-grams of 1 to {MAX_ORDER} ids, found {order}")
    longest = tf.shape(ids)[1]
    following = tf.pad(tf.cast(ids, tf.int64), [[0, 0], [0, order - 1]])
    keys = tf.zeros_like(ids, tf.int64)
    for offset in range(order):
        keys = keys * 2**_ID_BITS + following[:, offset : offset + longest]
    # The last id is 0 where the text ended before.
    return tf.where(following[:, order - 1 :] > 0, keys, tf.constant(NO_NGRAM, tf.int64))


def clipped_matches(keys: tf.Tensor, reference: tf.Tensor) -> tf.Tensor:
    """Counts n-grams that the reference has too, each at most as often as the reference has it.

    Args:
        keys: n-grams of the replies, int64 `[batch, longest]`, as `ngram_keys` gives them.
        reference: n-grams of the references, int64 `[batch, longest of its own]`.

    Returns:
        float32 `[batch]`.
    """
    # A column more, since searchsorted takes no empty rows.
    edge = [[0, 0], [0, 1]]
    found = tf.sort(tf.pad(keys, edge, constant_values=NO_NGRAM), axis=1)
    wanted = tf.sort(tf.pad(reference, edge, constant_values=NO_NGRAM), axis=1)
    first = tf.searchsorted(wanted, found, side="left")
    times_wanted = tf.searchsorted(wanted, found, side="right") - first
    # In sorted order: the first of its like is 0, the second 1, and so on.
    number = tf.range(tf.shape(found)[1]) - tf.searchsorted(found, found, side="left")
    is_match = (found != NO_NGRAM) & (number < times_wanted)
    return tf.reduce_sum(tf.cast(is_match, tf.float32), axis=1)


def bleu_sums(ids: tf.Tensor, reference: tf.Tensor, max_order: int = 2) -> tf.Tensor:
    """Counts what corpus BLEU is made of, the output of a `bleu` metric.

    Args:
        ids: Replies, integers `[batch, longest]`, 0 after the end.
        reference: What they should be, integers `[batch, longest of its own]`, 0 after the end.
            An id that stands for any unknown symbol should differ in the two, lest it match.
        max_order: Longest n-gram.

    Returns:
        float32 `[batch, 2 * max_order + 2]`: matches of each order, n-grams of each order, length
        of the reply, length of the reference.

    Raises:
        ValueError: If the order is out of its range.
    """
    orders = range(1, max_order + 1)
    pairs = [(ngram_keys(ids, order), ngram_keys(reference, order)) for order in orders]
    matches = [clipped_matches(keys, wanted) for keys, wanted in pairs]
    totals = [_count(keys != NO_NGRAM) for keys, _ in pairs]
    return tf.stack([*matches, *totals, _count(ids > 0), _count(reference > 0)], axis=1)


def _count(are_there: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(are_there, tf.float32), axis=1)
