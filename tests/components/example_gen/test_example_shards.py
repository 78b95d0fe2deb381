"""Examples written as they are read: shards, their order, and what memory is asked to keep."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
import tensorflow as tf
from apache_beam.runners.portability.fn_api_runner import execution

from components.example_gen import example_shards
from components.example_gen.example_shards import UNFINISHED, remove_unfinished, write_splits
from components.example_gen.quarantine_files import write_quarantine

_RECORDS = 3000
_BYTES = 200
_IN_MEMORY = ("--runner=FnApiRunner", "--direct_running_mode=in_memory")
_PROCESSES = (
    "--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2"
)  # fmt: skip


def make_record(number: int) -> bytes:
    """All of the first label come first."""
    return f"{'FM'[number >= _RECORDS // 2]}{number}".encode().ljust(_BYTES, b".")


def _read(part: int) -> Any:
    for number in range(part * _RECORDS // 3, (part + 1) * _RECORDS // 3):
        yield beam.pvalue.TaggedOutput("train", make_record(number))
        yield beam.pvalue.TaggedOutput("rejects", f"{number}".zfill(100))
    yield beam.pvalue.TaggedOutput("counts", ("train", _RECORDS // 3))


def write(output: Path, arguments: tuple[str, ...] = _IN_MEMORY) -> None:
    """Reads and writes as an executor does."""
    folders = {split: str(output / f"Split-{split}") for split in ("train", "eval")}
    with beam.Pipeline(argv=list(arguments)) as pipeline:
        read = (
            pipeline
            | beam.Create([0, 1, 2])
            | "Spread" >> beam.Reshuffle()
            | beam.FlatMap(_read).with_outputs()
        )
        splits = {split: [read[split]] for split in folders}
        write_splits(pipeline, splits, folders, str(output))
        write_quarantine(pipeline, [read["rejects"]], [read["counts"]], str(output))


def records_in(output: Path, split: str) -> dict[str, list[bytes]]:
    """Records by file, in order."""
    return {
        path.name: list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
        for path in sorted((output / f"Split-{split}").iterdir())
    }


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example_shards, "_RUN_BYTES", 100_000)
    monkeypatch.setattr(example_shards, "_SHARD_BYTES", 100_000)
    monkeypatch.setattr(example_shards, "_LEAST_SHARD_BYTES", 100_000)


@pytest.mark.usefixtures("small_shards")
def test_every_record_is_in_one_shard_and_labels_are_mixed(tmp_path: Path) -> None:
    write(tmp_path)
    shards = records_in(tmp_path, "train")
    assert list(shards) == [f"data_tfrecord-{n:05}-of-00012.gz" for n in range(12)]
    written = [record for records in shards.values() for record in records]
    assert sorted(written) == sorted(map(make_record, range(_RECORDS)))
    for records in shards.values():
        women = sum(record.startswith(b"F") for record in records)
        assert 0.3 < women / len(records) < 0.7
        assert 180 < len(records) < 320
        assert {record[:1] for record in records[:20]} == {b"F", b"M"}


def test_few_records_are_one_shard_and_none_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path)
    assert [len(records) for records in records_in(tmp_path, "train").values()] == [_RECORDS]
    assert records_in(tmp_path, "eval") == {"data_tfrecord-00000-of-00001.gz": []}


def test_the_order_does_not_depend_on_what_fits_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_shards, "_LEAST_SHARD_BYTES", 200_000)
    for run_bytes in (100_000, 10_000_000):
        monkeypatch.setattr(example_shards, "_RUN_BYTES", run_bytes)
        write(tmp_path / str(run_bytes))
    assert len(records_in(tmp_path / "100000", "train")) == 6
    for name, records in records_in(tmp_path / "100000", "train").items():
        assert records == records_in(tmp_path / "10000000", "train")[name]


@pytest.mark.usefixtures("small_shards")
def test_no_stage_hands_records_or_rejects_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = 0

    def count(append: Any) -> Any:
        def counted(self: Any, data: bytes) -> None:
            nonlocal kept
            kept += len(data)
            append(self, data)

        return counted

    for buffer in (execution.ListBuffer, execution.GroupingBuffer):
        monkeypatch.setattr(buffer, "append", count(buffer.append))
    write(tmp_path)
    assert 0 < kept < 0.05 * _RECORDS * _BYTES


@pytest.mark.usefixtures("small_shards")
def test_what_a_failed_bundle_left_is_not_read_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    write_run = example_shards.write_run

    def write_twice(path: str, records: list[bytes]) -> None:
        attempts.append(len(records))
        write_run(f"{path}-of-an-attempt-that-failed", records)
        write_run(path, records)

    monkeypatch.setattr(example_shards, "write_run", write_twice)
    write(tmp_path)
    assert sum(attempts) == _RECORDS
    assert sum(map(len, records_in(tmp_path, "train").values())) == _RECORDS
    assert list((tmp_path / UNFINISHED).glob("*-failed"))
    remove_unfinished(str(tmp_path))
    assert not (tmp_path / UNFINISHED).exists()


@pytest.mark.usefixtures("small_shards")
def test_rejects_are_all_written_in_order(tmp_path: Path) -> None:
    write(tmp_path)
    lines = (tmp_path / "quarantine/rejects.jsonl").read_text().splitlines()
    assert list(map(int, lines)) == list(range(_RECORDS))
    assert (tmp_path / "quarantine/counts.json").read_text() == f'{{"train": {_RECORDS}}}'


@pytest.mark.e2e
def test_several_processes_write_the_same_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    for name, arguments in (("one", _IN_MEMORY), ("two", _PROCESSES)):
        write(tmp_path / name, arguments)
    for split in ("train", "eval"):
        assert records_in(tmp_path / "one", split) == records_in(tmp_path / "two", split)
    files = sorted(path.relative_to(tmp_path / "one") for path in tmp_path.glob("one/Split-*/*"))
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
