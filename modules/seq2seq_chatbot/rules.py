"""seq2seq_chatbot: what a reply may say at a place, whatever the model would."""

from __future__ import annotations

import unicodedata
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
    echo, none is the question and no more, whatever marks and spaces either has.

    Attributes:
        question: int64 `[batch, longest]`, 0 after the end.
        no_repeat: How many characters in a row are said only once, integers `[batch]`; 0 for any.
        may_echo: Whether a reply may be the question, bool `[batch]`.
        max_chars: Characters that a reply may have.
        begins: Which symbols it may begin with, bool `[symbols]`.
        goes_on: Which symbols may come later, bool `[symbols]`.
        is_mark: Which symbols are marks or spaces, bool `[symbols]`.
    """

    question: tf.Tensor
    no_repeat: tf.Tensor
    may_echo: tf.Tensor
    max_chars: int
    begins: np.ndarray
    goes_on: np.ndarray
    is_mark: np.ndarray

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
        is_echo = self._is_question(place, ids) & ~self.may_echo[:, None]
        # A reply as long as any may be can only end.
        is_echo &= place < self.max_chars
        is_again = _would_repeat(place, ids, self.no_repeat, len(is_end))
        return by_place & ~is_again & ~(is_end & is_echo[..., None])

    def _is_question(self, place: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Tells which replies have said the question and nothing else: bool `[batch, replies]`.

        Marks and spaces do not count, but where the question has nothing else.
        """
        asked = tf.cast(self.question, tf.int32)[:, None]
        said = tf.where(tf.range(tf.shape(ids)[2]) < place, ids, END)
        is_said = np.arange(len(self.is_mark)) != END
        is_word = is_said & ~self.is_mark
        has_words = tf.reduce_any(tf.gather(is_word, asked), axis=2, keepdims=True)
        counts = tf.where(has_words, is_word, is_said)
        longest = tf.maximum(tf.shape(asked)[2], tf.shape(said)[2])
        asked, said = (_keep(line, counts, longest) for line in (asked, said))
        return tf.reduce_all(asked == said, axis=2)


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
    is_mark = np.array([unicodedata.category(symbol or "a")[0] in "PSZ" for symbol in symbols])
    return Rules(question, no_repeat, may_echo, max_chars, begins, goes_on, is_mark)


def _keep(line: tf.Tensor, counts: tf.Tensor, longest: tf.Tensor) -> tf.Tensor:
    """Gives what of lines counts, without gaps and filled up.

    Args:
        line: int32 `[batch, lines, places]`.
        counts: Which symbols count, bool `[batch, 1, symbols]`.
        longest: Places that are given.

    Returns:
        int32 `[batch, lines, longest]`, END where nothing is left.
    """
    line = tf.pad(line, [(0, 0), (0, 0), (0, longest - tf.shape(line)[2])], constant_values=END)
    is_kept = tf.gather(counts[:, 0], line, axis=1, batch_dims=1)
    order = tf.argsort(tf.cast(~is_kept, tf.int32), axis=2, stable=True)
    return tf.gather(tf.where(is_kept, line, END), order, axis=2, batch_dims=2)


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
