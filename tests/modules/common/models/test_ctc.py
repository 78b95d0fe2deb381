"""Best path and text probability of CTC, against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from modules.common.models import ctc


def collapsed(path: list[int]) -> list[int]:
    """Best path decoding as the paper has it: merge repeats, then drop blanks."""
    return [symbol for symbol, _ in itertools.groupby(path) if symbol]


def dirichlet(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).dirichlet(np.full(4, 0.3), shape).astype(np.float32)


def test_collapse_equals_the_definition() -> None:
    probabilities = dirichlet(200, 12)
    ids, confidences = (np.asarray(values) for values in ctc.collapse(probabilities, 12))
    for row, path in enumerate(probabilities.argmax(-1).tolist()):
        wanted = collapsed(path)
        assert ids[row].tolist() == wanted + [0] * (12 - len(wanted))
        assert (confidences[row, len(wanted) :] == 1).all()
        columns = zip(path, probabilities[row].max(-1), strict=True)
        runs = [[*run] for symbol, run in itertools.groupby(columns, lambda one: one[0]) if symbol]
        strongest = [max(strength for _, strength in run) for run in runs]
        assert confidences[row, : len(wanted)].tolist() == strongest


def test_collapse_keeps_the_first_characters_of_a_text_that_is_too_long() -> None:
    path = np.eye(8, dtype=np.float32)[[1, 2, 3, 4, 5, 6, 7, 1]][None]
    ids, _ = ctc.collapse(path, 6)
    assert np.asarray(ids).tolist() == [[1, 2, 3, 4, 5, 6]]


def test_collapse_is_as_wide_as_the_longest_text_and_does_not_look_beyond_the_end() -> None:
    probabilities = dirichlet(30, 12)
    n_columns = np.random.default_rng(2).integers(0, 13, 30)
    ids, confidences = ctc.collapse(probabilities, n_columns=tf.constant(n_columns))
    paths = zip(probabilities.argmax(-1), n_columns, strict=True)
    texts = [collapsed(path[:columns].tolist()) for path, columns in paths]
    assert [[one for one in row if one] for row in ids.numpy().tolist()] == texts
    assert ids.shape == confidences.shape == (30, max(map(len, texts)))


@pytest.mark.parametrize("columns", [0, 3])
def test_collapse_of_no_text_has_no_columns(columns: int) -> None:
    blank = np.tile(np.float32([0.9, 0.1]), (2, columns, 1))
    assert ctc.collapse(blank)[0].shape == (2, 0)


def test_text_probability_equals_the_sum_over_all_paths() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(1, 5, 3)).astype(np.float32)
    probabilities = tf.nn.softmax(logits).numpy()[0]
    for text in ([], [1], [1, 2], [2, 2], [2, 2, 2], [1, 1, 1, 1], [1, 2, 1, 2, 1, 2]):
        brute = sum(
            np.prod([probabilities[column, symbol] for column, symbol in enumerate(path)])
            for path in itertools.product(range(3), repeat=5)
            if collapsed(list(path)) == text
        )
        ids = tf.constant([text + [0] * (6 - len(text))])
        assert float(ctc.text_probability(tf.constant(logits), ids)[0]) == pytest.approx(
            brute, rel=1e-4
        )


def test_text_probability_and_its_gradient_are_those_of_dense_labels() -> None:
    rng = np.random.default_rng(3)
    logits = tf.Variable(rng.normal(size=(4, 9, 6)).astype(np.float32))
    ids = tf.constant([[0, 0, 0], [1, 0, 0], [3, 3, 0], [5, 2, 5]])
    n_columns = tf.constant([9, 2, 5, 7])
    with tf.GradientTape(persistent=True) as tape:
        ours = ctc.text_log_probability(logits, ids, n_columns)
        dense = -tf.nn.ctc_loss(
            labels=ids,
            logits=logits,
            label_length=tf.constant([0, 1, 2, 3]),
            logit_length=n_columns,
            logits_time_major=False,
            blank_index=0,
        )
    np.testing.assert_allclose(ours, dense, rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(ours, logits), tape.gradient(dense, logits), atol=1e-5)


def test_what_does_not_fit_is_impossible_and_has_no_gradient() -> None:
    logits = tf.Variable(np.random.default_rng(4).normal(size=(2, 4, 3)).astype(np.float32))
    with tf.GradientTape() as tape:
        found = ctc.text_log_probability(logits, tf.constant([[1, 1, 1], [1, 2, 1]]))
        possible = tf.reduce_sum(tf.where(tf.math.is_finite(found), found, 0.0))
    assert found.numpy()[0] == -np.inf and np.isfinite(found.numpy()[1])
    gradient = tape.gradient(possible, logits).numpy()
    assert (gradient[0] == 0).all() and np.abs(gradient[1]).sum() > 0


def test_a_certain_text_is_no_more_than_certain() -> None:
    logits = 1e4 * np.eye(3, dtype=np.float32)[[[0, 1, 1, 0, 2, 0]]]
    assert ctc.text_probability(tf.constant(logits), tf.constant([[1, 2]])).numpy().tolist() == [1]
