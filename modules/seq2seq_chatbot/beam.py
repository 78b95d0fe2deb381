"""seq2seq_chatbot: the best replies by beam search, in the graph.

At every place all beginnings that are followed grow by all characters. Of the likeliest `width`
outcomes those that end are replies, and the best `width` replies are kept; of those that go on the
likeliest `width` are followed. A question is done when it has `width` replies and no beginning that
is worth as much as the worst of them. With a width of 1 that is greedy search: the likeliest
character each time, until it is the end.

Source: Y. Wu et al., "Google's Neural Machine Translation System" (2016), section 7, for keeping
replies by a worth that does not fall with length; here it is the mean log-probability or a power
near it, see `replies.score`.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.seq2seq_chatbot.characters import END
from modules.seq2seq_chatbot.decoder import LOW, Decoder, States, of_any_size
from modules.seq2seq_chatbot.replies import Replies, best_first, score
from modules.seq2seq_chatbot.rules import Rules


class _Followed(NamedTuple):
    """Beginnings of replies, the likeliest first.

    Attributes:
        ids: int32 `[batch, beams, max_chars + 1]`.
        last: Last character, int32 `[batch, beams]`.
        log_p: Log-probability, float32 `[batch, beams]`; `LOW` where there is none.
        states: Of the decoder.
    """

    ids: tf.Tensor
    last: tf.Tensor
    log_p: tf.Tensor
    states: States


def search(
    decoder: Decoder,
    rules: Rules,
    width: tf.Tensor,
    beams: int | tf.Tensor,
    length_penalty: float,
) -> Replies:
    """Looks for the best replies.

    Args:
        decoder: The model.
        rules: What replies have to keep to, and the questions.
        width: How many beginnings are followed, and replies given, integers `[batch]`.
        beams: The largest that a width may be.
        length_penalty: See `replies.score`.

    Returns:
        `[batch, beams]` replies, of each question `width` at most.
    """
    is_kept = tf.range(beams) < tf.cast(width, tf.int32)[:, None]
    asked, states = decoder.ask(rules.question, beams)

    def step(
        place: tf.Tensor, was_done: tf.Tensor, followed: _Followed, found: Replies
    ) -> tuple[tf.Tensor, tf.Tensor, _Followed, Replies]:
        log_p, states = decoder.step(asked, followed.last, followed.states)
        log_p = tf.where(rules.may_be_said(place, followed.ids), log_p, LOW)
        log_p = tf.maximum(followed.log_p[..., None] + log_p, LOW)
        ended = _end(place, followed, log_p, is_kept, length_penalty)
        grown = _grow(place, followed, log_p, states, is_kept)
        # What is done stays as it is, however long others take.
        more = tf.nest.map_structure(
            lambda now, was: tf.where(_like(was_done, now), was, now),
            _best_of_both(found, ended, is_kept),
            found,
        )
        is_done = was_done | _is_done(place + 1, grown, more, is_kept, length_penalty)
        return place + 1, is_done, grown, more

    shape = tf.shape(is_kept)
    first = _Followed(
        ids=tf.zeros(tf.concat([shape, [rules.max_chars + 1]], 0), tf.int32),
        last=tf.fill(shape, END),
        log_p=tf.where(tf.range(beams) == 0, tf.zeros(shape), LOW),
        states=states,
    )
    nothing = Replies(tf.zeros_like(first.ids), tf.fill(shape, LOW))
    start = (tf.constant(0), tf.fill(shape[:1], False), first, nothing)
    _, _, _, found = tf.while_loop(
        lambda place, is_done, *_: (place <= rules.max_chars) & ~tf.reduce_all(is_done),
        step,
        start,
        shape_invariants=of_any_size(start),
        parallel_iterations=1,
    )
    return best_first(found)


def _is_done(
    place: tf.Tensor,
    followed: _Followed,
    found: Replies,
    is_kept: tf.Tensor,
    length_penalty: float,
) -> tf.Tensor:
    """Tells which questions have their replies, bool `[batch]`; `place` is 1 or more."""
    worst = tf.reduce_min(tf.where(is_kept, found.scores, 0.0), axis=1)
    hope = score(followed.log_p[:, 0], place, length_penalty)
    return (worst > hope) | (followed.log_p[:, 0] <= LOW / 2)


def _end(
    place: tf.Tensor,
    followed: _Followed,
    log_p: tf.Tensor,
    is_kept: tf.Tensor,
    length_penalty: float,
) -> Replies:
    """Gives the beginnings that are replies if they end here: those likelier than other outcomes.

    Args:
        place: How many characters they have.
        followed: The beginnings.
        log_p: Of each with each next symbol, float32 `[batch, beams, symbols]`.
        is_kept: Which ranks an example has, bool `[batch, beams]`.
        length_penalty: See `replies.score`.
    """
    ends = log_p[..., END]
    beams = tf.shape(ends)[1]
    flat = tf.reshape(log_p, [tf.shape(log_p)[0], -1])
    best, _ = tf.math.top_k(flat, tf.minimum(beams, tf.shape(flat)[1]))
    # The worst outcome that is among an example's own `width`.
    width = tf.reduce_sum(tf.cast(is_kept, tf.int32), axis=1)
    least = tf.gather(best, tf.minimum(width, tf.shape(best)[1]) - 1, batch_dims=1)
    ends = tf.where(ends >= least[:, None], ends, LOW)
    return Replies(followed.ids, score(ends, place + 1, length_penalty))


def _best_of_both(found: Replies, ended: Replies, is_kept: tf.Tensor) -> Replies:
    together = Replies(*(tf.concat(pair, axis=1) for pair in zip(found, ended, strict=True)))
    best = best_first(together, tf.shape(found.scores)[1])
    return Replies(best.ids, tf.where(is_kept, best.scores, LOW))


def _grow(
    place: tf.Tensor,
    followed: _Followed,
    log_p: tf.Tensor,
    states: States,
    is_kept: tf.Tensor,
) -> _Followed:
    """Follows the likeliest outcomes that do not end; arguments as for `_end`."""
    beams, symbols = tf.shape(log_p)[1], log_p.shape[2]
    going_on = tf.where(tf.range(symbols) == END, LOW, log_p)
    flat = tf.reshape(going_on, [tf.shape(log_p)[0], beams * symbols])
    best, chosen = tf.math.top_k(flat, beams)
    source, last = chosen // symbols, chosen % symbols
    ids = tf.gather(followed.ids, source, batch_dims=1)
    is_here = tf.range(tf.shape(ids)[2]) == place
    return _Followed(
        ids=tf.where(is_here, last[..., None], ids),
        last=last,
        log_p=tf.where(is_kept, best, LOW),
        states=tf.nest.map_structure(
            lambda values: tf.gather(values, source, batch_dims=1), states
        ),
    )


def _like(flags: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Gives flags `[batch]` as many dimensions as values have."""
    return tf.reshape(flags, [-1, *[1] * (len(values.shape) - 1)])
