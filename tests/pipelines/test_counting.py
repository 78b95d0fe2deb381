"""What StatisticsGen has Beam keep, and what it says of features with many values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from apache_beam.runners.portability.fn_api_runner import execution
from statistics_gen import statistics_of
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types.standard_artifacts import Examples

_COUNT = 4000
_BYTES = 40


def make_examples(folder: Path) -> Examples:
    """Every name is another, one in four is of the first class."""
    for split in ("train", "eval"):
        (folder / f"Split-{split}").mkdir(parents=True)
        path = str(folder / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz")
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for number in range(_COUNT):
                example = tf.train.Example()
                feature = example.features.feature
                name = f"{number} {split}".ljust(_BYTES, ".").encode()
                feature["name"].bytes_list.value.append(name)
                feature["gender"].bytes_list.value.append(b"MF"[number % 4 > 0 :][:1])
                writer.write(example.SerializeToString())
    examples = Examples()
    examples.uri = str(folder)
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    return examples


def test_different_values_are_not_kept_and_classes_are_counted_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0

    def count(partition: Any) -> Any:
        def counted(self: Any, parts: int) -> Any:
            nonlocal most
            most = max(most, len(self._table))
            return partition(self, parts)

        return counted

    buffer = execution.GroupingBuffer
    monkeypatch.setattr(buffer, "partition", count(buffer.partition))
    statistics = statistics_of(make_examples(tmp_path / "examples"), tmp_path / "statistics")
    assert 0 < most < 0.1 * _COUNT
    [found] = tfdv.load_stats_binary(
        str(Path(statistics.uri) / "Split-train" / "FeatureStats.pb")
    ).datasets
    by_name = {feature.path.step[0]: feature.string_stats for feature in found.features}
    assert by_name["name"].unique == pytest.approx(_COUNT, rel=0.05)
    buckets = by_name["gender"].rank_histogram.buckets
    assert {each.label: each.sample_count for each in buckets} == {
        "F": _COUNT * 3 / 4,
        "M": _COUNT / 4,
    }
