"""chinese_asr's edit distances and its best constant answer, against slow ones."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf

from modules.chinese_asr import scoring
from modules.chinese_asr.baselines import best_by_duration, best_constant, distances


def slow_distance(text: tuple[int, ...], wanted: tuple[int, ...]) -> int:
    """The recursion that defines it."""

    @functools.cache
    def between(first: int, second: int) -> int:
        if not first or not second:
            return first + second
        change = between(first - 1, second - 1) + (text[first - 1] != wanted[second - 1])
        return min(change, between(first - 1, second) + 1, between(first, second - 1) + 1)

    return between(len(text), len(wanted))


def texts(count: int, longest: int, symbols: int = 5, seed: int = 0) -> np.ndarray:
    """Random texts, none at all among them."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, symbols, [count, longest])
    return np.where(np.arange(longest) < rng.integers(0, longest + 1, count)[:, None], ids, 0)


def plain(row: np.ndarray) -> tuple[int, ...]:
    return tuple(int(one) for one in row if one)


def test_edit_distances_are_those_of_the_recursion() -> None:
    ids, references = texts(60, 7), texts(60, 9, seed=1)
    wanted = [
        slow_distance(plain(one), plain(other)) for one, other in zip(ids, references, strict=True)
    ]
    found = scoring.edit_distance(tf.constant(ids), tf.constant(references))
    assert found.numpy().tolist() == wanted
    assert scoring.length(tf.constant(ids)).numpy().tolist() == [len(plain(row)) for row in ids]
    for text in ids[:5]:
        found = distances(np.array(plain(text), np.int64), references)
        assert found.tolist() == [slow_distance(plain(text), plain(row)) for row in references]


@pytest.mark.parametrize("width", [0, 2])
def test_nothing_is_as_far_from_a_text_as_the_text_is_long(width: int) -> None:
    nothing, ids = tf.zeros([3, width], tf.int64), tf.constant([[1, 2], [0, 0], [3, 0]], tf.int64)
    assert scoring.edit_distance(nothing, ids).numpy().tolist() == [2, 0, 1]
    assert scoring.edit_distance(ids, nothing).numpy().tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("sentences", "wanted"),
    [
        ([[1, 2, 3], [1, 2, 4], [1, 2, 3, 5]], [1, 2, 3]),
        ([[1, 2, 1, 1], [1, 1, 3, 1], [1, 1, 1, 1, 4]], [1, 1, 1, 1]),
        ([[1], [2], [3], [4], []], []),
    ],
)
def test_the_best_constant_is_a_sentence_a_repeat_or_nothing(
    sentences: list[list[int]], wanted: list[int]
) -> None:
    ids = tf.ragged.constant(sentences, dtype=tf.int64).to_tensor().numpy()
    found = best_constant(ids)
    assert found.dtype == np.int64 and found.tolist() == wanted


def test_no_candidate_is_better_than_the_best_constant() -> None:
    ids = texts(200, 6, symbols=4, seed=2)
    best = distances(best_constant(ids), ids).sum()
    repeats = [np.full(times, one) for one in range(1, 4) for times in range(7)]
    sentences = [np.array(plain(row), np.int64) for row in ids[::7]]
    assert best <= min(distances(text, ids).sum() for text in [*repeats, *sentences])
    assert best < np.count_nonzero(ids)


def test_what_knows_durations_alone_answers_each_with_what_is_usual_for_it() -> None:
    short, long = [5, 6], [1, 2, 3, 4]
    ids = tf.ragged.constant([short, long, long, short] * 40, dtype=tf.int64).to_tensor().numpy()
    found = best_by_duration(ids, np.array([10, 40, 41, 11] * 40))
    answers = [
        found.ids[np.searchsorted(found.from_frames, frames, side="right") - 1].tolist()
        for frames in (0, 10, 11, 40, 41, 10_000)
    ]
    assert found.from_frames[0] == 0 and (np.diff(found.from_frames) > 0).all()
    assert answers == [[*short, 0, 0]] * 3 + [long] * 3


@pytest.mark.parametrize("count", [1, 7, 59])
def test_few_recordings_have_one_answer(count: int) -> None:
    ids = texts(count, 6, symbols=4, seed=3)
    found = best_by_duration(ids, np.arange(count) + 5)
    answer = best_constant(ids)
    assert found.from_frames.tolist() == [0]
    assert found.ids[0, : len(answer)].tolist() == answer.tolist()
    assert not found.ids[0, len(answer) :].any()
