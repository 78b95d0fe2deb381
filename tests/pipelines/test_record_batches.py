"""Batches of what TFX's components read: bounded in bytes and in number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
import tensorflow as tf
from tfx_bsl.coders import batch_util
from tfx_bsl.tfxio import raw_tf_record

from pipelines.record_batches import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, bounded_batches


def batches_of(folder: Path, records: int, size: int) -> list[int]:
    """How many records are in each batch that a reader of TFX's gives."""
    path = str(folder / "data.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for number in range(records):
            writer.write(str(number).encode().ljust(size, b" "))
    said = folder / "sizes.txt"

    def say(batch: Any) -> None:
        with said.open("a", encoding="utf-8") as file:
            file.write(f"{batch.num_rows}\n")

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        source = raw_tf_record.RawTfRecordTFXIO(
            path, raw_record_column_name="raw", telemetry_descriptors=["test"]
        )
        pipeline | source.BeamSource() | beam.Map(say)
    return list(map(int, said.read_text(encoding="utf-8").split()))


@pytest.mark.parametrize(
    ("records", "size", "most"),
    [(2500, 20, MAX_BATCH_RECORDS), (60, 500_000, MAX_BATCH_BYTES // 500_000), (3, 5_000_000, 1)],
    ids=["names", "recordings", "more than a batch"],
)
def test_batches_are_bounded_and_as_large_as_may_be(
    tmp_path: Path, records: int, size: int, most: int
) -> None:
    with bounded_batches():
        found = batches_of(tmp_path, records, size)
    assert sum(found) == records
    assert max(found) <= most
    assert len(found) <= -(-records // most) + 1


def test_what_was_before_comes_back() -> None:
    before = vars(batch_util).copy()
    with bounded_batches():
        assert batch_util._UseByteSizeBatching()
    assert vars(batch_util) == before
