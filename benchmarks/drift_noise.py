"""How far random parts of the same data are apart: a threshold of drift must be above that.

`python benchmarks/drift_noise.py EXAMPLES [DRAWS]`, of a folder of ExampleGen, such as
`lianxi_runs/pipelines/name_gender_schema/ExampleGen/examples/1`. Prints for each feature that a
schema could compare the largest distance of DRAWS pairs of random parts, of 200 examples each, of
500 and so on, and what DistributionValidator would take for the threshold's unit: L-infinity for
texts, Jensen-Shannon for numbers.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

_SIZES = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_MAX_BYTES = 200


def main() -> None:
    """Prints the table."""
    folder, draws = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 50
    files = [str(path) for path in sorted(folder.glob("Split-*/*.gz"))]
    records = [
        without_media(each) for each in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    ]
    print(f"{len(records):,} examples, {draws} pairs of parts that share none")
    for size in _SIZES:
        if 2 * size > len(records):
            break
        worst: dict[str, list[float]] = {}
        for seed in range(draws):
            drawn = random.Random(seed).sample(records, 2 * size)
            for feature, distance in measure(count(drawn[:size]), count(drawn[size:])):
                worst.setdefault(feature, []).append(distance)
        for feature, distances in sorted(worst.items()):
            ranked = sorted(distances)
            middle, largest = ranked[len(ranked) // 2], ranked[-1]
            print(f"{size:>7,} {feature:<16} median {middle:.4f} worst {largest:.4f}")


def without_media(serialized: bytes) -> bytes:
    """Drops pictures and sounds, which nobody compares by value."""
    example = tf.train.Example.FromString(serialized)
    for name, feature in list(example.features.feature.items()):
        if any(len(value) > _MAX_BYTES for value in feature.bytes_list.value):
            del example.features.feature[name]
    return bytes(example.SerializeToString())


def count(records: Sequence[bytes]) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Counts examples as StatisticsGen does."""
    batch: pa.RecordBatch = ExamplesToRecordBatchDecoder().DecodeBatch(list(records))
    return generate_statistics_in_memory(batch)


def measure(
    now: statistics_pb2.DatasetFeatureStatisticsList,
    before: statistics_pb2.DatasetFeatureStatisticsList,
) -> Iterator[tuple[str, float]]:
    """Gives the distance of each feature."""
    schema = tfdv.infer_schema(now)
    numbers = {
        feature.path.step[0]
        for feature in now.datasets[0].features
        if feature.WhichOneof("stats") == "num_stats"
    }
    for feature in schema.feature:
        if feature.name in numbers:
            feature.drift_comparator.jensen_shannon_divergence.threshold = 1.0
        else:
            feature.drift_comparator.infinity_norm.threshold = 1.0
    found = tfdv.validate_statistics(now, schema, previous_statistics=before)
    for info in found.drift_skew_info:
        for each in info.drift_measurements:
            yield info.path.step[0], float(each.value)


if __name__ == "__main__":
    main()
