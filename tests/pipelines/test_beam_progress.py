"""How many records Beam has read is told while it reads."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import apache_beam as beam
import pytest
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions

from modules.common.runtime.progress import Progress, subscribe
from pipelines import beam_progress
from pipelines.beam_progress import count_records
from pipelines.environment import environment

_COUNTS = {"train": 60, "eval": 20}
# Some milliseconds a record, by a function that processes of Beam can import.
work_hard = functools.partial(hashlib.pbkdf2_hmac, "sha256", salt=b"salt", iterations=20_000)


def fail(record: bytes) -> bytes:
    raise ValueError("a bad record")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(beam_progress, "_ASK_EVERY_S", 0.02)
    for split, count in _COUNTS.items():
        with tf.io.TFRecordWriter(str(tmp_path / split)) as writer:
            for number in range(count):
                writer.write(str(number).encode())
    return tmp_path


def run(
    folder: Path, splits: dict[str, str], work: object = work_hard, *more: str
) -> list[Progress]:
    """Reads each split in a pass that is called as `splits` says; gives what was told."""
    told: list[Progress] = []
    options = PipelineOptions([*environment().beam_args, *more])
    with subscribe(told.append), count_records(lambda: _COUNTS):
        with beam.Pipeline(options=options) as pipeline:
            for name, split in splits.items():
                records = pipeline | name >> beam.io.ReadFromTFRecord(str(folder / split))
                records | f"Work {name}" >> beam.Map(work)
    return told


def test_one_pass(folder: Path) -> None:
    told = run(folder, {"Read[train]": "train"})
    assert len(told) > 3
    assert {(each.total, each.unit, each.phase) for each in told} == {(60, "record", "")}
    done = [each.done for each in told]
    assert done == sorted(done)
    assert done[0] < done[-1] <= 60


def test_several_passes_add_up(folder: Path) -> None:
    told = run(folder, {"Read[eval]": "eval", "Read[train]": "train", "Analyze": "train"})
    done = [each.done for each in told]
    assert done == sorted(done) and 80 < done[-1] <= 140
    assert {each.total for each in told} == {140}
    phases = list(dict.fromkeys(each.phase for each in told))
    assert phases[-1] == "pass 3/3" and set(phases) <= {f"pass {n}/3" for n in (1, 2, 3)}


def test_what_a_pass_really_had_corrects_what_was_expected(folder: Path) -> None:
    told = run(folder, {"First": "eval", "Second": "eval"})
    # Neither names its split, so each may be as large as the largest.
    assert told[0].total == 120
    assert told[-1].total == 80


@pytest.mark.parametrize("mode", ["multi_threading", "multi_processing"])
def test_several_workers(folder: Path, mode: str) -> None:
    more = (f"--direct_running_mode={mode}", "--direct_num_workers=2")
    told = run(folder, {"Read[train]": "train"}, work_hard, *more)
    assert told and 0 < max(each.done for each in told) <= 60


def test_a_failure_stays_as_it_is(folder: Path) -> None:
    with pytest.raises(ValueError, match="a bad record"):
        run(folder, {"Read[train]": "train"}, fail)
    # Nothing of it is left for the next one.
    assert run(folder, {"Read[train]": "train"})
    assert not beam_progress._Asker.passes


def test_nothing_is_left_behind(folder: Path) -> None:
    from apache_beam.runners.portability.fn_api_runner import fn_runner

    before = fn_runner.ProgressRequester, fn_runner.FnApiRunner.run_stages
    run(folder, {"Read[train]": "train"})
    assert (fn_runner.ProgressRequester, fn_runner.FnApiRunner.run_stages) == before
