"""How far a metric is likely to be from what it would be on ever more data of the same kind.

Each is a TFMA metric beside the one that it is of, computed in the same pass over the examples.
Examples count as independent of each other: where many are made of one record, such as windows of
one tune, the true error is larger.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from modules.common.evaluating.metrics import LINKS, Histogram, SumScores, make_computation

# How fast each of `metrics.LINKS` changes with its argument.
_SLOPES: dict[str, Callable[[float], float]] = {
    "identity": lambda value: 1.0,
    "exp": lambda value: math.exp(min(value, 700.0)),
    "sqrt": lambda value: 0.5 / math.sqrt(value) if value > 0 else math.nan,
    "psnr": lambda value: 10 / (math.log(10) * value) if value > 0 else math.nan,
}


class RatioStandardError(metric_types.Metric):
    """Standard error of `link(sum(score) / sum(weight))`, by the delta method.

    With `minus` it is that of the gain over a baseline, whose scores are of the same examples: what
    both find hard does not count, so that a gain may be sure where both values are not.

    Source: Cochran, "Sampling Techniques" (1977), section 2.11, the ratio estimator.
    """

    def __init__(
        self, name: str, score: str, weight: str, link: str = "identity", minus: str = ""
    ) -> None:
        """Names what is read.

        Args:
            name: Name of the metric.
            score: Output with the scores, `[batch]`.
            weight: Output with the weights, `[batch]`.
            link: Key of `metrics.LINKS`.
            minus: Output with a baseline's scores, `[batch]`, for a gain.
        """
        arguments = {"score": score, "weight": weight, "link": link, "minus": minus}
        make = functools.partial(_ratio_computations, **arguments)
        super().__init__(make, name=name, **arguments)


class GainAndError(metric_types.Metric):
    """A gain over a baseline plus its standard error: below 0 only where the model is behind.

    Within a standard error of each other, model and baseline are a tie.
    """

    def __init__(
        self,
        name: str,
        score: str,
        weight: str,
        minus: str,
        link: str = "identity",
        lower_is_better: bool = False,
    ) -> None:
        """Names what is read.

        Args:
            name: Name of the metric.
            score: Output with the scores, `[batch]`.
            weight: Output with the weights, `[batch]`.
            minus: Output with a baseline's scores, `[batch]`.
            link: Key of `metrics.LINKS`.
            lower_is_better: Sign of the gain.
        """
        arguments: dict[str, Any] = {"score": score, "weight": weight, "minus": minus, "link": link}
        arguments["lower_is_better"] = lower_is_better
        make = functools.partial(_lead_computations, **arguments)
        super().__init__(make, name=name, **arguments)


class AreaStandardError(metric_types.Metric):
    """Standard error of the area under the ROC curve, of the histogram that `BinaryCurve` makes.

    Source: DeLong, DeLong & Clarke-Pearson, "Comparing the Areas under Two or More Correlated
    Receiver Operating Characteristic Curves" (1988).
    """

    def __init__(self, name: str, score: str, label: str) -> None:
        """Names what is read.

        Args:
            name: Name of the metric.
            score: Output with the probability of the positive class, `[batch]`, in [0, 1].
            label: Output with the label, `[batch]`, 0 or 1.
        """
        make = functools.partial(_area_computations, score=score, label=label)
        super().__init__(make, name=name, score=score, label=label)


def _ratio_computations(
    name: str,
    model_names: Iterable[str] = ("",),
    score: str = "",
    weight: str = "",
    link: str = "identity",
    minus: str = "",
    **unused: Any,
) -> metric_types.MetricComputations:
    outputs = (weight, score, minus) if minus else (weight, score)
    value = functools.partial(ratio_standard_error, link=link)
    return [
        make_computation(name, model_name, outputs, _SumProducts, value)
        for model_name in model_names
    ]


def _lead_computations(
    name: str,
    model_names: Iterable[str] = ("",),
    score: str = "",
    weight: str = "",
    minus: str = "",
    link: str = "identity",
    lower_is_better: bool = False,
    **unused: Any,
) -> metric_types.MetricComputations:
    def value(products: np.ndarray) -> float:
        total, mine, other = map(float, products[-1][:-1])
        if total == 0:
            return math.nan
        gain = LINKS[link](mine / total) - LINKS[link](other / total)
        return (-gain if lower_is_better else gain) + ratio_standard_error(products, link)

    return [
        make_computation(name, model_name, (weight, score, minus), _SumProducts, value)
        for model_name in model_names
    ]


def _area_computations(
    name: str,
    model_names: Iterable[str] = ("",),
    score: str = "",
    label: str = "",
    **unused: Any,
) -> metric_types.MetricComputations:
    return [
        make_computation(name, model_name, (score, label), Histogram, area_standard_error)
        for model_name in model_names
    ]


class _SumProducts(SumScores):
    """Adds up the products of the outputs, and of ones, with each other: `[outputs + 1] * 2`."""

    def create_accumulator(self) -> np.ndarray:
        return np.zeros([len(self._outputs) + 1] * 2)

    def add_input(
        self, accumulator: np.ndarray, element: metric_types.StandardMetricInputs
    ) -> np.ndarray:
        outputs = self._read(element)
        columns = np.vstack([outputs, np.ones(outputs.shape[1])])
        accumulator += columns @ columns.T
        return accumulator


def ratio_standard_error(products: np.ndarray, link: str = "identity") -> float:
    """Standard error of a ratio of sums, or of how far two are apart.

    Args:
        products: Sums of the products of weights, scores, a baseline's scores where there is one,
            and ones, with each other: `[3 or 4] * 2`.
        link: Key of `metrics.LINKS`.

    Returns:
        Not negative; `nan` where there are fewer than two examples, or no weight.
    """
    weight, *scores, count = map(float, products[-1])
    if count < 2 or weight == 0:
        return math.nan
    # How fast the figure changes with each of the sums; the weight's own follows from the others,
    # since a figure does not change when all sums grow alike.
    slopes = [_SLOPES[link](score / weight) / weight for score in scores]
    slopes[1:] = [-slope for slope in slopes[1:]]
    of_weight = -sum(slope * score for slope, score in zip(slopes, scores, strict=True)) / weight
    gradient = np.array([of_weight, *slopes])
    variance = float(gradient @ products[:-1, :-1] @ gradient)
    return math.sqrt(max(0.0, variance) * count / (count - 1))


def area_standard_error(histogram: np.ndarray) -> float:
    """Standard error of the area under the ROC curve; `nan` with under two of either class.

    Args:
        histogram: Negatives and positives by bin of the probability: `[3, bins]`.
    """
    negatives, positives = histogram[0], histogram[1]
    count0, count1 = negatives.sum(), positives.sum()
    if not (count0 > 1 and count1 > 1):
        return math.nan
    # For an example of each bin: the share of the other class that it is ranked rightly against.
    of_positive = (np.cumsum(negatives) - negatives / 2) / count0
    of_negative = 1 - (np.cumsum(positives) - positives / 2) / count1
    area = (positives * of_positive).sum() / count1
    variance1 = (positives * (of_positive - area) ** 2).sum() / (count1 - 1)
    variance0 = (negatives * (of_negative - area) ** 2).sum() / (count0 - 1)
    return float(math.sqrt(variance1 / count1 + variance0 / count0))


for _metric in (RatioStandardError, GainAndError, AreaStandardError):
    metric_types.register_metric(_metric)
