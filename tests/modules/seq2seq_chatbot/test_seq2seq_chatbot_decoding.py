"""seq2seq_chatbot's decoding, against all replies there are, and how often they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from seq2seq_chatbot_tiny import (
    MAX_CHARS,
    MODELS,
    SYMBOLS,
    UNKNOWN,
    all_replies,
    free_rules,
    log_probabilities,
    log_softmax,
    logits_of,
    padded,
    tiny_decoder,
    tiny_model,
)

from modules.seq2seq_chatbot import beam, nucleus
from modules.seq2seq_chatbot.decoder import LOW, Decoder
from modules.seq2seq_chatbot.decoding import decode
from modules.seq2seq_chatbot.replies import Replies

QUESTIONS = [[1, 2], [3, 4, 2, 2, 1], [2], [UNKNOWN, 3]]


def search(
    decoder: Decoder,
    questions: np.ndarray,
    width: int | list[int],
    max_chars: int = MAX_CHARS,
    length_penalty: float = 1.0,
) -> Replies:
    widths = tf.constant(np.broadcast_to(width, len(questions)), tf.int64)
    beams = int(np.max(width))
    return beam.search(decoder, free_rules(questions, max_chars), widths, beams, length_penalty)


def drawn(
    decoder: Decoder,
    questions: np.ndarray,
    draws: int,
    top_p: float,
    seeds: np.ndarray,
    temperature: float = 1.0,
    max_chars: int = MAX_CHARS,
) -> Replies:
    count = len(questions)
    inputs = {
        "question": tf.constant(questions),
        "beam_width": tf.fill([count], tf.constant(draws, tf.int64)),
        "temperature": tf.fill([count], temperature),
        "top_p": tf.fill([count], top_p),
        "seed": tf.constant(seeds, tf.int64),
        "mmi_lambda": tf.zeros([count]),
        "no_repeat": tf.zeros([count], tf.int64),
        "may_echo": tf.fill([count], True),
    }
    return decode(decoder, no_prior, inputs, draws, max_chars, 1.0)


def no_prior(ids: tf.Tensor) -> tf.Tensor:
    return tf.zeros(tf.shape(ids)[:2])


def texts(found: Replies) -> list[list[tuple[int, ...]]]:
    """Replies of each question without what comes after their end."""
    return [
        [
            tuple(int(i) for i in ids if i)
            for ids, score in zip(rows, scores, strict=True)
            if score > LOW / 2
        ]
        for rows, scores in zip(found.ids.numpy(), found.scores.numpy(), strict=True)
    ]


def worth(model: object, question: list[int], length_penalty: float = 1.0) -> dict[tuple, float]:
    every = all_replies()
    log_p = log_probabilities(model, question, every)
    lengths = np.array([len(reply) + 1 for reply in every])
    return dict(zip(every, log_p / lengths**length_penalty, strict=True))


@pytest.mark.parametrize("kind", MODELS)
def test_character_by_character_is_as_likely_as_all_at_once(kind: str) -> None:
    model = tiny_model(kind=kind)
    decoder = Decoder(model, SYMBOLS)
    replies = padded([[1, 2, 4, 3], [3, 3], [2, UNKNOWN, 1], [1]])
    questions = padded(QUESTIONS)
    wanted = log_softmax(logits_of(model, questions, replies))
    asked, states = decoder.ask(tf.constant(questions), 1)
    last = np.zeros([4, 1], np.int64)
    for place in range(replies.shape[1] + 1):
        log_p, states = decoder.step(asked, tf.constant(last), states)
        np.testing.assert_allclose(log_p.numpy()[:, 0], wanted[:, place], atol=1e-4)
        last = replies[:, place : place + 1]


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0])
def test_a_wide_beam_finds_what_enumeration_finds(length_penalty: float) -> None:
    model = tiny_model()
    every = len(all_replies())
    found = search(Decoder(model, SYMBOLS), padded(QUESTIONS), every, length_penalty=length_penalty)
    for question, replies, scores in zip(
        QUESTIONS, texts(found), found.scores.numpy(), strict=True
    ):
        known = worth(model, question, length_penalty)
        assert sorted(replies) == sorted(known)
        np.testing.assert_allclose(scores, sorted(known.values(), reverse=True), atol=1e-4)
        np.testing.assert_allclose(scores, [known[reply] for reply in replies], atol=1e-4)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("width", [2, 5])
def test_scores_of_a_narrow_beam_are_those_of_its_replies(width: int, kind: str) -> None:
    model = tiny_model(kind=kind)
    found = search(Decoder(model, SYMBOLS), padded(QUESTIONS), width)
    for question, replies, scores in zip(
        QUESTIONS, texts(found), found.scores.numpy(), strict=True
    ):
        known = worth(model, question)
        assert len(set(replies)) == len(replies) >= 1
        np.testing.assert_allclose(
            scores[: len(replies)], [known[reply] for reply in replies], atol=1e-4
        )
        assert list(scores) == sorted(scores, reverse=True)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_width_of_one_takes_the_likeliest_character_each_time(seed: int) -> None:
    model = tiny_model(seed)
    found = texts(search(Decoder(model, SYMBOLS), padded(QUESTIONS), 1, max_chars=9))
    for question, [reply] in zip(QUESTIONS, found, strict=True):
        said: list[int] = []
        while True:
            next_logits = logits_of(model, padded([question]), padded([said]))[0, len(said)]
            next_logits[UNKNOWN] = -np.inf
            if not said:
                next_logits[[0, 4]] = -np.inf
            character = int(np.argmax(next_logits))
            if character == 0 or len(said) == 9:
                break
            said.append(character)
        assert reply == tuple(said)


def test_wider_beams_find_no_worse_replies() -> None:
    decoder = tiny_decoder()
    scores = [search(decoder, padded(QUESTIONS), width).scores.numpy()[:, 0] for width in (1, 63)]
    assert (scores[1] >= scores[0] - 1e-6).all()
    assert (scores[1] > scores[0] + 1e-3).any()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_an_answer_is_the_same_alone_and_among_others_of_any_length(temperature: float) -> None:
    decoder = tiny_decoder()
    others = [*QUESTIONS, [1, 2, 3] * 15]
    seeds = np.arange(len(others)) + 5
    together = drawn(decoder, padded(others), 4, 0.95, seeds, temperature)
    for row, question in enumerate(others):
        alone = drawn(decoder, padded([question]), 4, 0.95, seeds[row : row + 1], temperature)
        np.testing.assert_array_equal(alone.ids[0], together.ids[row])
        np.testing.assert_allclose(alone.scores[0], together.scores[row], atol=1e-5)


def test_each_question_has_its_own_width() -> None:
    decoder = tiny_decoder()
    together = texts(search(decoder, padded(QUESTIONS), [1, 4, 2, 7]))
    for question, width, replies in zip(QUESTIONS, [1, 4, 2, 7], together, strict=True):
        [alone] = texts(search(decoder, padded([question]), width))
        assert replies == alone
        assert 1 <= len(replies) <= width


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (1.0, 0.6), (0.7, 0.9)])
def test_characters_are_drawn_as_often_as_the_nucleus_says(
    temperature: float, top_p: float
) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=7).astype(np.float32) * 1.5
    shares = np.exp(log_softmax(logits / temperature))
    order = np.argsort(-shares)
    kept = order[: np.searchsorted(np.cumsum(shares[order]), top_p) + 1]
    wanted = np.zeros(7)
    wanted[kept] = shares[kept] / shares[kept].sum()
    count = 40_000
    found = nucleus.draw(
        tf.tile(tf.constant(logits / temperature)[None], [count, 1]),
        tf.fill([count], top_p),
        tf.constant(rng.random(count), tf.float32),
    )
    frequencies = np.bincount(found.numpy(), minlength=7) / count
    np.testing.assert_allclose(frequencies, wanted, atol=0.012)
    assert not frequencies[wanted == 0].any()


def test_replies_are_drawn_as_often_as_they_are_likely() -> None:
    model = tiny_model()
    question = [1, 2]
    decoder = Decoder(model, SYMBOLS)
    # What may not be said is left out place by place, and the rest shares its probability.
    every = all_replies(2)
    log_p = log_softmax(logits_of(model, padded([question] * len(every)), padded(every)))
    wanted = {}
    for row, reply in enumerate(every):
        share = 1.0
        for place, character in enumerate([*reply, 0]):
            allowed = [1, 2, 3] if place == 0 else [0, 1, 2, 3, 4] if place < 2 else [0]
            p = np.exp(log_p[row, place])
            share *= p[character] / p[allowed].sum()
        wanted[reply] = share
    assert sum(wanted.values()) == pytest.approx(1)
    count = 6000
    found = drawn(decoder, padded([question] * count), 1, 1.0, np.arange(count), max_chars=2)
    replies = [reply for [reply] in texts(found)]
    for reply, share in wanted.items():
        assert replies.count(reply) / count == pytest.approx(share, abs=0.025)


def test_a_small_nucleus_is_greedy_and_seeds_are_kept() -> None:
    decoder = tiny_decoder()
    questions = padded(QUESTIONS)
    seeds = np.arange(4)
    greedy = texts(search(decoder, questions, 1))
    assert texts(drawn(decoder, questions, 3, 1e-6, seeds)) == greedy
    first, again, other = (
        texts(drawn(decoder, questions, 6, 1.0, seeds + shift)) for shift in (0, 0, 50)
    )
    assert first == again != other


@pytest.mark.parametrize("kind", MODELS)
def test_draws_are_different_replies_best_first_with_their_scores(kind: str) -> None:
    model = tiny_model(kind=kind)
    found = drawn(Decoder(model, SYMBOLS), padded(QUESTIONS), 12, 1.0, np.arange(4))
    for question, replies, scores in zip(
        QUESTIONS, texts(found), found.scores.numpy(), strict=True
    ):
        known = worth(model, question)
        assert 2 <= len(replies) == len(set(replies)) <= 12
        wanted = [known[reply] for reply in replies]
        np.testing.assert_allclose(scores[: len(replies)], wanted, atol=1e-4)
        assert wanted == sorted(wanted, reverse=True)


def test_no_reply_is_empty_or_unknown_or_too_long() -> None:
    model = tiny_model()
    # As a model that would rather say nothing, or what it does not know.
    table = model.get_layer("characters")
    table.bias.assign([9.0, 0.0, 0.0, 0.0, 0.0, 9.0])
    decoder = Decoder(model, SYMBOLS)
    for found in (
        search(decoder, padded(QUESTIONS), 5),
        drawn(decoder, padded(QUESTIONS), 5, 1.0, np.arange(4)),
    ):
        for replies in texts(found):
            assert replies
            assert all(1 <= len(reply) <= MAX_CHARS for reply in replies)
            assert not any(UNKNOWN in reply or reply[0] == 4 for reply in replies)


def test_a_graph_that_knows_no_sizes_gives_the_same() -> None:
    """As it is exported: numbers of questions, replies and places are known when it runs."""
    decoder = tiny_decoder(kind="transformer")

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64)] * 2)
    def traced(questions: tf.Tensor, widths: tf.Tensor) -> tuple[Replies, Replies]:
        count, most = tf.shape(questions)[0], tf.reduce_max(widths)
        inputs = {
            "question": questions,
            "beam_width": widths[:, 0],
            "top_p": tf.fill([count], 1.0),
            "seed": tf.range(count, dtype=tf.int64),
            "mmi_lambda": tf.zeros([count]),
            "no_repeat": tf.zeros([count], tf.int64),
            "may_echo": tf.fill([count], True),
        }
        most = tf.cast(most, tf.int32)
        ways = (inputs | {"temperature": tf.fill([count], heat)} for heat in (0.0, 1.0))
        found, others = (decode(decoder, no_prior, way, most, MAX_CHARS, 1.0) for way in ways)
        return found, others

    questions = padded(QUESTIONS)
    looked_for, by_chance = traced(questions, np.full([4, 1], 6))
    assert texts(looked_for) == texts(search(decoder, questions, 6))
    assert texts(by_chance) == texts(drawn(decoder, questions, 6, 1.0, np.arange(4)))
