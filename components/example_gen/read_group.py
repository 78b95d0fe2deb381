"""The step of a Beam pipeline that reads: groups of items to examples, rejects and counts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from components.example_gen.process_pool import ReaderPool
from components.example_gen.read_config import ReadConfig, Reader
from components.example_gen.records import BAD, Record, Reject, Used, to_example
from modules.common.runtime import progress

GROUP_ITEMS = 1000
"""A worker gets no more items at a time, whatever their number."""

# So that the workers of a cluster have something each, but no group is so small that the processes
# of a worker wait much for the last of it.
_GROUPS = 64
_LEAST_ITEMS = 100
# Fewer are read before the processes would have started.
_MIN_ITEMS_FOR_PROCESSES = 200
_REPORT_INTERVAL_S = 0.5


def group_items(total: int) -> int:
    """Says how many items a worker gets at a time.

    Args:
        total: How many items there are.
    """
    return max(_LEAST_ITEMS, min(GROUP_ITEMS, total // _GROUPS))


class ReadGroup(beam.DoFn):
    """Reads a group of items into outputs with tags.

    They are: examples, serialized, by their split; `rejects`, as JSON; `counts`, pairs of a split,
    `quarantined`, `set_aside` or `used` and how many; and `sightings`, whatever else the reader
    gives.
    """

    def __init__(
        self,
        reader: Reader,
        config: ReadConfig,
        total: int,
        in_processes: bool = False,
        unit: str = "example",
    ) -> None:
        """Prepares.

        Args:
            reader: Turns one item into records and rejects.
            config: What the reader is told.
            total: How many items there are, in all groups.
            in_processes: Whether local processes share the reading.
            unit: What an item is, for whoever watches.
        """
        self._reader = reader
        self._config = config
        self._total = total
        self._in_processes = in_processes
        self._unit = unit
        self._pool: ReaderPool | None = None

    def setup(self) -> None:
        """Prepares a worker."""
        self._done = self._records = self._quarantined = 0
        self._report_at = time.monotonic() + _REPORT_INTERVAL_S
        if self._in_processes and self._total >= _MIN_ITEMS_FOR_PROCESSES:
            self._pool = ReaderPool(self._reader, self._config)

    def teardown(self) -> None:
        """Ends the processes of a worker."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def process(self, items: Sequence[Any]) -> Iterator[Any]:
        """Reads a group."""
        # Counting here, and not in Beam, spares a pass over all examples.
        counts: Counter[str] = Counter()
        for results in self._results(items):
            for result in results:
                self._report()
                if isinstance(result, Reject):
                    self._quarantined += result.kind == BAD
                    yield from yield_reject(result, counts)
                elif isinstance(result, Record):
                    self._records += 1
                    counts[result.split] += 1
                    yield beam.pvalue.TaggedOutput(result.split, to_example(result.features))
                elif isinstance(result, Used):
                    counts["used"] += result.count
                else:
                    yield beam.pvalue.TaggedOutput("sightings", result)
            self._done += 1
        yield from yield_count(counts)

    def _results(self, items: Sequence[Any]) -> Iterator[Iterable[Any]]:
        """What the reader gives, item by item."""
        if self._pool is not None:
            return self._pool.read(items)
        return (self._reader(item, self._config) for item in items)

    def _report(self) -> None:
        """Tells how far it is, now and then."""
        if time.monotonic() < self._report_at:
            return
        self._report_at = time.monotonic() + _REPORT_INTERVAL_S
        # An item that is read in processes is one example; else it is a file with any number.
        done = self._done if self._in_processes else self._records
        files = f"file {self._done + 1:,}/{self._total:,}" if self._total > 1 else ""
        progress.report(
            progress.Progress(
                done=done,
                total=self._total if self._in_processes else None,
                unit=self._unit if self._in_processes else "record",
                phase="" if self._in_processes else files,
                quarantined=self._quarantined,
            )
        )


def yield_reject(reject: Reject, counts: Counter[str]) -> Iterator[beam.pvalue.TaggedOutput]:
    """Gives a reject as an output of a step, and counts it.

    Args:
        reject: What is not used.
        counts: Where it is counted.
    """
    counts["quarantined" if reject.kind == BAD else "set_aside"] += 1
    yield beam.pvalue.TaggedOutput("rejects", reject.to_json())


def yield_count(counts: Counter[str]) -> Iterator[beam.pvalue.TaggedOutput]:
    """Gives counts as outputs of a step."""
    for count in counts.items():
        yield beam.pvalue.TaggedOutput("counts", count)
