"""How far data has moved from the span before it, and evaluation data from what is trained on.

What is compared stands in the task's schema, with the distance from which on a run stops: a
feature's `drift_comparator` against the training split of the span before, its `skew_comparator`
against the training split of the same run. TFX's DistributionValidator measures the one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.dsl.io import fileio
from tfx.proto import distribution_validator_pb2
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics

from components.curated_schema import schema_text

SPLIT_PAIR = ("train", "train")
"""Where folders tell the split, evaluation data may be chosen otherwise each time."""

_FILE = os.path.join("SplitPair-{}_{}".format(*SPLIT_PAIR), "SchemaDiff.pb")
_MEASURES = {
    "L_INFTY": "L-infinity",
    "JENSEN_SHANNON_DIVERGENCE": "Jensen-Shannon",
    "NORMALIZED_ABSOLUTE_DIFFERENCE": "normalized difference",
}
_MEANING = {
    "L-infinity": "the largest change of one value's share",
    "Jensen-Shannon": "the divergence of the distributions, from 0 to 1",
}


@dataclass(frozen=True, kw_only=True)
class Distance:
    """How far a feature's values are from others.

    Attributes:
        feature: Its name.
        measure: `L-infinity`, the largest difference between shares of one value, or
            `Jensen-Shannon`, the divergence of two distributions, in bits, from 0 to 1.
        distance: How far; none where it could not be measured.
        threshold: From where on it is too far.
    """

    feature: str
    measure: str
    distance: float | None
    threshold: float

    @property
    def is_far(self) -> bool:
        """Whether it is too far, or not known."""
        return self.distance is None or self.distance > self.threshold

    @property
    def words(self) -> str:
        """The distance and the threshold in words."""
        if self.distance is None:
            return f"{self.feature} cannot be compared: it is not in both"
        return (
            f"{self.feature} is {self.distance:.3g} away by {self.measure} "
            f"({_MEANING.get(self.measure, 'a distance')}), {self.threshold:.3g} at most allowed"
        )


def read_schema(task_name: str) -> schema_pb2.Schema:
    """Reads a task's curated schema.

    Args:
        task_name: The task.

    Raises:
        TaskError: If it has none.
    """
    schema: schema_pb2.Schema = text_format.Parse(schema_text(task_name), schema_pb2.Schema())
    return schema


def make_config(task_name: str) -> distribution_validator_pb2.DistributionValidatorConfig:
    """Gives what DistributionValidator is to compare: what has a `drift_comparator`.

    Args:
        task_name: The task.
    """
    config = distribution_validator_pb2.DistributionValidatorConfig()
    for feature in read_schema(task_name).feature:
        if feature.HasField("drift_comparator"):
            compared = config.default_slice_config.feature.add()
            compared.path.step.append(feature.name)
            compared.distribution_comparator.CopyFrom(feature.drift_comparator)
    return config


def has_config(task_name: str) -> bool:
    """Tells whether a task's schema has anything to compare spans by."""
    return bool(make_config(task_name).default_slice_config.feature)


def read_drift(drift: ExampleAnomalies) -> list[Distance]:
    """Reads what DistributionValidator measured.

    Args:
        drift: Its artifact.

    Returns:
        A distance for each feature that it was to compare.
    """
    path = os.path.join(drift.uri, _FILE)
    if not fileio.exists(path):
        return []
    with fileio.open(path, "rb") as file:
        found = anomalies_pb2.Anomalies.FromString(file.read())
    measured = _read_distances(found.drift_skew_info, "drift_measurements")
    known = {each.feature for each in measured}
    lacking = [name for name in sorted(found.anomaly_info) if name not in known]
    return measured + [
        Distance(feature=name, measure="", distance=None, threshold=0.0) for name in lacking
    ]


def measure_skew(task_name: str, statistics: ExampleStatistics) -> list[Distance]:
    """Compares the evaluation split with the training split, as TFDV compares serving data.

    Args:
        task_name: The task; what its schema has a `skew_comparator` for is compared.
        statistics: What StatisticsGen counted.

    Returns:
        A distance for each such feature; nothing where a split is not there.
    """
    import tensorflow_data_validation as tfdv

    schema = read_schema(task_name)
    compared = [each for each in schema.feature if each.HasField("skew_comparator")]
    if not compared:
        return []
    train, held_out = (_load(statistics, split) for split in ("train", "eval"))
    found = tfdv.validate_statistics(train, schema, serving_statistics=held_out)
    return _read_distances(found.drift_skew_info, "skew_measurements")


def _load(statistics: ExampleStatistics, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    from tfx.components.statistics_gen import stats_artifact_utils

    loaded: statistics_pb2.DatasetFeatureStatisticsList = stats_artifact_utils.load_statistics(
        statistics, split
    ).proto()
    return loaded


def _read_distances(infos: Iterable[Any], which: str) -> list[Distance]:
    distances = [
        Distance(
            feature=".".join(info.path.step),
            measure=_MEASURES.get(type(each).Type.Name(each.type), "distance"),
            distance=float(each.value),
            threshold=float(each.threshold),
        )
        for info in infos
        for each in getattr(info, which)
    ]
    return sorted(distances, key=lambda each: each.feature)


def describe_drift(distances: Sequence[Distance], newest: str, before: str) -> list[str]:
    """Says in a line each what has moved too far from the span before.

    Args:
        distances: What `read_drift` gave.
        newest: The span in words.
        before: The one before it.
    """
    return [
        f"  span {newest} against span {before}: {each.words}" for each in distances if each.is_far
    ]


def describe_skew(distances: Sequence[Distance]) -> list[str]:
    """Says in a line each what is too different in the evaluation split.

    Args:
        distances: What `measure_skew` gave.
    """
    return [f"  eval against train: {each.words}" for each in distances if each.is_far]
