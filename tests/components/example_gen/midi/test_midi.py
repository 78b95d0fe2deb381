"""Folders of tunes: what is read, set aside and quarantined, and how it is split and cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_executor import execute, read_back
from tunes import TICKS, config_for, metre, midi, note, scale, tune_task, with_header

from components.example_gen import quarantine
from components.example_gen.midi.example_gen import Executor, MidiExampleGen
from components.example_gen.midi.midi_reader import SightedTune, cut_tune, look_at_tune
from components.example_gen.records import BAD, SET_ASIDE, Reject
from modules.common.midi.note_state import from_midi, to_midi
from modules.common.runtime.errors import DataError, SettingError

GOOD = midi(scale(40))
FAULTS: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", BAD, "expected a MIDI file, found an empty file"),
    "text": (b"a text", BAD, "expected a MIDI file, which begins with MThd, found b'a te'"),
    "header": (GOOD[:9], BAD, "the file is cut off: expected a header of 14 bytes, found 9"),
    "truncated": (
        GOOD[:-20],
        BAD,
        f"the file is cut off or damaged: expected more after its {len(GOOD) - 20} bytes",
    ),
    "type_2": (with_header(GOOD, 0, 2), BAD, "expected a MIDI file of type 0 or 1, found type 2"),
    "smpte": (
        with_header(GOOD, 2, 0xE728),
        BAD,
        "expected time in ticks a beat, found SMPTE time (25 frames a second), which has no beats",
    ),
    "no_ticks": (with_header(GOOD, 2, 0), BAD, "expected at least one tick a beat, found 0"),
    "no_tracks": (with_header(GOOD, 1, 0), BAD, "expected at least one track, found none"),
    "no_notes": (
        midi(metre(0, 4, 4), end=TICKS * 100),
        BAD,
        "expected notes, found none (drums, on channel 10, are not counted)",
    ),
    "drums": (
        midi(note(0, TICKS * 99, 60, channel=9)),
        BAD,
        "expected notes, found none (drums, on channel 10, are not counted)",
    ),
    "days": (
        midi([*scale(40), *note(0, TICKS * 20_000, 30)]),
        BAD,
        "expected a tune of at most 16384 beats, found notes that sound for longer; the times in "
        "the file are probably damaged",
    ),
    "waltz": (
        midi([*metre(0, 3, 4), *scale(40)]),
        SET_ASIDE,
        "expected 2/4 or 4/4 throughout, found 3/4",
    ),
    "changing": (
        midi(metre(TICKS * 2, 6, 8), [*metre(0, 4, 4), *metre(TICKS * 5, 3, 4), *scale(40)]),
        SET_ASIDE,
        "expected 2/4 or 4/4 throughout, found 6/8, 3/4",
    ),
    "short": (
        midi(scale(15)),
        SET_ASIDE,
        "expected at least 16 steps, four to a beat, found 15",
    ),
    "low": (
        midi(scale(40, lowest=0)),
        SET_ASIDE,
        "expected notes of pitches 24 to 101, found 40, all of them lower or higher",
    ),
}
TAKEN = {
    "no metre": midi(scale(40)),
    "4/4": midi(metre(0, 4, 4), scale(40)),
    "2/4": midi([*metre(0, 2, 4), *scale(40)], kind=0),
    "2/4, then 4/4": midi([*metre(0, 2, 4), *metre(TICKS * 4, 4, 4), *scale(40)]),
    "the same in halves and eighths": midi([*metre(0, 2, 2), *metre(TICKS * 4, 4, 8), *scale(40)]),
    "3/4 that stands for no time": midi([*metre(0, 3, 4), *metre(0, 4, 4), *scale(40)]),
    "3/4 after the last note": midi([*metre(TICKS * 10, 3, 4), *scale(40)], end=TICKS * 20),
    "as long as is asked for": midi(scale(16)),
    "three tracks": midi(scale(20), scale(40, 72), note(0, TICKS * 3, 40)),
}


def looked_at(folder: Path, contents: bytes, **settings: int) -> SightedTune | Reject:
    """What the reader gives for one file."""
    path = folder / "a.mid"
    path.write_bytes(contents)
    [found] = look_at_tune(str(path), config_for(folder, **settings))
    return found


def run(
    monkeypatch: pytest.MonkeyPatch, data: Path, output: Path, limit: float = 0.9, **settings: int
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, dict[str, str]], dict[str, int]]:
    """Examples by split, rejects by path, and counts."""
    output = output / "examples" / "1"
    found = execute(monkeypatch, MidiExampleGen, tune_task(limit), data, output, **settings)
    lines = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
    rejects = {reject["path"]: reject for reject in map(json.loads, lines)}
    names = ("examples", "quarantined", "set_aside")
    counts = {name: found.get_int_custom_property(name) for name in names}
    return {split: read_back(output, split) for split in ("train", "eval")}, rejects, counts


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_not_used_is_said_why(tmp_path: Path, name: str) -> None:
    contents, kind, reason = FAULTS[name]
    assert looked_at(tmp_path, contents) == Reject("a.mid", "", reason, kind)


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_used(tmp_path: Path, name: str) -> None:
    found = looked_at(tmp_path, TAKEN[name])
    assert isinstance(found, SightedTune)
    np.testing.assert_array_equal(found.note_state(), from_midi(TAKEN[name]))


def test_a_note_that_never_ends_sounds_to_the_end_of_its_track(tmp_path: Path) -> None:
    never = (note(TICKS, TICKS, 50)[0],)
    found = looked_at(tmp_path, midi([*scale(20), *never], scale(40), end=TICKS * 7))
    assert isinstance(found, SightedTune) and found.steps == 40
    sounds = found.note_state()[:, 50 - 24]
    assert sounds[4:28].all() and sounds.sum() == 24


def test_a_file_that_cannot_be_read_is_quarantined_and_a_folder_is_passed_over(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.mid").mkdir()
    assert not list(look_at_tune(str(tmp_path / "a.mid"), config_for(tmp_path)))
    [reject] = look_at_tune(str(tmp_path / "b.mid"), config_for(tmp_path))
    said = "the file cannot be read: No such file or directory"
    assert reject == Reject("b.mid", "", said, BAD)


@pytest.mark.parametrize(
    ("steps", "split", "expected"),
    [
        (32, "train", [0]),
        (32, "eval", [0]),
        (20, "train", [0]),
        (33, "train", [0, 1]),
        (33, "eval", [0, 1]),
        (48, "train", [0, 8, 16]),
        (96, "eval", [0, 32, 64]),
        (101, "eval", [0, 32, 64, 69]),
        (101, "train", [*range(0, 69, 8), 69]),
    ],
)
def test_windows(tmp_path: Path, steps: int, split: str, expected: list[int]) -> None:
    contents = midi(scale(steps))
    packed = looked_at(tmp_path, contents)
    assert isinstance(packed, SightedTune)
    tune = SightedTune(relative="b/c.mid", steps=packed.steps, packed=packed.packed, split=split)
    whole = np.zeros((max(steps, 32), 156), np.uint8)
    whole[:steps] = from_midi(contents)
    records = list(cut_tune(tune, config_for(tmp_path)))
    assert [record.features["first_step"] for record in records] == expected
    for record in records:
        first = record.features["first_step"]
        bits = np.unpackbits(np.frombuffer(record.features["note_state"], np.uint8))
        np.testing.assert_array_equal(bits.reshape(32, 156), whole[first : first + 32])
        assert record.split == split and record.features["tune"] == "b/c.mid"


def test_a_folder_of_good_and_bad_tunes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    for name, (contents, _, _) in FAULTS.items():
        path = data / "faults" / f"{name}.MID"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
    for number in range(10):
        path = data / f"{'deep/' * (number % 4)}{number}.{'midi' if number % 2 else 'mid'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(midi(scale(40 + number)))
        path.with_name(f"again_{number}.mid").write_bytes(path.read_bytes())
    (data / ".hidden.mid").write_bytes(b"")
    examples, rejects, counts = run(monkeypatch, data, tmp_path)
    assert {path: (reject["kind"], reject["reason"]) for path, reject in rejects.items()} == {
        f"faults/{name}.MID": (kind, reason) for name, (_, kind, reason) in FAULTS.items()
    }
    windows = {split: len(found) for split, found in examples.items()}
    assert counts == {"examples": sum(windows.values()), "quarantined": 11, "set_aside": 4}
    sides = {
        split: {Path(example["tune"].decode()).stem.removeprefix("again_") for example in found}
        for split, found in examples.items()
    }
    assert len(sides["train"]) == 8 and len(sides["eval"]) == 2
    assert sides["train"].isdisjoint(sides["eval"])
    assert windows["eval"] == 2 * 2 * 2


def test_bad_files_are_a_share_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        (data / f"{number}.mid").write_bytes(midi(scale(300, 40 + number)))
    (data / "a.mid").write_bytes(b"a text")
    (data / "b.mid").write_bytes(FAULTS["waltz"][0])
    with pytest.raises(DataError, match=r"(?s)1 of 4 records are bad.*begins with MThd"):
        run(monkeypatch, data, tmp_path, limit=0.24)
    output = str(tmp_path / "examples" / "1")
    counts = quarantine.read_counts(output)
    assert (counts.used, counts.quarantined, counts.set_aside) == (3, 1, 1)
    assert counts.examples > 50
    quarantine.check_limit(counts, output, tune_task(0.25))


def test_one_tune_is_too_few_under_whatever_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in "ab":
        (data / f"{name}.mid").write_bytes(GOOD)
    (data / "waltz.mid").write_bytes(FAULTS["waltz"][0])
    with pytest.raises(
        DataError,
        match=r"data holds one tune that can be used \(beside it 0 bad and 1 set aside\); "
        r"expected at least two that differ",
    ):
        run(monkeypatch, data, tmp_path)


def test_waltzes_alone_are_too_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(2):
        (data / f"{number}.mid").write_bytes(FAULTS["waltz"][0])
    with pytest.raises(DataError, match=r"(?s)all 2 records were set aside.*found 3/4"):
        run(monkeypatch, data, tmp_path)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a text")
    with pytest.raises(DataError, match="tiny_task reads a folder of MIDI files"):
        Executor.items(config_for(tmp_path), config_for(tmp_path).source.patterns)


@pytest.mark.parametrize("name", ["window_steps", "hop_steps"])
def test_windows_of_nothing_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingError, match=f"{name} takes a whole number, 1 or more, found 0"):
        config_for(tmp_path, **{name: 0})


def test_the_longest_tune_that_is_read_takes_little_memory(tmp_path: Path) -> None:
    found = looked_at(tmp_path, to_midi(from_midi(midi(note(0, TICKS * 16_384, 60)))))
    assert isinstance(found, SightedTune) and found.steps == 4 * 16_384
    assert len(found.packed) < 1.3e6


def test_the_real_tunes(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"window_steps": 128, "hop_steps": 64, "min_tune_steps": 64}
    examples, rejects, counts = run(monkeypatch, shared_data / "midi", tmp_path, **settings)
    assert {path: reject["reason"].rsplit("found ")[1] for path, reject in rejects.items()} == {
        "piano/albeniz_alb_esp1.mid": "3/4",
        "piano/beeth_beethoven_hammerklavier_4.mid": "6/4, 3/4, 7/4",
        "piano/borodin_bor_ps6.mid": "6/8",
        "piano/chopin_chpn-p13.mid": "6/4",
        "piano/chopin_chpn_op33_2.mid": "3/4",
        "piano/grieg_grieg_voeglein.mid": "6/8",
        "piano/mendelssohn_mendel_op62_4.mid": "9/8",
        "piano/muss_muss_6.mid": "8/4, 6/4",
        "piano/schubert_schumm-2.mid": "9/8",
    }
    assert counts["quarantined"] == 0 and counts["set_aside"] == 9
    tunes = {split: {found["tune"] for found in examples[split]} for split in examples}
    assert len(tunes["train"]) == 93 and len(tunes["eval"]) == 23
    assert tunes["train"].isdisjoint(tunes["eval"])
