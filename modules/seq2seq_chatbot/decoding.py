"""seq2seq_chatbot: replies as they are asked for: looked for, or drawn."""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.seq2seq_chatbot import beam, nucleus
from modules.seq2seq_chatbot.decoder import Decoder
from modules.seq2seq_chatbot.replies import Replies


def decode(
    decoder: Decoder,
    inputs: Tensors,
    most_replies: int | tf.Tensor,
    max_chars: int,
    length_penalty: float,
) -> Replies:
    """Finds replies, by beam search where the temperature is 0, else by nucleus sampling.

    A question's replies depend on its own inputs alone.

    Args:
        decoder: The model.
        inputs: `question` int64 `[batch, longest]`, 0 after the end; `beam_width` int64,
            `temperature` float32, `top_p` float32 and `seed` int64, `[batch]` each.
        most_replies: The largest beam width, here or in other batches.
        max_chars: Characters that a reply may have.
        length_penalty: See `replies.score`.

    Returns:
        `[batch, most_replies]` replies.
    """
    question, width, temperature = (
        inputs[name] for name in ("question", "beam_width", "temperature")
    )
    is_drawn = temperature > 0

    def nothing() -> Replies:
        shape = tf.stack([tf.shape(question)[0], most_replies])
        ids = tf.zeros(tf.concat([shape, [max_chars + 1]], axis=0), tf.int32)
        return Replies(ids, tf.zeros(shape))

    def search_replies() -> Replies:
        return beam.search(decoder, question, width, most_replies, max_chars, length_penalty)

    def draw_replies() -> Replies:
        return nucleus.sample(
            decoder,
            question,
            draws=width,
            most_draws=most_replies,
            temperature=tf.where(is_drawn, temperature, 1.0),
            top_p=inputs["top_p"],
            seed=inputs["seed"],
            max_chars=max_chars,
            length_penalty=length_penalty,
        )

    found = tf.cond(tf.reduce_all(is_drawn), nothing, search_replies)
    others = tf.cond(tf.reduce_any(is_drawn), draw_replies, nothing)
    return Replies(
        tf.where(is_drawn[:, None, None], others.ids, found.ids),
        tf.where(is_drawn[:, None], others.scores, found.scores),
    )
