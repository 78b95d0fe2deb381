"""Texts of a few characters and their ids, in the graph: what a model that reads codes learns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def to_ids(texts: tf.Tensor, symbols: Sequence[str], length: int) -> tf.Tensor:
    """Gives the ids of texts' characters.

    A lower-case letter that is no symbol counts as its upper case. Readers let only symbols
    through; whatever else comes, such as the empty text that stands for no label, becomes id 0,
    and what is too long is cut.

    Args:
        texts: string `[batch]`.
        symbols: One ASCII character for each id; an empty one, for padding, may be the first.
        length: Characters that are kept.

    Returns:
        int64 `[batch, length]`, each in [0, number of symbols).
    """
    ids_by_byte = np.zeros(256, np.int64)
    for symbol_id, symbol in enumerate(symbols):
        if symbol:
            ids_by_byte[ord(symbol)] = symbol_id
            if symbol.lower() not in symbols:
                ids_by_byte[ord(symbol.lower())] = symbol_id
    codes = tf.io.decode_raw(texts, tf.uint8, fixed_length=length)
    codes = tf.reshape(codes, [-1, length])
    return tf.gather(tf.constant(ids_by_byte), tf.cast(codes, tf.int32))


def to_texts(ids: tf.Tensor, symbols: Sequence[str]) -> tf.Tensor:
    """Writes ids as texts.

    Args:
        ids: Integers `[batch, length]`.
        symbols: As for `to_ids`.

    Returns:
        string `[batch]`.
    """
    return tf.strings.reduce_join(tf.gather(tf.constant(list(symbols)), ids), axis=-1)


def most_frequent(ids: np.ndarray, symbols: int) -> np.ndarray:
    """Gives the most frequent id of each position: the best answer that sees no picture.

    Args:
        ids: Integers `[texts, length]`.
        symbols: How many ids there are.

    Returns:
        int64 `[length]`.
    """
    counts = [np.bincount(column, minlength=symbols) for column in ids.T]
    return np.argmax(counts, axis=1).astype(np.int64)
