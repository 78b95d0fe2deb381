"""Text features in TensorFlow: characters to ids, the same in Transform and in the served graph."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

PADDING_ID = 0
UNKNOWN_ID = 1
RESERVED_IDS = 2

# What `str.split` splits at; RE2's `\s` knows ASCII only, not the full-width space.
_WHITE_SPACE = r"[\s\v\x1c-\x1f\x{85}\p{Z}]+"


def split_characters(text: tf.Tensor) -> tf.RaggedTensor:
    """Splits UTF-8 text into characters, white space left out.

    Args:
        text: string `[batch]`; bytes that are not UTF-8 become U+FFFD.

    Returns:
        string `[batch, (characters)]`.
    """
    compact = tf.strings.regex_replace(text, _WHITE_SPACE, "")
    return tf.strings.unicode_split(compact, "UTF-8")


def tidied(text: tf.Tensor) -> tf.Tensor:
    """Makes one space of each run of white space, and none of those at the ends.

    `modules.common.dialogue.tidied` does the same to the text of files.

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


def known_share(ids: tf.Tensor) -> tf.Tensor:
    """Share of the characters that are in the vocabulary.

    Args:
        ids: int64 `[batch, chars]` of `character_ids`.

    Returns:
        float32 `[batch]`, 0 to 1; 0 for empty text.
    """
    there = tf.cast(ids != PADDING_ID, tf.float32)
    known = tf.cast(ids >= RESERVED_IDS, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(known, 1), tf.reduce_sum(there, 1))
