"""seq2seq_chatbot's model: what depends on what, and what a reply costs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from asked import read_request, show
from seq2seq_chatbot_tiny import (
    MODELS,
    SETTINGS,
    SYMBOLS,
    free_rules,
    log_softmax,
    logits_of,
    padded,
    tiny_model,
)

from modules.common.asking.asking import asker_of
from modules.common.declaring.settings import change
from modules.common.runtime.errors import DataError, SettingError
from modules.seq2seq_chatbot import beam, costs
from modules.seq2seq_chatbot.decoder import Decoder
from modules.seq2seq_chatbot.model import Perplexity, build, build_model, nats
from modules.seq2seq_chatbot.task import TASK

QUESTIONS = [[1, 2], [3, 4, 2, 2, 1], [], [5, 3]]
REPLIES = [[2], [1, 1, 3], [3, 4, 5, 1, 2], []]


class FiveSymbols:
    def vocabulary_size_by_name(self, name: str) -> int:
        return len(SYMBOLS) - 2


@pytest.mark.parametrize("kind", MODELS)
def test_what_fills_up_a_batch_changes_nothing(kind: str) -> None:
    model = tiny_model(kind=kind)
    # Rows beyond the lines, and others in the batch that are longer by far.
    longest = padded([*QUESTIONS, [1, 2, 3] * 20]), padded([*REPLIES, [3, 2] * 15], 40)
    together = logits_of(model, *longest)
    for row, (question, reply) in enumerate(zip(QUESTIONS, REPLIES, strict=True)):
        alone = logits_of(model, padded([question]), padded([reply]))
        own = len(reply) + 1
        np.testing.assert_allclose(together[row, :own], alone[0, :own], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", MODELS)
def test_the_question_is_seen_and_nothing_of_the_reply_before_its_time(kind: str) -> None:
    model = tiny_model(kind=kind)
    first, other_question, other_end = (
        logits_of(model, padded([question]), padded([reply]))[0]
        for question, reply in (
            ([1, 2, 3, 1], [1, 2, 3, 1]),
            ([1, 3, 3, 1], [1, 2, 3, 1]),
            ([1, 2, 3, 1], [1, 2, 1, 1]),
        )
    )
    assert (abs(first - other_question).max(axis=1) > 1e-3).all()
    np.testing.assert_allclose(first[:3], other_end[:3], atol=1e-6)
    assert (abs(first[3:] - other_end[3:]).max(axis=1) > 1e-3).all()


def test_attention_looks_at_the_whole_question_and_nowhere_else() -> None:
    model = tiny_model()
    rng = np.random.default_rng(1)
    asking, memory = (rng.normal(size=shape).astype(np.float32) for shape in ((2, 3, 8), (2, 5, 8)))
    is_own = np.array([[True] * 3 + [False] * 2, [True] * 5])
    layer = model.get_layer("attention")
    kernel = layer.kernel.numpy()
    fit = np.einsum("btu,uv,bsv->bts", asking, kernel, memory) / np.sqrt(8)
    shares = np.exp(fit) * is_own[:, None]
    shares /= shares.sum(axis=-1, keepdims=True)
    found = layer.shares(*map(tf.constant, (asking, memory, is_own)))
    np.testing.assert_allclose(found, shares, atol=1e-5)
    seen = layer([tf.constant(values) for values in (asking, memory, is_own)])
    np.testing.assert_allclose(seen, shares @ memory, atol=1e-4)


@pytest.mark.parametrize("kind", MODELS)
def test_costs_and_perplexity_are_those_of_the_probabilities(kind: str) -> None:
    model = tiny_model(kind=kind)
    perplexity = Perplexity()
    total, characters = 0.0, 0
    for lines in (REPLIES, [[1], [2, 2]]):
        question, reply = padded(QUESTIONS[: len(lines)]), padded(lines, 7)
        log_p = log_softmax(logits_of(model, question, reply))
        wanted = np.zeros([len(lines), 8])
        for row, line in enumerate(lines):
            for place, character in enumerate([*line, 0]):
                wanted[row, place] = -log_p[row, place, character]
        found = model({"question": question, "reply": reply}, training=False)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(nats(reply, found), wanted.sum(axis=1), rtol=1e-4)
        perplexity.update_state(tf.constant(reply), found)
        total, characters = total + wanted.sum(), characters + sum(len(line) + 1 for line in lines)
    assert float(perplexity.result()) == pytest.approx(np.exp(total / characters), rel=1e-4)


@pytest.mark.parametrize("places", [0, 1, 6, 7, 100])
@pytest.mark.parametrize(("places_at_once", "step"), [(1, 1), (7, 1), (7, 4), (1000, 128)])
def test_costs_in_pieces_are_those_of_all_at_once(
    monkeypatch: pytest.MonkeyPatch, places: int, places_at_once: int, step: int
) -> None:
    """By TensorFlow's own cross-entropy and its gradients."""
    monkeypatch.setattr(costs, "PIECE_BYTES", places_at_once * 9 * 4)
    monkeypatch.setattr(costs, "SIZE_STEP", step)
    rng = np.random.default_rng(2)
    wanted, vectors, bias, upstream = (
        tf.constant(2 * rng.normal(size=shape), tf.float32)
        for shape in ((places, 4), (9, 4), (9,), (places,))
    )
    ids = tf.constant(rng.integers(0, 9, places))

    def known(wanted: tf.Tensor, vectors: tf.Tensor, bias: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        logits = wanted @ tf.transpose(vectors) + bias
        return tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)

    found = []
    for function in (known, tf.function(costs.costs)):
        with tf.GradientTape() as tape:
            tape.watch([wanted, vectors, bias])
            values = function(wanted, vectors, bias, ids)
        slopes = tape.gradient(values, [wanted, vectors, bias], output_gradients=upstream)
        found.append([values, *slopes])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_begins_about_as_frequencies_fall(kind: str) -> None:
    keras.utils.set_random_seed(1)
    model = build(change(SETTINGS, units=64, model=kind), 500)
    shares = np.exp(log_softmax(logits_of(model, padded([[1, 2]]), padded([[3]]))))[0].mean(axis=0)
    assert shares[:10].mean() > 5 * shares[100:200].mean() > 5 * shares[400:].mean()


def test_heads_that_do_not_divide_the_units_are_refused() -> None:
    with pytest.raises(SettingError, match="heads: expected a divisor of units, 8, found 3"):
        build(change(SETTINGS, model="transformer", heads=3), len(SYMBOLS))


def test_gradients_are_clipped() -> None:
    model = build_model(SETTINGS, FiveSymbols())  # type: ignore[arg-type]
    assert model.optimizer.global_clipnorm == TASK.settings().clip_norm == 5
    assert model.get_layer("encoder_2") and model.get_layer("decoder_2")


@pytest.mark.parametrize(("kind", "rate"), [("lstm", 0.01), ("transformer", 0.003)])
def test_a_model_learns_pairs_by_heart_and_says_them(kind: str, rate: float) -> None:
    keras.utils.set_random_seed(4)
    settings = change(SETTINGS, units=32, dropout=0.0, learning_rate=rate, model=kind)
    model = build_model(settings, FiveSymbols())  # type: ignore[arg-type]
    questions = [[1, 2], [2, 1], [3, 4, 2, 2, 1], [3]]
    replies = [[2, 4, 1], [3], [1, 1, 1, 3], [2, 3]]
    features = {"question": padded(questions), "reply": padded(replies)}
    model.fit(features, features["reply"], epochs=80, verbose=0)
    decoder = Decoder(model, SYMBOLS)
    rules = free_rules(features["question"], 9)
    found = beam.search(decoder, rules, tf.fill([4], tf.constant(3, tf.int64)), 3, 1.0)
    assert [[int(i) for i in ids if i] for ids in found.ids[:, 0].numpy()] == replies
    assert (np.exp(found.scores[:, 0]) > 0.8).all()


def test_what_is_said_becomes_a_request_and_replies_become_lines() -> None:
    name, request = read_request(TASK, "你好", beam_width="3", temperature="0.7")
    assert name == "serving_default"
    assert request == {"text": ["你好"], "beam_width": [3], "temperature": [0.7]}
    with pytest.raises(DataError, match="top_p: expected a number, more than 0, up to 1, found"):
        read_request(TASK, "你好", top_p="all")
    answer = {
        "replies": np.array([["你好".encode(), "好 吗".encode(), b""]], object),
        "scores": np.array([[-0.5, -1.25, 0.0]]),
    }
    lines = show(TASK, request, answer, None).splitlines()
    assert [line.split(None, 1) for line in lines] == [["-0.500", "你好"], ["-1.250", "好 吗"]]
    assert asker_of(TASK).reply(answer) == "你好"
