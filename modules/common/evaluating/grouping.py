"""Evaluator's examples in groups: all that one batch has of a slice, measured at once.

TFMA takes batches apart into examples, and handles each in Python: its slices, its inputs, and each
metric. Here a batch is taken apart by the slices alone, and the metrics add up whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors import unbatch_extractor
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import util

GROUP_STAGE = "ExtractGroupedInputs"


def custom_extractors(
    eval_shared_model: Any, eval_config: config_pb2.EvalConfig, tensor_adapter_config: Any = None
) -> list[tfma.extractors.Extractor]:
    """Gives TFMA's extractors, with groups in place of examples; TFX's Evaluator asks for them.

    Args:
        eval_shared_model: The model, or the candidate and the one before it.
        eval_config: What is measured.
        tensor_adapter_config: How features become tensors.
    """
    found = tfma.default_extractors(
        eval_shared_model=eval_shared_model,
        eval_config=eval_config,
        tensor_adapter_config=tensor_adapter_config,
    )
    features = sorted({key for spec in eval_config.slicing_specs for key in spec.feature_keys})
    stages = [extractor.stage_name for extractor in found]
    place = stages.index(unbatch_extractor.UNBATCH_EXTRACTOR_STAGE_NAME)
    groups = beam.FlatMap(group_by_slices, features=features)
    found[place] = tfma.extractors.Extractor(stage_name=GROUP_STAGE, ptransform=groups)
    return found


def group_by_slices(extracts: Mapping[str, Any], features: Sequence[str]) -> list[dict[str, Any]]:
    """Takes a batch apart into groups of examples that belong to the same slices.

    Args:
        extracts: TFMA's extracts of a batch: `features` and `predictions` by name, the latter by
            model and name where there are two models, arrays `[batch, …]`.
        features: Names of those that slices are made by.

    Returns:
        For each group the extracts of one example, as TFMA knows them, but for arrays of
        predictions, `[examples of the group, …]`, and example weights, as many ones.
    """
    predictions = extracts[tfma.PREDICTIONS_KEY]
    count = _count_rows(predictions)
    rows = _split_features(extracts[tfma.FEATURES_KEY], features) or [{}] * count
    members: dict[tuple[object, ...], list[int]] = {}
    for number, row in enumerate(rows):
        members.setdefault(_key(row), []).append(number)
    return [
        {
            tfma.FEATURES_KEY: rows[numbers[0]],
            tfma.PREDICTIONS_KEY: _take(predictions, numbers if len(numbers) < count else None),
            tfma.LABELS_KEY: None,
            tfma.EXAMPLE_WEIGHTS_KEY: np.ones(len(numbers)),
        }
        for numbers in members.values()
    ]


def _split_features(values: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    wanted = {name: values[name] for name in names if values.get(name) is not None}
    return list(util.split_extracts(wanted))


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Makes what is equal for equal features, also for those that are ragged or sparse."""
    return tuple(
        tuple(np.ravel(getattr(value, "values", value)).tolist()) for value in row.values()
    )


def _count_rows(values: Any) -> int:
    while isinstance(values, Mapping):
        values = next(iter(values.values()))
    return len(values)


def _take(values: Any, numbers: Sequence[int] | None) -> Any:
    if isinstance(values, Mapping):
        return {name: _take(value, numbers) for name, value in values.items()}
    return values if numbers is None else values[numbers]


class GroupedExampleCount(metric_types.Metric):
    """How many examples there are: the sum of a group's weights of one; one without weights."""

    def __init__(self, name: str) -> None:
        """Takes the name of the metric."""
        super().__init__(_count_computations, name=name)


def _count_computations(
    name: str, model_names: Iterable[str] = ("",), **unused: Any
) -> metric_types.MetricComputations:
    keys = [metric_types.MetricKey(name=name, model_name=model) for model in model_names]
    return [
        metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=_SumWeights(key))
        for key in keys
    ]


class _SumWeights(beam.CombineFn):
    def __init__(self, key: metric_types.MetricKey) -> None:
        self._key = key

    def create_accumulator(self) -> float:
        return 0.0

    def add_input(self, accumulator: float, element: metric_types.StandardMetricInputs) -> float:
        weights = element.example_weights
        return accumulator + (1.0 if weights is None else float(np.sum(weights)))

    def merge_accumulators(self, accumulators: Iterable[float]) -> float:
        return sum(accumulators)

    def extract_output(self, accumulator: float) -> dict[metric_types.MetricKey, float]:
        return {self._key: accumulator}


metric_types.register_metric(GroupedExampleCount)
