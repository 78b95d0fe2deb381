"""A run's blocks: all records, each once, parted evenly, in an order that follows from them."""

from __future__ import annotations

import random
from pathlib import Path

from components.example_gen.digest_runs import BLOCKS, read_blocks, sort_by_digest, write_run


def test_the_blocks_of_a_run_hold_every_record_once(tmp_path: Path) -> None:
    records = [b"%d" % number * (number % 7) for number in range(5000)]
    path = str(tmp_path / "run")
    write_run(path, records)
    ends = [0, 1, 300, 301, BLOCKS]
    parts = [list(read_blocks(path, *ends[at : at + 2])) for at in range(len(ends) - 1)]
    assert all(parts)
    joined = [each for part in parts for each in part]
    assert joined == sort_by_digest(records)
    assert sorted(record for _, record in joined) == sorted(records)


def test_the_order_is_of_the_records_not_of_their_coming() -> None:
    records = [b"record %d" % number for number in range(1000)] + [b"again"] * 20
    other = random.Random(1).sample(records, len(records))
    assert sort_by_digest(records) == sort_by_digest(other)
    numbers = [int(r.split()[1]) for _, r in sort_by_digest(records) if r != b"again"]
    early = sum(number < 500 for number in numbers[:500])
    assert 200 < early < 300


def test_a_record_that_repeats_is_spread_over_the_blocks(tmp_path: Path) -> None:
    path = str(tmp_path / "run")
    write_run(path, [b"the same recording"] * 4000)
    halves = [len(list(read_blocks(path, *part))) for part in ((0, 512), (512, BLOCKS))]
    assert sum(halves) == 4000
    assert min(halves) > 1800


def test_a_run_of_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "run")
    write_run(path, [])
    assert list(read_blocks(path, 0, BLOCKS)) == []
