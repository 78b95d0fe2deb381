from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from modules.common.evaluating import ngrams

_TEXTS = ["", "你", "你好", "你好吗你好吗", "aa", "aaaa", "🙂a🙂a🙂", "今天 天气"]


def padded(texts: list[str]) -> np.ndarray:
    """Code points by Python's own hand, int64 `[texts, longest]`."""
    ids = np.zeros([len(texts), max(map(len, texts), default=0)], np.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = [ord(character) for character in text]
    return ids


def ngrams_of(text: str, order: int) -> Counter[str]:
    return Counter(text[begin : begin + order] for begin in range(len(text) - order + 1))


@pytest.fixture
def pairs() -> tuple[list[str], list[str]]:
    """Texts over few characters, so that n-grams recur, and references of other lengths."""
    rng = np.random.default_rng(11)
    drawn = ["".join(rng.choice(list("甲乙丙"), rng.integers(0, 14))) for _ in range(400)]
    return drawn[:200] + _TEXTS, drawn[200:] + _TEXTS[::-1]


def test_code_points_are_python_s() -> None:
    np.testing.assert_array_equal(ngrams.code_points(tf.constant(_TEXTS)), padded(_TEXTS))


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_code_points_of_nothing(texts: list[str]) -> None:
    ids = ngrams.code_points(tf.constant(texts, tf.string))
    assert ids.shape == [len(texts), 0]
    assert ngrams.ngram_keys(ids, 2).shape == [len(texts), 0]
    np.testing.assert_array_equal(ngrams.bleu_sums(ids, ids), np.zeros([len(texts), 6]))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_key_is_one_n_gram_and_none_else(order: int, pairs: tuple[list[str], list[str]]) -> None:
    texts, _ = pairs
    # The largest ids there may be, too.
    ids = padded([*texts, "\U0010ffff" * 5])
    keys = ngrams.ngram_keys(tf.constant(ids), order).numpy()
    assert keys.shape == ids.shape and keys.dtype == np.int64
    meaning: dict[int, str] = {}
    for row, text in zip(keys, [*texts, "\U0010ffff" * 5], strict=True):
        found = [key for key in row.tolist() if key != ngrams.NO_NGRAM]
        assert len(found) == max(0, len(text) - order + 1)
        for begin, key in enumerate(found):
            assert meaning.setdefault(key, text[begin : begin + order]) == text[begin:][:order]
    assert len(set(meaning.values())) == len(meaning)


@pytest.mark.parametrize("order", [0, 4])
def test_an_order_that_does_not_fit_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match="expected n-grams of 1 to 3 ids, found"):
        ngrams.ngram_keys(tf.ones([1, 5], tf.int64), order)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_matches_are_clipped(order: int, pairs: tuple[list[str], list[str]]) -> None:
    texts, references = pairs
    keys, wanted = (
        ngrams.ngram_keys(tf.constant(padded(given)), order) for given in (texts, references)
    )
    expected = [
        (ngrams_of(text, order) & ngrams_of(reference, order)).total()
        for text, reference in zip(texts, references, strict=True)
    ]
    assert 0 < sum(expected) < sum(ngrams_of(text, order).total() for text in texts)
    np.testing.assert_array_equal(ngrams.clipped_matches(keys, wanted), expected)


def test_sums_do_not_depend_on_padding_or_batch_mates() -> None:
    texts, references = ["你好你好", "你", ""], ["你好", "你好吗", "在"]
    whole = ngrams.bleu_sums(tf.constant(padded(texts)), tf.constant(padded(references)))
    wider = [tf.pad(tf.constant(padded(given)), [[0, 0], [0, 3]]) for given in (texts, references)]
    expected = [[2, 1, 4, 3, 4, 2], [1, 0, 1, 0, 1, 3], [0, 0, 0, 0, 0, 1]]
    np.testing.assert_array_equal(whole, expected)
    np.testing.assert_array_equal(ngrams.bleu_sums(*wider), expected)
    for text, reference, sums in zip(texts, references, expected, strict=True):
        alone = ngrams.bleu_sums(tf.constant(padded([text])), tf.constant(padded([reference])))
        np.testing.assert_array_equal(alone, [sums])
