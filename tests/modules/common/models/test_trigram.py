"""The trigram model, against a slow and obvious one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from modules.common.models import trigram

SYMBOLS = 7


def make_sentences(count: int, seed: int = 0) -> list[list[int]]:
    """Sentences that often go on as their last two characters say."""
    rng = np.random.default_rng(seed)
    usual = rng.integers(1, SYMBOLS - 1, (SYMBOLS, SYMBOLS))
    made = []
    for _ in range(count):
        text = [0, 0]
        for _ in range(int(rng.integers(0, 9))):
            is_usual = rng.random() < 0.6
            text.append(
                int(usual[text[-2], text[-1]] if is_usual else rng.integers(1, SYMBOLS - 1))
            )
        made.append(text[2:])
    return made


def pad(texts: list[list[int]]) -> np.ndarray:
    ids = np.zeros((len(texts), max(map(len, texts)) + 1), np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    return ids


def discount(counts: list[int]) -> float:
    ones, twos = counts.count(1), counts.count(2)
    return min(max(ones / max(ones + 2 * twos, 1), 0.1), 0.9)


def interpolate(counts: dict, after: int, spare: float, lower: float) -> float:
    """Discounted share of `after` among `counts`, and what that leaves for the lower order."""
    total = sum(counts.values())
    if not total:
        return lower
    return max(counts.get(after, 0) - spare, 0) / total + spare * len(counts) / total * lower


def slow(texts: list[list[int]], first: int, second: int, after: int) -> float:
    """Interpolated Kneser-Ney as the paper writes it."""
    triples = Counter(
        triple
        for text in texts
        for triple in zip([0, 0, *text][: len(text) + 1], [0, *text], [*text, 0], strict=True)
    )
    pairs = Counter((v, w) for _, v, w in triples)
    singles = Counter(w for _, w in pairs)
    of_any = interpolate(singles, after, discount(list(singles.values())), 1 / SYMBOLS)
    followers = {w: n for (v, w), n in pairs.items() if v == second}
    of_pair = interpolate(followers, after, discount(list(pairs.values())), of_any)
    followers = {w: n for (u, v, w), n in triples.items() if (u, v) == (first, second)}
    return interpolate(followers, after, discount(list(triples.values())), of_pair)


@pytest.mark.parametrize("count", [1, 3, 200])
def test_probabilities_are_those_of_the_formula_and_sum_to_one(count: int) -> None:
    texts = make_sentences(count)
    fitted = trigram.fit_trigram(pad(texts), SYMBOLS)
    every = np.stack(np.meshgrid(*[np.arange(SYMBOLS)] * 3, indexing="ij"))
    found = np.exp(tf.function(trigram.log_probability)(fitted, *map(tf.constant, every)))
    expected = [slow(texts, *map(int, triple)) for triple in every.reshape(3, -1).T]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-4)
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-5)


def test_what_is_beyond_the_symbols_is_the_unknown_one() -> None:
    fitted = trigram.fit_trigram(pad(make_sentences(50)), SYMBOLS)
    far = trigram.log_probability(fitted, *(tf.constant([[3, 99]], tf.int64) for _ in range(3)))
    last = trigram.log_probability(
        fitted, *(tf.constant([[3, SYMBOLS - 1]], tf.int64) for _ in range(3))
    )
    np.testing.assert_array_equal(far, last)
