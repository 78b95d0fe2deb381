from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from combining import compute
from sklearn.metrics import roc_auc_score

from modules.common.evaluating.metrics import LINKS, BinaryCurve, RatioOfSums

_CALIBRATION_BINS = 15


def curve(kind: str, probabilities: Any, labels: Any) -> float:
    metric = BinaryCurve(name=kind, score="p", label="l", kind=kind)
    return compute(metric, {"p": probabilities, "l": labels})


def ratio(columns: dict[str, Any], **arguments: Any) -> float:
    return compute(RatioOfSums(name="figure", score="s", weight="w", **arguments), columns)


def slow_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    total = 0.0
    for group in range(_CALIBRATION_BINS):
        low, high = group / _CALIBRATION_BINS, (group + 1) / _CALIBRATION_BINS
        inside = [
            (p, label)
            for p, label in zip(probabilities, labels, strict=True)
            if low <= p < high or (p == 1.0 and group == _CALIBRATION_BINS - 1)
        ]
        if inside:
            mean_p = sum(p for p, _ in inside) / len(inside)
            positives = sum(label for _, label in inside) / len(inside)
            total += len(inside) / len(probabilities) * abs(mean_p - positives)
    return total


@pytest.fixture(params=["informative", "random", "confident", "rare"])
def scored(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels, 3,000 each."""
    rng = np.random.default_rng(7)
    share = 0.03 if request.param == "rare" else 0.4
    labels = (rng.random(3000) < share).astype(float)
    spread = {"informative": 1.5, "random": 0.0, "confident": 8.0, "rare": 2.0}[request.param]
    logits = rng.normal(spread * (labels - 0.5), 1.0)
    return 1 / (1 + np.exp(-logits)), labels


def test_auc_is_scikit_learn_s(scored: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, labels = scored
    expected = roc_auc_score(labels, probabilities)
    assert curve("auc", probabilities, labels) == pytest.approx(expected, abs=1e-3)


def test_auc_counts_ties_as_half() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.choice([0.0, 0.2, 0.5, 0.7, 1.0], 800)
    labels = (rng.random(800) < 0.2 + 0.6 * probabilities).astype(float)
    expected = roc_auc_score(labels, probabilities)
    assert 0.6 < expected < 0.9
    assert curve("auc", probabilities, labels) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("probabilities", "labels", "expected"),
    [
        ([0.1, 0.9], [0, 1], 1.0),
        ([0.9, 0.1], [0, 1], 0.0),
        ([0.5, 0.5], [0, 1], 0.5),
        ([0.0, 1.0, 1.0], [0, 1, 0], 0.75),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),  # scikit-learn's documented example
    ],
)
def test_auc_of_a_few(probabilities: list[float], labels: list[int], expected: float) -> None:
    assert curve("auc", probabilities, labels) == pytest.approx(expected)


@pytest.mark.parametrize("labels", [[1, 1], [0, 0], []])
def test_auc_is_nan_without_both_classes(labels: list[int]) -> None:
    assert math.isnan(curve("auc", [0.2, 0.8][: len(labels)], labels))


def test_calibration_error_is_that_of_a_slow_obvious_version(
    scored: tuple[np.ndarray, np.ndarray],
) -> None:
    probabilities, labels = scored
    expected = slow_calibration_error(probabilities, labels)
    assert curve("ece", probabilities, labels) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    ("probabilities", "labels", "expected"),
    [
        ([0.0, 1.0], [0, 1], 0.0),
        ([0.0, 1.0], [1, 0], 1.0),
        ([0.5] * 4, [0, 1, 0, 1], 0.0),
        ([0.9] * 4, [0, 0, 0, 1], 0.65),
        # Two bins that err in opposite directions do not cancel.
        ([0.2, 0.2, 0.8, 0.8], [1, 1, 0, 0], 0.8),
        ([0.2], [1], 0.8),
    ],
)
def test_calibration_error_of_a_few(
    probabilities: list[float], labels: list[int], expected: float
) -> None:
    assert curve("ece", probabilities, labels) == pytest.approx(expected, abs=1e-6)


def test_calibration_error_of_nothing_is_nan() -> None:
    assert math.isnan(curve("ece", [], []))


@pytest.mark.parametrize("kind", ["auc", "ece"])
def test_a_diverged_model_has_no_curve(kind: str) -> None:
    assert math.isnan(curve(kind, [0.1, math.nan, 0.8, 0.9], [0, 1, 0, 1]))


def test_a_ratio_is_of_sums_not_the_mean_of_ratios() -> None:
    columns = {"s": [1.0, 0.0, 6.0], "w": [1.0, 4.0, 5.0]}
    assert ratio(columns) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("link", "expected"), [("identity", 2.0), ("exp", math.e**2), ("sqrt", 2**0.5)]
)
def test_the_link_is_applied_to_the_ratio(link: str, expected: float) -> None:
    assert ratio({"s": [1.0, 5.0], "w": [2.0, 1.0]}, link=link) == pytest.approx(expected)


def test_perplexity_of_a_uniform_choice_is_the_number_of_choices() -> None:
    surprise = [3 * math.log(50), 1 * math.log(50)]
    assert ratio({"s": surprise, "w": [3.0, 1.0]}, link="exp") == pytest.approx(50, rel=1e-5)


def test_a_hopeless_model_has_infinite_perplexity() -> None:
    assert ratio({"s": [5000.0], "w": [1.0]}, link="exp") == math.inf


@pytest.mark.parametrize(
    ("model", "baseline", "lower_is_better", "link", "gain"),
    [
        (8.0, 6.0, False, "identity", 0.2),
        (6.0, 8.0, False, "identity", -0.2),
        (6.0, 8.0, True, "identity", 0.2),
        (8.0, 6.0, True, "identity", -0.2),
        (7.0, 7.0, True, "identity", 0.0),
        (10.0, 20.0, True, "exp", math.exp(2) - math.exp(1)),
        (40.0, 90.0, True, "sqrt", 1.0),
    ],
)
def test_the_gain_is_positive_where_the_model_is_better(
    model: float, baseline: float, lower_is_better: bool, link: str, gain: float
) -> None:
    columns = {"s": [model, 0.0], "w": [4.0, 6.0], "b": [0.0, baseline]}
    found = ratio(columns, minus="b", lower_is_better=lower_is_better, link=link)
    assert found == pytest.approx(gain, abs=1e-6)


@pytest.mark.parametrize("minus", ["", "b"])
@pytest.mark.parametrize("columns", [
    {"s": [], "w": [], "b": []}, {"s": [0.0], "w": [0.0], "b": [0.0]},
])  # fmt: skip
def test_a_ratio_of_nothing_is_nan(columns: dict[str, list[float]], minus: str) -> None:
    assert math.isnan(ratio(columns, minus=minus))


def test_psnr_of_a_mean_squared_error() -> None:
    assert LINKS["psnr"](0.01) == pytest.approx(20.0)
    assert LINKS["psnr"](1.0) == pytest.approx(0.0)
    assert LINKS["psnr"](0.0) == math.inf
