"""Text features in TensorFlow: characters to ids, the same in Transform and in the served graph."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.text.normal_text import character_replacements

PADDING_ID = 0
UNKNOWN_ID = 1
RESERVED_IDS = 2
_MAX_REPLACEMENT = 4

# What `str.split` splits at; RE2's `\s` knows ASCII only, not the full-width space.
_WHITE_SPACE = r"[\s\v\x1c-\x1f\x{85}\p{Z}]+"


def normalize(text: tf.Tensor) -> tf.Tensor:
    """Gives texts in one spelling, as `modules.common.text.normal_text.normalize` does.

    Character by character: what NFKC composes of several stays apart.

    Args:
        text: string `[batch]`; bytes that are not UTF-8 become U+FFFD.

    Returns:
        string `[batch]`.
    """
    changed, replacements = _replacements()
    codes = tf.strings.unicode_decode(text, "UTF-8")
    flat = codes.flat_values  # [characters]
    at = tf.minimum(tf.searchsorted(changed, flat), len(changed) - 1)
    is_changed = tf.gather(tf.constant(changed), at) == flat
    kept = tf.pad(flat[:, None], [[0, 0], [0, _MAX_REPLACEMENT - 1]])
    new = tf.where(is_changed[:, None], tf.gather(tf.constant(replacements), at), kept)
    is_there = new > 0  # [characters, _MAX_REPLACEMENT]
    lengths = tf.reduce_sum(tf.cast(is_there, tf.int32), axis=1)
    row_lengths = tf.reduce_sum(codes.with_flat_values(lengths), axis=1)
    ragged = tf.RaggedTensor.from_row_lengths(tf.boolean_mask(new, is_there), row_lengths)
    return tf.strings.unicode_encode(ragged, "UTF-8")


@functools.cache
def _replacements() -> tuple[np.ndarray, np.ndarray]:
    """Code points that `normalize` changes, rising, and what becomes of each, zeros behind."""
    table = character_replacements(_MAX_REPLACEMENT)
    changed = sorted(table)
    rows = [table[code] + (0,) * (_MAX_REPLACEMENT - len(table[code])) for code in changed]
    return np.array(changed, np.int32), np.array(rows, np.int32)


def split_characters(text: tf.Tensor) -> tf.RaggedTensor:
    """Splits UTF-8 text into characters, white space left out.

    Args:
        text: string `[batch]`; bytes that are not UTF-8 become U+FFFD.

    Returns:
        string `[batch, (characters)]`.
    """
    compact = tf.strings.regex_replace(text, _WHITE_SPACE, "")
    return tf.strings.unicode_split(compact, "UTF-8")


def tidy(text: tf.Tensor) -> tf.Tensor:
    """Makes one space of each run of white space, and none of those at the ends.

    `modules.common.dialogue.spelling.tidy` does the same to the text of files.

    Args:
        text: string `[batch]`, UTF-8.

    Returns:
        string `[batch]`.
    """
    return tf.strings.strip(tf.strings.regex_replace(text, _WHITE_SPACE, " "))


def character_ids(
    text: tf.Tensor, max_chars: int, min_count: int, vocabulary_name: str
) -> tf.Tensor:
    """Turns text into ids of a vocabulary that is learned from the training split.

    Characters seen fewer than `min_count` times share `UNKNOWN_ID` with those never seen, so that
    its embedding is trained.

    Args:
        text: string `[batch]`.
        max_chars: Length of the result; longer text is cut.
        min_count: How often a character of the vocabulary was seen at least.
        vocabulary_name: File name of the vocabulary in Transform's output.

    Returns:
        int64 `[batch, max_chars]`: `PADDING_ID` after the end, `UNKNOWN_ID`, or `RESERVED_IDS`
        and more.
    """
    characters = split_characters(text)[:, :max_chars]
    ids = tft.compute_and_apply_vocabulary(
        characters.to_sparse(),
        frequency_threshold=min_count,
        default_value=UNKNOWN_ID - RESERVED_IDS,
        vocab_filename=vocabulary_name,
    )
    shifted = tf.SparseTensor(ids.indices, ids.values + RESERVED_IDS, ids.dense_shape)
    dense = tf.sparse.to_dense(shifted, default_value=PADDING_ID)
    padded = tf.pad(dense, [[0, 0], [0, max_chars]], constant_values=PADDING_ID)[:, :max_chars]
    return tf.ensure_shape(padded, [None, max_chars])


def compute_known_share(ids: tf.Tensor) -> tf.Tensor:
    """Share of the characters that are in the vocabulary.

    Args:
        ids: int64 `[batch, chars]` of `character_ids`.

    Returns:
        float32 `[batch]`, 0 to 1; 0 for empty text.
    """
    there = tf.cast(ids != PADDING_ID, tf.float32)
    known = tf.cast(ids >= RESERVED_IDS, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(known, 1), tf.reduce_sum(there, 1))
