"""TFMA metrics over the per-example scores that the `evaluate` signature gives.

TFMA finds these classes by name
(`MetricConfig(class_name=…, module='modules.common.evaluating.metrics')`). They read the
signature's outputs by name, so that one mechanism computes accuracy, MAPE, character error rate,
perplexity or bits per dimension, with slices and thresholds, for any task. What they are given at
once is an example, or a group of them as `evaluating.grouping` makes it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types


def _exp(value: float) -> float:
    """Infinite, not an error, where a model is hopeless."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _psnr(value: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error relative to the peak."""
    return -10 * math.log10(value) if value > 0 else math.inf


LINKS: dict[str, Callable[[float], float]] = {
    "identity": float,
    "exp": _exp,
    "sqrt": math.sqrt,
    "psnr": _psnr,
}
_BINS = 10_000
_CALIBRATION_BINS = 15


class RatioOfSums(metric_types.Metric):
    """`link(sum(score) / sum(weight))`, or how much better that is than a baseline's.

    With `minus` the value is the gain over the baseline, in the metric's own unit: positive where
    the model is better, whichever direction better is.
    """

    def __init__(
        self,
        name: str,
        score: str,
        weight: str,
        link: str = "identity",
        minus: str = "",
        lower_is_better: bool = False,
    ) -> None:
        """Names what is summed.

        Args:
            name: Name of the metric.
            score: Output with the scores, `[batch]`.
            weight: Output with the weights, `[batch]`.
            link: Key of `LINKS`.
            minus: Output with a baseline's scores, `[batch]`, for a gain.
            lower_is_better: Sign of the gain.
        """
        make = functools.partial(
            _ratio_computations,
            score=score,
            weight=weight,
            link=link,
            minus=minus,
            lower_is_better=lower_is_better,
        )
        super().__init__(
            make,
            name=name,
            score=score,
            weight=weight,
            link=link,
            minus=minus,
            lower_is_better=lower_is_better,
        )


class BinaryCurve(metric_types.Metric):
    """Area under the ROC curve, or expected calibration error, of probabilities and labels.

    Both come from one histogram of 10,000 equal bins of the probability, so that the accumulator
    does not grow with the data. The area counts ties within a bin as half; the calibration error
    is the weighted mean of |mean probability - share of positives| over 15 equal bins.

    Source: Naeini, Cooper & Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning" (2015) for the calibration error.
    """

    def __init__(self, name: str, score: str, label: str, kind: str) -> None:
        """Names what is read.

        Args:
            name: Name of the metric.
            score: Output with the probability of the positive class, `[batch]`, in [0, 1].
            label: Output with the label, `[batch]`, 0 or 1.
            kind: `auc` or `ece`.
        """
        make = functools.partial(_curve_computations, score=score, label=label, kind=kind)
        super().__init__(make, name=name, score=score, label=label, kind=kind)


def _ratio_computations(
    name: str,
    model_names: Iterable[str] = ("",),
    score: str = "",
    weight: str = "",
    link: str = "identity",
    minus: str = "",
    lower_is_better: bool = False,
    **unused: Any,
) -> metric_types.MetricComputations:
    outputs = (score, weight, minus) if minus else (score, weight)

    def value(sums: np.ndarray) -> float:
        if sums[1] == 0:
            return math.nan
        model = LINKS[link](sums[0] / sums[1])
        if not minus:
            return model
        gain = model - LINKS[link](sums[2] / sums[1])
        return -gain if lower_is_better else gain

    return [
        make_computation(name, model_name, outputs, SumScores, value) for model_name in model_names
    ]


def _curve_computations(
    name: str,
    model_names: Iterable[str] = ("",),
    score: str = "",
    label: str = "",
    kind: str = "auc",
    **unused: Any,
) -> metric_types.MetricComputations:
    value = {"auc": area_under_curve, "ece": expected_calibration_error}[kind]
    return [
        make_computation(name, model_name, (score, label), Histogram, value)
        for model_name in model_names
    ]


def make_computation(
    name: str,
    model_name: str,
    outputs: tuple[str, ...],
    combiner: type[SumScores],
    value: Callable[[np.ndarray], float],
) -> metric_types.MetricComputation:
    """Makes the computation of a metric of one model's outputs.

    Args:
        name: Name of the metric.
        model_name: The model.
        outputs: Names of the outputs that it reads.
        combiner: What adds them up.
        value: Makes the metric of what was added up.
    """
    key = metric_types.MetricKey(name=name, model_name=model_name)
    return metric_types.MetricComputation(
        keys=[key],
        preprocessors=None,
        combiner=combiner(key, model_name, outputs, value),
    )


class SumScores(beam.CombineFn):
    """Adds up the named outputs over the examples."""

    def __init__(
        self,
        key: metric_types.MetricKey,
        model_name: str,
        outputs: tuple[str, ...],
        value: Callable[[np.ndarray], float],
    ) -> None:
        """Names what is added up, as `make_computation` does."""
        self._key = key
        self._model_name = model_name
        self._outputs = outputs
        self._value = value

    def _read(self, element: metric_types.StandardMetricInputs) -> np.ndarray:
        """Reads the outputs: `[outputs, examples]`, float64."""
        predictions = element.get_predictions(self._model_name)
        return np.stack([np.ravel(predictions[name]) for name in self._outputs]).astype(np.float64)

    def create_accumulator(self) -> np.ndarray:
        """Begins with zeros: `[outputs]`."""
        return np.zeros(len(self._outputs))

    def add_input(
        self, accumulator: np.ndarray, element: metric_types.StandardMetricInputs
    ) -> np.ndarray:
        """Adds an example, or a group of them."""
        accumulator += self._read(element).sum(axis=1)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[np.ndarray]) -> np.ndarray:
        """Adds up what several workers added up."""
        return functools.reduce(np.add, accumulators)

    def extract_output(self, accumulator: np.ndarray) -> dict[metric_types.MetricKey, float]:
        """Makes the metric."""
        return {self._key: self._value(accumulator)}


class Histogram(SumScores):
    """Counts by bin of the probability: `[3, bins]`, negatives, positives, sum of probability."""

    def create_accumulator(self) -> np.ndarray:
        """Begins with empty bins."""
        return np.zeros([3, _BINS])

    def add_input(
        self, accumulator: np.ndarray, element: metric_types.StandardMetricInputs
    ) -> np.ndarray:
        """Counts each example in its bin."""
        probability, label = self._read(element)
        if np.isnan(probability).any():
            # A model that diverged has no curve; every gate then fails, and nothing crashes.
            return np.full_like(accumulator, math.nan)
        columns = np.minimum((probability * _BINS).astype(int), _BINS - 1)
        np.add.at(accumulator, ((label > 0.5).astype(int), columns), 1)
        np.add.at(accumulator[2], columns, probability)
        return accumulator


def area_under_curve(histogram: np.ndarray) -> float:
    """Area under the ROC curve of a histogram `[3, bins]`; `nan` where a class is missing."""
    negatives, positives = histogram[0], histogram[1]
    below = np.cumsum(negatives) - negatives
    pairs = negatives.sum() * positives.sum()
    return float((positives * (below + negatives / 2)).sum() / pairs) if pairs else math.nan


def expected_calibration_error(histogram: np.ndarray) -> float:
    """Expected calibration error of a histogram `[3, bins]`, in [0, 1]."""
    groups = np.arange(_BINS) * _CALIBRATION_BINS // _BINS
    negatives, positives, probability = (np.bincount(groups, row) for row in histogram)
    total = (negatives + positives).sum()
    return float(np.abs(probability - positives).sum() / total) if total else math.nan


for _metric in (RatioOfSums, BinaryCurve):
    metric_types.register_metric(_metric)
