"""Standard errors against textbook formulas, and against drawing the examples again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from combining import compute
from sklearn.metrics import roc_auc_score

from modules.common.evaluating.metrics import LINKS
from modules.common.evaluating.standard_errors import AreaStandardError, RatioStandardError

RNG = np.random.default_rng(11)


def ratio_error(scores: Any, weights: Any, link: str = "identity") -> float:
    metric = RatioStandardError(name="e", score="s", weight="w", link=link)
    return compute(metric, {"s": scores, "w": weights})


def area_error(probabilities: Any, labels: Any) -> float:
    metric = AreaStandardError(name="e", score="p", label="l")
    return compute(metric, {"p": probabilities, "l": labels})


def bootstrap(count: int, value: Callable[[np.ndarray], float]) -> float:
    rng = np.random.default_rng(5)
    return float(np.std([value(rng.integers(0, count, count)) for _ in range(2000)]))


def test_with_equal_weights_it_is_that_of_a_mean() -> None:
    right = (RNG.random(500) < 0.8).astype(float)
    expected = np.std(right, ddof=1) / math.sqrt(len(right))
    assert ratio_error(right, np.ones(500)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("link", sorted(LINKS))
def test_a_ratio_varies_as_much_when_the_examples_are_drawn_again(link: str) -> None:
    weights = RNG.integers(1, 30, 400).astype(float)
    scores = weights * RNG.gamma(2.0, 0.2, 400)
    expected = bootstrap(400, lambda rows: LINKS[link](scores[rows].sum() / weights[rows].sum()))
    assert ratio_error(scores, weights, link) == pytest.approx(expected, rel=0.1)


def gain_error(scores: Any, minus: Any, weights: Any, link: str = "identity") -> float:
    metric = RatioStandardError(name="e", score="s", weight="w", link=link, minus="b")
    return compute(metric, {"s": scores, "b": minus, "w": weights})


def test_with_equal_weights_that_of_a_gain_is_that_of_paired_differences() -> None:
    right = (RNG.random(500) < 0.8).astype(float)
    other = np.where(RNG.random(500) < 0.9, right, 1 - right)
    expected = np.std(right - other, ddof=1) / math.sqrt(len(right))
    assert gain_error(right, other, np.ones(500)) == pytest.approx(expected, rel=1e-9)
    assert gain_error(right, right, np.ones(500)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("link", sorted(LINKS))
def test_a_gain_varies_as_much_when_the_examples_are_drawn_again(link: str) -> None:
    weights = RNG.integers(1, 30, 400).astype(float)
    hard = RNG.gamma(2.0, 0.2, 400)
    scores, minus = weights * hard, weights * (0.2 + hard * RNG.uniform(0.8, 1.4, 400))

    def again(rows: np.ndarray) -> float:
        ratios = (column[rows].sum() / weights[rows].sum() for column in (scores, minus))
        mine, other = map(LINKS[link], ratios)
        return mine - other

    expected = bootstrap(400, again)
    assert gain_error(scores, minus, weights, link) == pytest.approx(expected, rel=0.1)


def test_an_area_is_de_long_s() -> None:
    labels = (RNG.random(300) < 0.3).astype(float)
    # On the middles of bins, so that the histogram loses nothing.
    probabilities = (np.round(1e3 / (1 + np.exp(-RNG.normal(labels, 1.0)))) + 0.05) / 1001
    positives, negatives = probabilities[labels == 1], probabilities[labels == 0]
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    variance = wins.mean(1).var(ddof=1) / len(positives) + wins.mean(0).var(ddof=1) / len(negatives)
    found = area_error(probabilities, labels)
    assert found == pytest.approx(math.sqrt(variance), rel=1e-6)

    def again(rows: np.ndarray) -> float:
        return float(roc_auc_score(labels[rows], probabilities[rows]))

    assert found == pytest.approx(bootstrap(300, again), rel=0.1)


def test_where_there_is_too_little_it_is_not_known() -> None:
    assert math.isnan(ratio_error([1.0], [1.0]))
    assert math.isnan(ratio_error([0.0, 0.0], [0.0, 0.0]))
    assert math.isnan(area_error([0.2, 0.4, 0.3], [0.0, 1.0, 0.0]))
    assert math.isnan(area_error([math.nan, 0.4, 0.3, 0.1], [0.0, 1.0, 0.0, 1.0]))


def test_without_variation_it_is_zero() -> None:
    assert ratio_error([3.3, 6.6, 9.9], [1.0, 2.0, 3.0]) == pytest.approx(0.0, abs=1e-6)
