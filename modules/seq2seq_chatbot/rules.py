"""seq2seq_chatbot: what a reply may say at a place, whatever the model would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from modules.seq2seq_chatbot.characters import END
from modules.seq2seq_chatbot.task import MAX_NO_REPEAT


class Rules(NamedTuple):
    """What replies to questions have to keep to.

    No reply is empty, begins with a space, has the unknown character, or is longer than
    `max_chars`; none says so many characters in a row a second time; and where it may not be an
    echo, none is the question and no more.

    Attributes:
        question: int64 `[batch, longest]`, 0 after the end.
        no_repeat: How many characters in a row are said only once, integers `[batch]`; 0 for any.
        may_echo: Whether a reply may be the question, bool `[batch]`.
        max_chars: Characters that a reply may have.
        begins: Which symbols it may begin with, bool `[symbols]`.
        goes_on: Which symbols may come later, bool `[symbols]`.
    """

    question: tf.Tensor
    no_repeat: tf.Tensor
    may_echo: tf.Tensor
    max_chars: int
    begins: np.ndarray
    goes_on: np.ndarray

    def may_be_said(self, place: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Tells which symbols replies may have at a place.

        Args:
            place: Counted from 0, integer scalar.
            ids: What has been said, int32 `[batch, replies, max_chars + 1]`, of which the first
                `place` are looked at.

        Returns:
            bool `[batch, replies, symbols]`.
        """
        is_end = np.arange(len(self.goes_on)) == END
        by_place = tf.where(place == 0, self.begins, self.goes_on)
        by_place = tf.where(place >= self.max_chars, is_end, by_place)
        is_echo = _is_question(self.question, place, ids) & ~self.may_echo[:, None]
        # A reply as long as any may be can only end.
        is_echo &= place < self.max_chars
        is_again = _would_repeat(place, ids, self.no_repeat, len(is_end))
        return by_place & ~is_again & ~(is_end & is_echo[..., None])


def rules_for(
    symbols: Sequence[str],
    question: tf.Tensor,
    no_repeat: tf.Tensor,
    may_echo: tf.Tensor,
    max_chars: int,
) -> Rules:
    """Makes the rules, by what each id stands for, as `features.symbols_of` gives it."""
    begins = np.array([symbol.strip() != "" for symbol in symbols])
    goes_on = np.array([symbol != "" for symbol in symbols])
    goes_on[END] = True
    return Rules(question, no_repeat, may_echo, max_chars, begins, goes_on)


def _is_question(question: tf.Tensor, place: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Tells which replies have said the question and nothing else: bool `[batch, replies]`."""
    longest = tf.minimum(tf.shape(question)[1], tf.shape(ids)[2])
    is_same = tf.cast(ids[..., :longest], tf.int64) == question[:, None, :longest]
    length = tf.reduce_sum(tf.cast(question != 0, tf.int32), axis=1)
    is_before = tf.range(longest) < place
    return tf.reduce_all(is_same | ~is_before, axis=2) & (length == place)[:, None]


def _would_repeat(
    place: tf.Tensor, ids: tf.Tensor, no_repeat: tf.Tensor, symbols: int
) -> tf.Tensor:
    """Tells which symbols would end a row that has been said: bool `[batch, replies, symbols]`."""
    places = tf.range(tf.shape(ids)[2])
    # Of each place how many characters before it are those that were said last.
    like = tf.zeros_like(ids)
    goes_on = tf.broadcast_to(places < place, tf.shape(ids))
    for back in range(1, MAX_NO_REPEAT):
        last = tf.gather(ids, tf.maximum(place - back, 0), axis=2)[..., None]
        before = tf.roll(ids, back, axis=2)
        goes_on &= (before == last) & (places >= back)
        like += tf.cast(goes_on, tf.int32)
    no_repeat = tf.cast(no_repeat, tf.int32)[:, None, None]
    is_barred = (places < place) & (like >= no_repeat - 1) & (no_repeat > 0)
    where = tf.where(is_barred)
    rows = tf.concat([where[:, :2], tf.cast(tf.gather_nd(ids, where), tf.int64)[:, None]], axis=1)
    shape = tf.cast(tf.stack([tf.shape(ids)[0], tf.shape(ids)[1], symbols]), tf.int64)
    return tf.scatter_nd(rows, tf.ones(tf.shape(rows)[:1], tf.int32), shape) > 0
