"""seq2seq_chatbot: replies that are drawn, in the graph, by nucleus sampling.

At every place the likeliest characters that have `top_p` of the probability together are the
nucleus, and one of them is drawn. What is drawn for a question depends on its seed, the number of
the draw and the place alone, whatever else is drawn at the same time.

Source: A. Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020).
"""

from __future__ import annotations

import tensorflow as tf

from modules.seq2seq_chatbot.characters import END
from modules.seq2seq_chatbot.decoder import LOW, Decoder, States, of_any_size
from modules.seq2seq_chatbot.replies import Replies, best_first, score, without_repeats
from modules.seq2seq_chatbot.rules import Rules
from modules.seq2seq_chatbot.task import MAX_BEAM_WIDTH

_State = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, States]


def sample(
    decoder: Decoder,
    rules: Rules,
    draws: tf.Tensor,
    most_draws: int | tf.Tensor,
    temperature: tf.Tensor,
    top_p: tf.Tensor,
    seed: tf.Tensor,
    length_penalty: float,
) -> Replies:
    """Draws replies.

    Args:
        decoder: The model.
        rules: What replies have to keep to, and the questions.
        draws: How many, integers `[batch]`, 1 to `MAX_BEAM_WIDTH`.
        most_draws: The largest of them.
        temperature: float32 `[batch]`, above 0.
        top_p: float32 `[batch]`, above 0 to 1.
        seed: int64 `[batch]`.
        length_penalty: See `replies.score`; it says which of the draws come first.

    Returns:
        `[batch, most_draws]` replies, the same one only once.
    """
    noise = _noise(seed, rules.max_chars + 1)[:, :most_draws]
    asked, states = decoder.ask(rules.question, most_draws)

    def step(place: tf.Tensor, *state: tf.Tensor) -> tuple[tf.Tensor, ...]:
        ids, last, log_p, lengths, states = state
        next_log_p, states = decoder.step(asked, last, states)
        allowed = tf.where(rules.may_be_said(place, ids), next_log_p, LOW)
        drawn = draw(allowed / temperature[:, None, None], top_p[:, None], noise[..., place])
        is_open = (last != END) | (place == 0)
        drawn = tf.where(is_open, drawn, END)
        of_drawn = tf.gather(next_log_p, drawn, batch_dims=2)
        is_here = tf.range(rules.max_chars + 1) == place
        return (
            place + 1,
            tf.where(is_here, drawn[..., None], ids),
            drawn,
            log_p + tf.where(is_open, of_drawn, 0.0),
            lengths + tf.cast(is_open, tf.int32),
            states,
        )

    shape = tf.shape(noise)[:2]
    first = (
        tf.constant(0),
        tf.zeros(tf.shape(noise), tf.int32),
        tf.fill(shape, END),
        tf.zeros(shape),
        tf.zeros(shape, tf.int32),
        states,
    )
    _, ids, _, log_p, lengths, _ = tf.while_loop(
        lambda place, ids, last, *_: (place == 0) | tf.reduce_any(last != END),
        step,
        first,
        shape_invariants=of_any_size(first),
        parallel_iterations=1,
    )
    is_asked_for = tf.range(most_draws) < tf.cast(draws, tf.int32)[:, None]
    scores = tf.where(is_asked_for, score(log_p, lengths, length_penalty), LOW)
    return best_first(without_repeats(Replies(ids, scores)))


def draw(logits: tf.Tensor, top_p: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Draws from the nucleus.

    Args:
        logits: float32 `[..., symbols]`.
        top_p: Probability that the nucleus has at least, float32 `[...]`.
        noise: Even in [0, 1), float32 `[...]`.

    Returns:
        int32 `[...]`.
    """
    sorted_logits, order = tf.math.top_k(logits, logits.shape[-1])
    shares = tf.nn.softmax(sorted_logits)
    before = tf.cumsum(shares, axis=-1, exclusive=True)
    # The sum of all may be rounded to less than 1: what is impossible is still outside.
    is_in = (before < top_p[..., None]) & (shares > 0)
    size = tf.reduce_sum(tf.where(is_in, shares, 0.0), axis=-1)
    is_passed = is_in & (before <= (noise * size)[..., None])
    rank = tf.reduce_sum(tf.cast(is_passed, tf.int32), axis=-1) - 1
    return tf.gather(order, rank, batch_dims=len(rank.shape))


def _noise(seed: tf.Tensor, places: int) -> tf.Tensor:
    """Even noise of each seed alone: float32 `[batch, MAX_BEAM_WIDTH, places]`."""

    def of_seed(one: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform([MAX_BEAM_WIDTH, places], tf.stack([one, 0]))

    return tf.map_fn(of_seed, seed, fn_output_signature=tf.float32)
