"""Writes rejects and counts as they are read, so that memory does not grow with them.

A worker writes the rejects of a bundle into a file of its own at once; one step joins those files.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue
from tfx.dsl.io import fileio

from components.example_gen.example_shards import UNFINISHED
from components.example_gen.quarantine import counts_path, rejects_path

_COPY_BYTES = 2**20
# The first reject, by which files are put in order, and the path.
_Part = tuple[str, str]


def write_quarantine(
    pipeline: beam.Pipeline,
    rejects: Sequence[beam.PCollection],
    counts: Sequence[beam.PCollection],
    output_dir: str,
) -> None:
    """Adds the steps that write what `quarantine` reads.

    Args:
        pipeline: What the steps are added to.
        rejects: One line of JSON each.
        counts: Pairs of a split, `quarantined`, `set_aside` or `used`, and how many a file held.
        output_dir: The examples artifact.
    """
    folder = os.path.join(output_dir, UNFINISHED)
    parts = [
        each | f"WriteRejects[{number}]" >> beam.ParDo(_WriteRejects(folder))
        for number, each in enumerate(rejects)
    ] | "RejectFiles" >> beam.Flatten(pipeline=pipeline)
    sums = tuple(counts) | "Counts" >> beam.Flatten() | "SumCounts" >> beam.CombinePerKey(sum)
    (
        pipeline
        | "Once" >> beam.Create([output_dir])
        | "WriteQuarantine"
        >> beam.Map(_write, beam.pvalue.AsList(parts), beam.pvalue.AsDict(sums), folder)
    )


class _WriteRejects(beam.DoFn):
    """Writes the rejects of a bundle to a file, and gives its path."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def start_bundle(self) -> None:
        self._file: BinaryIO | None = None
        self._first = ""

    def process(self, reject: str) -> None:
        if self._file is None:
            self._first = reject
            self._path = os.path.join(self._folder, f"rejects-{uuid.uuid4().hex}")
            fileio.makedirs(self._folder)
            self._file = fileio.open(self._path, "wb")
        self._file.write(f"{reject}\n".encode())

    def finish_bundle(self) -> Iterator[Any]:
        if self._file is not None:
            self._file.close()
            window = GlobalWindow()
            part: _Part = self._first, self._path
            yield WindowedValue(part, window.max_timestamp(), [window])


def _write(output_dir: str, parts: Sequence[_Part], counts: Mapping[str, int], folder: str) -> None:
    fileio.makedirs(os.path.dirname(rejects_path(output_dir)))
    fileio.makedirs(folder)
    joined = os.path.join(folder, f"joined-{uuid.uuid4().hex}")
    with fileio.open(joined, "wb") as target:
        target.write(b"")  # A file in which nothing is written is not made.
        for _, path in sorted(parts):
            with fileio.open(path, "rb") as source:
                while piece := source.read(_COPY_BYTES):
                    target.write(piece)
    fileio.rename(joined, rejects_path(output_dir), overwrite=True)
    with fileio.open(counts_path(output_dir), "w") as file:
        file.write(json.dumps(dict(counts)))
