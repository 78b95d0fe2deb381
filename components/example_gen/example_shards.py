"""Writes examples as shuffled shards, as they are read: memory does not grow with the data.

Beam's local runner keeps in memory what one stage hands to the next, and TFX's own writer hands on
every example. Here a worker writes what it reads into files of its own at once, and only their
names are handed on; then every shard gathers its share of all of them. How many shards there are
and what is in which order follows from the examples alone, so that engines and numbers of workers
give the same. A bundle that is tried again leaves a file that nobody reads, and a shard that is
written twice is the same twice.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue
from tfx.components.example_gen.write_split import DEFAULT_TF_RECORD_FILE_NAME
from tfx.dsl.io import fileio

from components.example_gen.digest_runs import BLOCKS, read_blocks, write_run

UNFINISHED = ".unfinished"
"""Folder in the examples artifact of what is being written; gone when all is."""

# A run and a shard are in memory whole, a split's each.
_RUN_BYTES = 24 * 2**20
_SHARD_BYTES = 24 * 2**20
# What Python and a sorted list need for a record besides its bytes.
_RECORD_OVERHEAD_BYTES = 200
# As many shards as a small cluster has workers twice over, unless they would be tiny.
_SPREAD_SHARDS = 16
_LEAST_SHARD_BYTES = 2**20
# A third of the time of the usual level for a few percent more bytes.
_COMPRESSION_LEVEL = 1


@dataclass(frozen=True, kw_only=True)
class Run:
    """Examples that one worker wrote.

    Attributes:
        split: `train` or `eval`.
        path: The file, as `write_run` writes it.
        total_bytes: Of its examples, with what each needs in memory besides.
    """

    split: str
    path: str
    total_bytes: int


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A file of examples that is to be.

    Attributes:
        split: `train` or `eval`.
        number: From 0.
        shards: How many there are.
    """

    split: str
    number: int
    shards: int


def write_splits(
    pipeline: beam.Pipeline,
    splits: Mapping[str, Sequence[beam.PCollection]],
    folders: Mapping[str, str],
    output_dir: str,
) -> None:
    """Adds the steps that write examples, gzipped, under the names that TFX gives them.

    Args:
        pipeline: What the steps are added to.
        splits: Serialized examples by split.
        folders: Where each split belongs.
        output_dir: The examples artifact, in which both are.
    """
    folder = os.path.join(output_dir, UNFINISHED)
    runs = beam.pvalue.AsList(
        [
            examples | f"WriteRuns[{split}][{number}]" >> beam.ParDo(_WriteRuns(split, folder))
            for split, parts in splits.items()
            for number, examples in enumerate(parts)
        ]
        | "Runs" >> beam.Flatten(pipeline=pipeline)
    )
    (
        pipeline
        | "Splits" >> beam.Create(list(splits))
        | "PlanShards" >> beam.FlatMap(_plan_shards, runs)
        | "SpreadShards" >> beam.Reshuffle()
        | "WriteShards" >> beam.Map(_write_shard, runs, dict(folders), folder)
    )


def remove_unfinished(output_dir: str) -> None:
    """Removes what was written on the way, once a pipeline has ended.

    Args:
        output_dir: The examples artifact.
    """
    folder = os.path.join(output_dir, UNFINISHED)
    if fileio.exists(folder):
        fileio.rmtree(folder)


class _WriteRuns(beam.DoFn):
    """Writes the examples of a bundle, and gives the runs that they are in."""

    def __init__(self, split: str, folder: str) -> None:
        self._split = split
        self._folder = folder

    def start_bundle(self) -> None:
        self._records: list[bytes] = []
        self._bytes = 0

    def process(self, record: bytes) -> Iterator[Run]:
        self._records.append(record)
        self._bytes += len(record) + _RECORD_OVERHEAD_BYTES
        if self._bytes >= _RUN_BYTES:
            yield self._write()

    def finish_bundle(self) -> Iterator[Any]:
        if self._records:
            window = GlobalWindow()
            yield WindowedValue(self._write(), window.max_timestamp(), [window])

    def _write(self) -> Run:
        path = os.path.join(self._folder, f"{self._split}-{uuid.uuid4().hex}")
        fileio.makedirs(self._folder)
        records, size = self._records, self._bytes
        self.start_bundle()
        write_run(path, records)
        return Run(split=self._split, path=path, total_bytes=size)


def _plan_shards(split: str, runs: Sequence[Run]) -> Iterator[Shard]:
    total = sum(run.total_bytes for run in runs if run.split == split)
    spread = min(_SPREAD_SHARDS, total // _LEAST_SHARD_BYTES)
    shards = min(BLOCKS, max(1, spread, -(-total // _SHARD_BYTES)))
    for number in range(shards):
        yield Shard(split=split, number=number, shards=shards)


def _write_shard(
    shard: Shard, runs: Sequence[Run], folders: Mapping[str, str], unfinished_folder: str
) -> None:
    """Gathers a shard's records from all runs; puts it in its place when it is whole."""
    first, end = (BLOCKS * number // shard.shards for number in (shard.number, shard.number + 1))
    of_split = [run.path for run in runs if run.split == shard.split]
    keyed = sorted(each for path in of_split for each in read_blocks(path, first, end))
    fileio.makedirs(unfinished_folder)
    unfinished = os.path.join(unfinished_folder, f"shard-{uuid.uuid4().hex}")
    options = tf.io.TFRecordOptions("GZIP", compression_level=_COMPRESSION_LEVEL)
    with tf.io.TFRecordWriter(unfinished, options) as writer:
        for _, record in keyed:
            writer.write(record)
    name = f"{DEFAULT_TF_RECORD_FILE_NAME}-{shard.number:05}-of-{shard.shards:05}.gz"
    fileio.makedirs(folders[shard.split])
    fileio.rename(unfinished, os.path.join(folders[shard.split], name), overwrite=True)
