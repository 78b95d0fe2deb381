"""seq2seq_chatbot: replies as they are asked for: looked for or drawn, and put in order."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.seq2seq_chatbot import beam, nucleus
from modules.seq2seq_chatbot.decoder import Decoder
from modules.seq2seq_chatbot.replies import Replies, rerank
from modules.seq2seq_chatbot.rules import rules_for


def decode(
    decoder: Decoder,
    prior: Callable[[tf.Tensor], tf.Tensor],
    inputs: Tensors,
    most_replies: int | tf.Tensor,
    max_chars: int,
    length_penalty: float,
) -> Replies:
    """Finds replies, by beam search where the temperature is 0, else by nucleus sampling.

    A question's replies depend on its own inputs alone.

    Args:
        decoder: The model.
        prior: How likely a reply is where no question is known; see `replies.rerank`.
        inputs: `question` int64 `[batch, longest]`, 0 after the end; and of the served inputs
            besides `text`, `[batch]` each.
        most_replies: The largest beam width, here or in other batches.
        max_chars: Characters that a reply may have.
        length_penalty: See `replies.score`.

    Returns:
        `[batch, most_replies]` replies.
    """
    width, temperature = inputs["beam_width"], inputs["temperature"]
    is_drawn = temperature > 0
    rules = rules_for(
        decoder.symbols, inputs["question"], inputs["no_repeat"], inputs["may_echo"], max_chars
    )

    def nothing() -> Replies:
        shape = tf.stack([tf.shape(width)[0], most_replies])
        ids = tf.zeros(tf.concat([shape, [max_chars + 1]], axis=0), tf.int32)
        return Replies(ids, tf.zeros(shape))

    def search_replies() -> Replies:
        return beam.search(decoder, rules, width, most_replies, length_penalty)

    def draw_replies() -> Replies:
        return nucleus.sample(
            decoder,
            rules,
            draws=width,
            most_draws=most_replies,
            temperature=tf.where(is_drawn, temperature, 1.0),
            top_p=inputs["top_p"],
            seed=inputs["seed"],
            length_penalty=length_penalty,
        )

    searched = tf.cond(tf.reduce_all(is_drawn), nothing, search_replies)
    drawn = tf.cond(tf.reduce_any(is_drawn), draw_replies, nothing)
    found = Replies(
        tf.where(is_drawn[:, None, None], drawn.ids, searched.ids),
        tf.where(is_drawn[:, None], drawn.scores, searched.scores),
    )
    return rerank(found, prior, inputs["mmi_lambda"], length_penalty)
