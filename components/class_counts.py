"""Whether both splits hold what there is to learn: read from StatisticsGen, before any training."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import ExampleStatistics

from components.example_gen.records import SPLITS
from modules.common.declaring.task import UNKNOWN_CLASS, Task

_FILE = "FeatureStats.pb"
_PURPOSES = {"train": "training", "eval": "evaluation"}
_NAMED = 5
_DRAWN = (
    "which side an example falls on is drawn from what it is of (a name, a speaker, a picture), "
    "and few may all fall on one"
)

Counts = Mapping[str, Mapping[str, int]]


def split_problem(statistics: ExampleStatistics) -> str:
    """Says that a split is empty, or nothing.

    Args:
        statistics: An artifact of StatisticsGen.
    """
    sizes = {split: int(read_split(statistics, split).num_examples) for split in SPLITS}
    for split, size in sizes.items():
        if not size:
            [other] = set(SPLITS) - {split}
            return (
                f"{_all(sizes[other])} fell to {_PURPOSES[other]}, none to "
                f"{_PURPOSES[split]}, so nothing was trained. Give more data: {_DRAWN}"
            )
    return ""


def class_problems(task: Task, statistics: ExampleStatistics) -> list[str]:
    """Says of which classes nothing can be learned or measured.

    Args:
        task: Names the raw features that hold classes.
        statistics: An artifact of StatisticsGen, both splits of which hold examples.

    Returns:
        A line for each feature that has only one class, or of two classes one that is on one side
        only.
    """
    problems = []
    for feature in task.classes:
        counts = {split: class_counts(statistics, split, feature) for split in SPLITS}
        found = sorted({*counts["train"], *counts["eval"]})
        total = sum(sum(of_split.values()) for of_split in counts.values())
        if not found:
            problems.append(f"no example says its {feature}. Give examples that do")
        elif len(found) == 1:
            problems.append(
                f"{_all(total)} {'has' if total == 1 else 'have'} the {feature} {found[0]!r}, so "
                "there is nothing to "
                f"tell apart. Give examples of another {feature} too, or look whether it is read "
                "from the right place"
            )
        elif len(found) == 2 or len(counts["train"]) < 2:
            problems += [
                f"{line}. Give more examples of it: {_DRAWN}"
                for line in _one_sided(feature, counts)
            ]
    return problems


def one_sided_classes(task: Task, statistics: ExampleStatistics) -> str:
    """Says which classes, of many, are on one side only; an empty string where none is.

    Args:
        task: Names the raw features that hold classes.
        statistics: An artifact of StatisticsGen.
    """
    lines = []
    for feature in task.classes:
        counts = {split: class_counts(statistics, split, feature) for split in SPLITS}
        lines += _one_sided(feature, counts)
    told = "; ".join(lines[:_NAMED])
    return told + (f"; and {len(lines) - _NAMED} more" if len(lines) > _NAMED else "")


def class_counts(statistics: ExampleStatistics, split: str, feature: str) -> dict[str, int]:
    """Counts the examples of each class, those without one left out.

    Args:
        statistics: An artifact of StatisticsGen.
        split: `train` or `eval`.
        feature: A raw feature of strings.
    """
    for found in read_split(statistics, split).features:
        if feature in (found.name, *found.path.step):
            return {
                bucket.label: int(bucket.sample_count)
                for bucket in found.string_stats.rank_histogram.buckets
                if bucket.label != UNKNOWN_CLASS
            }
    return {}


def _all(count: int) -> str:
    return "the only example" if count == 1 else f"all {count:,} examples"


def _one_sided(feature: str, counts: Counts) -> list[str]:
    lines = []
    for split, other in (("train", "eval"), ("eval", "train")):
        for name in sorted(set(counts[split]) - set(counts[other])):
            count = counts[split][name]
            lines.append(
                f"{feature} {name!r} has {count:,} example{'s'[: count != 1]} for "
                f"{_PURPOSES[split]}, none for {_PURPOSES[other]}"
            )
    return lines


def read_split(
    statistics: ExampleStatistics, split: str
) -> statistics_pb2.DatasetFeatureStatistics:
    """Reads the statistics of a split; empty ones where it holds nothing.

    Args:
        statistics: An artifact of StatisticsGen.
        split: `train` or `eval`.
    """
    found = statistics_pb2.DatasetFeatureStatisticsList()
    with fileio.open(os.path.join(statistics.uri, f"Split-{split}", _FILE), "rb") as file:
        found.ParseFromString(file.read())
    return found.datasets[0] if found.datasets else statistics_pb2.DatasetFeatureStatistics()
