"""What StatisticsGen counted, feature by feature, as a table shows it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from tensorflow_metadata.proto.v0 import statistics_pb2

from gallery.drawing.axes import write_number
from gallery.drawing.bars import draw_histogram
from gallery.drawing.svg import shorten

_MOST_VALUES = 5
_MOST_FEATURES = 60
_VALUE_PX = 140.0
# What TFDV writes in place of bytes that are not UTF-8.
_NO_TEXT = "__BYTES_VALUE__"


@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """A feature of a split.

    Attributes:
        name: The feature.
        kind: Such as `text` or `whole number`.
        count: In how many examples it is.
        missing: In how many it is not.
        numbers: Least, mean, greatest and deviation in words; nothing where it holds no numbers.
        values: The commonest values, with how often they are.
        distinct: How many different values it has; `None` where nobody counted.
        histogram: A small drawing, or nothing.
        note: What else is known, such as the length of texts.
    """

    name: str
    kind: str
    count: int
    missing: int
    numbers: tuple[str, ...] = ()
    values: Sequence[tuple[str, int]] = ()
    distinct: int | None = None
    histogram: Markup = Markup("")
    note: str = ""


def read_statistics(folder: str, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Reads what StatisticsGen wrote of a split.

    Args:
        folder: Its artifact.
        split: The split.
    """
    with open(os.path.join(folder, f"Split-{split}", "FeatureStats.pb"), "rb") as file:
        return statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read())


def list_features(folder: str, split: str = "train") -> list[FeatureRow]:
    """Gives the features of a split.

    Args:
        folder: The artifact of StatisticsGen.
        split: The split.
    """
    found = read_statistics(folder, split)
    if not found.datasets:
        return []
    examples = int(found.datasets[0].num_examples)
    features = list(found.datasets[0].features)[:_MOST_FEATURES]
    return [_describe(feature, examples) for feature in features]


def feature_name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """Gives a feature's name, whichever way it is written down."""
    return feature.name or ".".join(feature.path.step)


def _describe(feature: statistics_pb2.FeatureNameStatistics, examples: int) -> FeatureRow:
    kind = feature.WhichOneof("stats")
    common = getattr(feature, kind).common_stats
    count = int(common.num_non_missing)
    base: dict[str, Any] = {
        "name": feature_name(feature),
        "count": count,
        # Where a feature is in no example, TFDV counts it missing in none.
        "missing": max(int(common.num_missing), examples - count),
    }
    if kind == "num_stats":
        return _describe_numbers(feature, base)
    if kind == "string_stats":
        return _describe_texts(feature, base)
    held = feature.bytes_stats
    size = f"{held.avg_num_bytes / 1000:,.1f} kB on average" if held.avg_num_bytes else ""
    return FeatureRow(**base, kind="bytes", note=size)


def _describe_numbers(
    feature: statistics_pb2.FeatureNameStatistics, base: dict[str, Any]
) -> FeatureRow:
    numbers = feature.num_stats
    is_whole = feature.type == statistics_pb2.FeatureNameStatistics.INT
    standard = next(
        (each for each in numbers.histograms if each.type == statistics_pb2.Histogram.STANDARD),
        None,
    )
    drawing = ""
    if standard is not None and standard.buckets:
        edges = [each.low_value for each in standard.buckets]
        edges.append(standard.buckets[-1].high_value)
        counts = [each.sample_count for each in standard.buckets]
        drawing = draw_histogram(f"Values of {base['name']}", edges, counts)
    figures = (numbers.min, numbers.mean, numbers.max, numbers.std_dev)
    values = numbers.common_stats.avg_num_values
    return FeatureRow(
        **base,
        kind="whole number" if is_whole else "number",
        numbers=tuple(map(write_number, figures)),
        histogram=Markup(drawing),
        note=f"{values:g} values in an example" if values > 1 else "",
    )


def _describe_texts(
    feature: statistics_pb2.FeatureNameStatistics, base: dict[str, Any]
) -> FeatureRow:
    texts = feature.string_stats
    commonest = [
        (shorten(each.value or "(nothing)", _VALUE_PX), int(each.frequency))
        for each in list(texts.top_values)[:_MOST_VALUES]
    ]
    if any(value == _NO_TEXT for value, _ in commonest):
        # Bytes that are no text, such as a picture's: there is nothing to be read in them.
        return FeatureRow(
            **base, kind="bytes", note=f"{texts.avg_length / 1000:,.1f} kB on average"
        )
    length = f"{texts.avg_length:,.1f} bytes on average" if texts.avg_length else ""
    return FeatureRow(
        **base, kind="text", values=commonest, distinct=int(texts.unique) or None, note=length
    )
