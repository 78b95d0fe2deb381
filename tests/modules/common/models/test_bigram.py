"""The bigram model, against a slow and obvious one; and the unigram model, against counts."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from modules.common.models.bigram import Bigram, fit_bigram, fit_unigram, log_probability

SYMBOLS = 12


def sentences(count: int, symbols: int = SYMBOLS, longest: int = 9, seed: int = 0) -> list[list]:
    """Sentences in which small ids are frequent and some pairs much more so than others."""
    rng = np.random.default_rng(seed)
    favourites = rng.permutation(symbols - 2) + 1
    made = []
    for _ in range(count):
        sentence = [int(rng.integers(1, symbols - 1))]
        for _ in range(int(rng.integers(longest))):
            is_usual = rng.random() < 0.5
            usual = favourites[sentence[-1] - 1]
            sentence.append(int(usual if is_usual else min(rng.geometric(0.3), symbols - 2)))
        made.append(sentence)
    return made


def padded(texts: list[list[int]]) -> np.ndarray:
    ids = np.zeros([len(texts), max(map(len, texts))], np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    return ids


def dense(bigram: Bigram) -> np.ndarray:
    """Probabilities, `[before, after]`."""
    symbols = len(bigram.after)
    before, after = np.divmod(np.arange(symbols**2), symbols)
    found = log_probability(bigram, tf.constant(before), tf.constant(after))
    return np.exp(found.numpy().astype(np.float64)).reshape(symbols, symbols)


def discount(counts: list[int]) -> float:
    ones, twos = counts.count(1), counts.count(2)
    return min(max(ones / max(ones + 2 * twos, 1), 0.1), 0.9)


def slow(texts: list[list[int]], symbols: int, before: int, after: int) -> float:
    """Interpolated Kneser-Ney as the papers write it, pair by pair."""
    pairs = Counter(pair for text in texts for pair in zip([0, *text], [*text, 0], strict=True))
    continued = Counter(second for _, second in pairs)
    spare = discount(list(continued.values()))
    of_any = max(continued[after] - spare, 0) / len(pairs)
    of_any += spare * len(continued) / len(pairs) / symbols
    followers = {pair: count for pair, count in pairs.items() if pair[0] == before}
    if not followers:
        return of_any
    spare, total = discount(list(pairs.values())), sum(followers.values())
    direct = max(pairs[before, after] - spare, 0) / total
    return direct + spare * len(followers) / total * of_any


@pytest.mark.parametrize("count", [1, 3, 40, 500])
def test_probabilities_are_those_of_the_formula_and_sum_to_one(count: int) -> None:
    texts = sentences(count)
    found = dense(fit_bigram(padded(texts), SYMBOLS))
    every = range(SYMBOLS)
    wanted = [[slow(texts, SYMBOLS, before, after) for after in every] for before in every]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert (found > 0).all()


def test_what_was_not_seen_is_possible_and_what_was_seen_is_likelier() -> None:
    found = dense(fit_bigram(padded([[1, 2, 3], [1, 2, 4], [1, 2, 3], [5, 3]]), SYMBOLS))
    assert found[2, 3] > found[2, 4] > found[2, 1] > 0
    assert found[0, 1] > found[0, 5] > found[0, 4]
    # 3 follows both 2 and 5, 2 follows 1 alone however often: 3 is likelier after the unknown.
    assert found[SYMBOLS - 1, 3] > found[SYMBOLS - 1, 2]


def test_an_empty_sentence_is_a_start_and_an_end() -> None:
    found = dense(fit_bigram(np.zeros([3, 2], np.int64), 4))
    assert found[0, 0] > 0.8
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_perplexity_of_other_sentences_is_that_of_the_formula_and_beats_single_characters() -> None:
    texts = sentences(500)
    known, others = texts[:400], texts[400:]
    bigram = fit_bigram(padded(known), SYMBOLS)
    pairs = [pair for text in others for pair in zip([0, *text], [*text, 0], strict=True)]
    before, after = (tf.constant(side, tf.int64) for side in zip(*pairs, strict=True))
    found = np.exp(-np.mean(log_probability(bigram, before, after)))
    by_pair = {pair: np.log(slow(known, SYMBOLS, *pair)) for pair in set(pairs)}
    assert found == pytest.approx(np.exp(-np.mean([by_pair[pair] for pair in pairs])), rel=1e-4)
    shares = np.bincount(after, minlength=SYMBOLS) / len(pairs)
    alone = np.exp(-np.mean(np.log(shares[after.numpy()])))
    assert found < 0.8 * alone


def test_single_characters_and_ends_are_counted_once_more_than_seen() -> None:
    found = np.exp(fit_unigram(padded([[1, 2, 2], [2], []]), 5))
    np.testing.assert_allclose(found, np.array([3 + 1, 1 + 1, 3 + 1, 1, 1]) / 12, rtol=1e-6)


def test_thirty_thousand_sentences_of_thousands_of_characters_are_quick_and_small() -> None:
    rng = np.random.default_rng(1)
    ids = np.minimum(rng.zipf(1.3, [30_000, 20]), 5000)
    ids[np.arange(20) >= rng.integers(5, 21, 30_000)[:, None]] = 0
    began_s = time.process_time()
    bigram = fit_bigram(ids, 5002)
    assert time.process_time() - began_s < 5
    assert sum(values.nbytes for values in bigram) < 0.1 * 5002**2 * 4
    for before in (0, 1, 4000, 5001):
        after = tf.range(5002, dtype=tf.int64)
        row = log_probability(bigram, tf.fill([5002], tf.constant(before, tf.int64)), after)
        assert float(tf.reduce_sum(tf.exp(row))) == pytest.approx(1, abs=1e-4)
