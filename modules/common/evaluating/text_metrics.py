"""TFMA metrics of generated texts that are no ratio of sums: corpus BLEU and distinct-n.

They read what `evaluating.ngrams` counts, off the outputs of the `evaluate` signature.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from modules.common.evaluating.ngrams import NO_NGRAM

Distinct = tuple[set[int], int]


class CorpusBleu(metric_types.Metric):
    """BLEU of all replies together, in [0, 1], without smoothing, against one reference each.

    The geometric mean, all orders weighing the same, of the shares of n-grams that match, times
    the penalty for replies that are shorter than the references. Counts are added up before they
    are divided, so an empty reply shortens the replies, and is no zero of its own.

    Source: Papineni, Roukos, Ward & Zhu, "BLEU: a Method for Automatic Evaluation of Machine
    Translation" (2002).
    """

    def __init__(self, name: str, sums: str) -> None:
        """Names what is read.

        Args:
            name: Name of the metric.
            sums: Output with the counts, float32 `[batch, 2 * max_order + 2]`, as
                `ngrams.bleu_sums` gives them.
        """
        make = functools.partial(_computations, output=sums, combiner=_AddRows)
        super().__init__(make, name=name, sums=sums)


class DistinctNgrams(metric_types.Metric):
    """How many n-grams of all replies together are distinct, over how many there are.

    Every worker keeps the set of n-grams that it has seen, for each slice: memory grows with the
    number of distinct n-grams, and not with the number of replies.

    Source: Li, Galley, Brockett, Gao & Dolan, "A Diversity-Promoting Objective Function for Neural
    Conversation Models" (2016). They divide by the tokens of the replies; we divide by the n-grams,
    so that 1 is the most for every n.
    """

    def __init__(self, name: str, keys: str) -> None:
        """Names what is read.

        Args:
            name: Name of the metric.
            keys: Output with the n-grams, int64 `[batch, longest]`, as `ngrams.ngram_keys` gives
                them; `NO_NGRAM` is none.
        """
        make = functools.partial(_computations, output=keys, combiner=_CollectKeys)
        super().__init__(make, name=name, keys=keys)


def _computations(
    name: str,
    model_names: Iterable[str] = ("",),
    output: str = "",
    combiner: Callable[..., beam.CombineFn] = beam.CombineFn,
    **unused: Any,
) -> metric_types.MetricComputations:
    keys = [metric_types.MetricKey(name=name, model_name=model_name) for model_name in model_names]
    return [
        metric_types.MetricComputation(
            keys=[key], preprocessors=None, combiner=combiner(key, output)
        )
        for key in keys
    ]


class _ReadRow(beam.CombineFn):
    """Reads the named output's rows, one for each example."""

    def __init__(self, key: metric_types.MetricKey, output: str) -> None:
        self._key = key
        self._output = output

    def _read(self, element: metric_types.StandardMetricInputs) -> np.ndarray:
        return np.atleast_2d(element.get_predictions(self._key.model_name)[self._output])


class _AddRows(_ReadRow):
    """Adds up the rows, whose length the first of them tells."""

    def create_accumulator(self) -> np.ndarray:
        return np.zeros(1)

    def add_input(
        self, accumulator: np.ndarray, element: metric_types.StandardMetricInputs
    ) -> np.ndarray:
        return accumulator + self._read(element).sum(axis=0, dtype=np.float64)

    def merge_accumulators(self, accumulators: Iterable[np.ndarray]) -> np.ndarray:
        return functools.reduce(np.add, accumulators)

    def extract_output(self, accumulator: np.ndarray) -> dict[metric_types.MetricKey, float]:
        return {self._key: corpus_bleu(accumulator)}


class _CollectKeys(_ReadRow):
    """Keeps the distinct n-grams, and counts all."""

    def create_accumulator(self) -> Distinct:
        return set(), 0

    def add_input(
        self, accumulator: Distinct, element: metric_types.StandardMetricInputs
    ) -> Distinct:
        keys = self._read(element)
        keys = keys[keys != NO_NGRAM]
        seen, count = accumulator
        seen.update(keys.tolist())
        return seen, count + len(keys)

    def merge_accumulators(self, accumulators: Iterable[Distinct]) -> Distinct:
        seen, count = self.create_accumulator()
        for other, its_count in accumulators:
            seen |= other
            count += its_count
        return seen, count

    def extract_output(self, accumulator: Distinct) -> dict[metric_types.MetricKey, float]:
        seen, count = accumulator
        return {self._key: len(seen) / count if count else math.nan}


def corpus_bleu(sums: np.ndarray) -> float:
    """Computes BLEU of the counts of a corpus.

    Args:
        sums: `[2 * max_order + 2]`, as `ngrams.bleu_sums` gives them, added up; or one zero, which
            is what no examples add up to.

    Returns:
        In [0, 1]; 0 where some order has no match, `nan` where there is nothing to measure.
    """
    if not sums.any():
        return math.nan
    length, wanted = sums[-2:]
    matches, totals = np.split(sums[:-2], 2)
    if not matches.all():
        return 0.0
    precision = math.exp(float(np.mean(np.log(matches / totals))))
    return precision * min(1.0, math.exp(1 - wanted / length))


for _metric in (CorpusBleu, DistinctNgrams):
    metric_types.register_metric(_metric)
