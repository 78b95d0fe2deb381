"""What replies have to keep to, against Python's own counting, and the order they are put in."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow as tf
from seq2seq_chatbot_tiny import (
    MAX_CHARS,
    MODELS,
    SPACE,
    SYMBOLS,
    UNKNOWN,
    all_replies,
    free_rules,
    padded,
    tiny_decoder,
)

from modules.seq2seq_chatbot import beam, nucleus
from modules.seq2seq_chatbot.decoder import LOW
from modules.seq2seq_chatbot.replies import Replies, rerank
from modules.seq2seq_chatbot.rules import rules_for


def repeats(reply: tuple[int, ...], count: int) -> bool:
    """Whether so many characters in a row come twice."""
    rows = [reply[i : i + count] for i in range(len(reply) - count + 1)]
    return len(set(rows)) < len(rows)


@pytest.mark.parametrize("count", range(9))
def test_a_row_of_characters_is_said_only_once(count: int) -> None:
    rng = np.random.default_rng(count)
    said = rng.integers(1, 4, size=(2, 20, 12))
    rules = free_rules(padded([[1], [2]]), 20, no_repeat=tf.constant([count, count]))
    for place in (0, 1, 3, 8, 12):
        # What comes after the place is not looked at.
        ids = tf.constant(np.pad(said, [(0, 0), (0, 0), (0, 9)]), tf.int32)
        found = rules.may_be_said(tf.constant(place), ids).numpy()
        for question, reply in np.ndindex(2, 20):
            before = tuple(said[question, reply, :place])
            usual = {1, 2, 3} if place == 0 else {0, 1, 2, 3, 4}
            again = {
                symbol
                for symbol in usual
                if count and repeats((*before, symbol), count) and not repeats(before, count)
            }
            allowed = set(np.flatnonzero(found[question, reply]))
            if not (count and repeats(before, count)):
                assert allowed == usual - again


def test_an_echo_does_not_end_unless_it_may_or_must() -> None:
    question = padded([[1, 2], [1, 2], [1, 2, 3], [1]])
    rules = free_rules(question, 3, may_echo=tf.constant([False, True, False, False]))
    ids = padded([[1, 2], [2, 1], [1, 2, 3]], 4)
    for place in (1, 2, 3):
        cut = np.where(np.arange(4) < place, ids, 0)
        every = tf.constant(np.broadcast_to(cut, (4, 3, 4)), tf.int32)
        may_end = rules.may_be_said(tf.constant(place), every).numpy()[..., 0]
        for row, asked in enumerate([(1, 2), None, (1, 2, 3), (1,)]):
            for reply in range(3):
                is_echo = tuple(cut[reply, :place]) == asked
                assert may_end[row, reply] == (place == 3 or not is_echo)


def test_a_reply_that_begins_as_an_echo_and_goes_on_may_end() -> None:
    rules = free_rules(padded([[1, 2]]), 5, may_echo=tf.constant([False]))
    said = tf.constant(padded([[1, 2, 3], [1, 2, 0]], 6)[None], tf.int32)
    for place, wanted in ((3, True), (2, False)):
        assert rules.may_be_said(tf.constant(place), said).numpy()[0, place - 3, 0] == wanted


@pytest.mark.parametrize("asked", ["你是谁", "你 是谁?", "?!", "😀", "你?谁", ""])
@pytest.mark.parametrize("may_echo", [False, True])
def test_marks_and_spaces_make_no_other_reply_of_an_echo(asked: str, may_echo: bool) -> None:
    symbols = ["", *"你是谁a?! 😀", ""]
    replies = ["你是谁", "你是谁?", "你是 谁?!", "你是", "?!", "!", "😀", "你谁", "是谁你", "a!"]
    question = [symbols.index(character) for character in asked]
    rules = rules_for(
        symbols,
        tf.constant(padded([question, [len(symbols) - 1, 1]])),
        tf.constant([0, 0]),
        tf.constant([may_echo, False]),
        max_chars=9,
    )
    for reply in replies:
        ids = tf.constant([[[*map(symbols.index, reply), *[4] * (10 - len(reply))]]] * 2, tf.int32)
        may_end = rules.may_be_said(tf.constant(len(reply)), ids).numpy()[:, 0, 0]
        words = [re.sub(r"\W", "", text) for text in (asked, reply)]
        is_echo = words[0] == words[1] if words[0] else asked == reply
        assert may_end[0] == (may_echo or not is_echo)
        assert may_end[1], "what is unknown in a question is no mark, and cannot be said"


@pytest.mark.parametrize("kind", MODELS)
def test_a_wide_beam_finds_all_that_keeps_to_the_rules(kind: str) -> None:
    questions = [(1, 2), (3,), (UNKNOWN, 3)]
    counts = [2, 1, 0]
    rules = free_rules(
        padded(questions), no_repeat=tf.constant(counts), may_echo=tf.fill([3], False)
    )
    every = len(all_replies())
    decoder = tiny_decoder(kind=kind)
    found = beam.search(decoder, rules, tf.fill([3], every), every, 1.0)
    seeds = tf.range(3, dtype=tf.int64)
    even = tf.ones([3])
    drawn = nucleus.sample(decoder, rules, tf.fill([3], 32), 32, 5 * even, even, seeds, 1.0)
    for row, (question, count) in enumerate(zip(questions, counts, strict=True)):
        wanted = {
            reply
            for reply in all_replies()
            # What is as long as any may be has to end.
            if (len(reply) == MAX_CHARS or tuple(i for i in reply if i != SPACE) != question)
            and not (count and repeats(reply, count))
        }
        assert texts(found, row) == wanted
        assert texts(drawn, row) <= wanted and len(texts(drawn, row)) > 5


def texts(found: Replies, row: int) -> set[tuple[int, ...]]:
    is_reply = found.scores[row].numpy() > LOW / 2
    return {tuple(int(i) for i in ids if i) for ids in found.ids[row].numpy()[is_reply]}


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_replies_are_put_in_the_order_of_what_they_tell(length_penalty: float) -> None:
    replies = [(1, 2), (3,), (2, 2, 1), (1,)]
    likely, anyhow = [-2.0, -3.0, -4.0, -9.0], [-1.0, -2.5, -6.0, -1.0]
    lengths = np.array([len(reply) + 1 for reply in replies])
    scores = likely / lengths**length_penalty
    ids = tf.constant(padded(replies, MAX_CHARS + 1)[None], tf.int32)
    missing = tf.zeros_like(ids[:, :1])
    given = Replies(
        tf.concat([ids, missing], axis=1),
        tf.constant([[*scores, LOW]], tf.float32),
    )
    prior = tf.constant([[*anyhow, 0.0]])
    found = rerank(given, lambda _: prior, tf.constant([0.5]), length_penalty)
    worth = (np.array(likely) - 0.5 * np.array(anyhow)) / lengths**length_penalty
    order = np.argsort(-worth)
    np.testing.assert_allclose(found.scores[0, :4], worth[order], rtol=1e-5)
    np.testing.assert_array_equal(found.ids[0, :4], padded(replies, MAX_CHARS + 1)[order])
    assert found.scores[0, 4] == LOW and not found.ids[0, 4].numpy().any()
    assert len(SYMBOLS) > max(map(max, replies))
