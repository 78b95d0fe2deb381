"""From a symbol or a blank in each column to a text: best path, and the probability of a text.

Columns are slices of a picture or frames of a recording. Symbol 0 is the blank, and 0 stands after
a text's end.

Source: A. Graves et al., "Connectionist Temporal Classification" (2006).
"""

from __future__ import annotations

import tensorflow as tf


def collapse(
    probabilities: tf.Tensor, length: int | None = None, n_columns: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads the best path: repeats count once, blanks not at all.

    Args:
        probabilities: float32 `[batch, columns, symbols]`; logits do as well, the second output
            then is of logits.
        length: Characters that are kept; `None` keeps as many as the longest text has.
        n_columns: Integers `[batch]`: how many columns an example has, what is beyond does not
            matter; `None` if all.

    Returns:
        Ids, int32 `[batch, length]`, 0 after the text; and for each the largest probability that
        it has in its columns, float32 `[batch, length]`, 1 after the text.
    """
    best = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
    strength = tf.reduce_max(probabilities, axis=-1)
    batch, columns = tf.shape(best)[0], tf.shape(best)[1]
    if n_columns is not None:
        best *= tf.sequence_mask(n_columns, columns, tf.int32)
    before = tf.pad(best[:, :-1], [[0, 0], [1, 0]])
    begins = tf.cast((best != 0) & (best != before), tf.int32)
    kept = tf.reduce_max(tf.reduce_sum(begins, axis=1)) if length is None else length
    place = tf.cumsum(begins, axis=1) - 1
    # A negative segment is dropped.
    segment = tf.where((best != 0) & (place < kept), tf.range(batch)[:, None] * kept + place, -1)
    ids, confidences = (
        tf.reshape(
            tf.math.unsorted_segment_max(
                tf.reshape(values, [-1]), tf.reshape(segment, [-1]), batch * kept
            ),
            [batch, kept],
        )
        for values in (best, strength)
    )
    ids = tf.ensure_shape(tf.maximum(ids, 0), [None, length])
    return ids, tf.ensure_shape(tf.where(ids != 0, confidences, 1.0), [None, length])


def text_log_probability(
    logits: tf.Tensor, ids: tf.Tensor, n_columns: tf.Tensor | None = None
) -> tf.Tensor:
    """Log-probability of a text, over every way to spread it over the columns.

    `tf.nn.ctc_loss` of dense labels multiplies out columns, characters and symbols, gigabytes where
    there are thousands of symbols; the kernel for sparse labels, which this calls, does not.

    Args:
        logits: float32 `[batch, columns, symbols]`, at least one column.
        ids: Integers `[batch, length]`, 0 after the text.
        n_columns: Integers `[batch]`, 1 to `columns`; `None` if all.

    Returns:
        float32 `[batch]`, at most 0; -inf, with no gradient, where the text does not fit into the
        columns. Differentiable in `logits`.
    """
    batch, columns = tf.shape(logits)[0], tf.shape(logits)[1]
    n_columns = tf.fill([batch], columns) if n_columns is None else tf.cast(n_columns, tf.int32)
    ids = tf.pad(tf.cast(ids, tf.int32), [[0, 0], [0, 1]])
    is_empty = ids[:, 0] == 0
    # The kernel refuses a text without characters, and its blank is the last symbol.
    labels = tf.concat([tf.maximum(ids[:, :1], 1), ids[:, 1:]], axis=1)
    is_there = labels != 0
    negative, _ = tf.raw_ops.CTCLoss(
        inputs=tf.transpose(tf.concat([logits[..., 1:], logits[..., :1]], axis=-1), [1, 0, 2]),
        labels_indices=tf.where(is_there),
        labels_values=tf.boolean_mask(labels, is_there) - 1,
        sequence_length=n_columns,
        ignore_longer_outputs_than_inputs=True,
    )
    blank = logits[..., 0] - tf.reduce_logsumexp(logits, axis=-1)
    of_empty = tf.reduce_sum(blank * tf.sequence_mask(n_columns, columns, blank.dtype), axis=1)
    repeats = tf.reduce_sum(tf.cast((ids[:, 1:] == ids[:, :-1]) & is_there[:, 1:], tf.int32), 1)
    needed = tf.reduce_sum(tf.cast(is_there, tf.int32), axis=1) + repeats
    # Rounding may leave a certain text a hair above 1.
    found = tf.minimum(tf.where(is_empty, of_empty, -negative), 0.0)
    return tf.where(needed <= n_columns, found, -float("inf"))


def text_probability(
    logits: tf.Tensor, ids: tf.Tensor, n_columns: tf.Tensor | None = None
) -> tf.Tensor:
    """Probability of a text, over every way to spread it over the columns.

    Args:
        logits: As for `text_log_probability`; so are the others.
        ids: Integers `[batch, length]`, 0 after the text.
        n_columns: Integers `[batch]`; `None` if all.

    Returns:
        float32 `[batch]`, 0 to 1.
    """
    return tf.exp(text_log_probability(logits, ids, n_columns))
