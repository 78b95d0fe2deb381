"""seq2seq_chatbot: replies that were found, and how they are put in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from modules.seq2seq_chatbot.decoder import LOW


class Replies(NamedTuple):
    """Replies to each question, best first.

    Attributes:
        ids: int32 `[batch, replies, max_chars + 1]`, `END` after the last character; nothing but
            it where an example has fewer replies.
        scores: See `score` and `rerank`, float32 `[batch, replies]`; `LOW` where no reply is.
    """

    ids: tf.Tensor
    scores: tf.Tensor


def score(log_probability: tf.Tensor, characters: tf.Tensor, length_penalty: float) -> tf.Tensor:
    """Says what a reply is worth: its log-probability, over its length to a power.

    Args:
        log_probability: Of the reply and its end, float32 of any shape.
        characters: How many it has, its end among them, integers that can be broadcast to it.
        length_penalty: The power. With 0 the likeliest reply is the best, mostly a short one; with
            1 that whose characters are likeliest on average.

    Returns:
        float32 of that shape, below 0; the higher the better.
    """
    worth = log_probability / tf.cast(characters, tf.float32) ** length_penalty
    return tf.where(log_probability > LOW / 2, worth, LOW)


def rerank(
    found: Replies,
    prior: Callable[[tf.Tensor], tf.Tensor],
    mmi_lambda: tf.Tensor,
    length_penalty: float,
) -> Replies:
    """Puts replies in the order of what they have to do with the question.

    What is likely to be said to anything counts against a reply: from its log-probability is
    taken that which it has where no question is known, times `mmi_lambda`. With 1 that leaves
    the mutual information of question and reply.

    Source: J. Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models"
    (2016), MMI-antiLM; here the whole reply counts, over its length.

    Args:
        found: Replies with the scores that `score` gave.
        prior: Gives the log-probability of replies where no question is known, float32
            `[batch, replies]`, of ids as `Replies` has them.
        mmi_lambda: float32 `[batch]`; 0 leaves all as it is.
        length_penalty: See `score`.
    """
    characters = 1 + tf.reduce_sum(tf.cast(found.ids != 0, tf.int32), axis=2)
    anyhow = score(prior(found.ids), characters, length_penalty)
    scores = found.scores - mmi_lambda[:, None] * anyhow
    is_reply = found.scores > LOW / 2
    return best_first(Replies(found.ids, tf.where(is_reply, scores, LOW)))


def best_first(found: Replies, count: int | tf.Tensor | None = None) -> Replies:
    """Puts replies in the order of their scores; those that are missing come last.

    Args:
        found: In any order.
        count: How many are kept; all if `None`.
    """
    count = tf.shape(found.scores)[1] if count is None else count
    scores, order = tf.math.top_k(found.scores, count)
    ids = tf.gather(found.ids, order, batch_dims=1)
    return Replies(tf.where((scores > LOW / 2)[..., None], ids, 0), scores)


def without_repeats(found: Replies) -> Replies:
    """Gives up what is the same as a reply before it."""
    is_same = tf.reduce_all(found.ids[:, :, None] == found.ids[:, None], axis=-1)
    before = tf.linalg.band_part(tf.cast(is_same, tf.int32), -1, 0) - tf.cast(
        tf.eye(tf.shape(is_same)[1], dtype=tf.int32), tf.int32
    )
    is_repeat = tf.reduce_any(before > 0, axis=2)
    return Replies(found.ids, tf.where(is_repeat, LOW, found.scores))
