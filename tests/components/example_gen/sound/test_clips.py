"""Folders of clips without labels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from speech_corpora import config_for, features, ingest, read_folder, tone, write_sound

from components.example_gen.records import splits_by_rank
from components.example_gen.sound.clips import ClipExampleGen, Executor
from modules.common.runtime.errors import DataError
from modules.common.sound.sources import ClipSource

CLIPS = ClipSource()


def test_clips_of_every_kind_at_both_levels(tmp_path: Path) -> None:
    names = ["a.wav", "b.FLAC", "c/d.ogg", "c/e.mp3", "f/g.Wav"]
    for name in names:
        write_sound(tmp_path / name, tone(1.0, 44_100), 44_100)
    for name in (".h.wav", ".i/j.wav", "c/k/l.wav"):
        write_sound(tmp_path / name)
    (tmp_path / "a.txt").write_text("a text")
    records, rejects = read_folder(CLIPS, tmp_path)
    found = [*features(records["train"], "name"), *features(records["eval"], "name")]
    assert sorted(found) == ["a.wav", "b.FLAC", "d.ogg", "e.mp3", "g.Wav"] and not rejects
    assert len(records["eval"]) == 2
    for record in [*records["train"], *records["eval"]]:
        assert abs(len(record.features["pcm"]) / 2 - 16_000) <= 1


@pytest.mark.parametrize("seed", range(10))
def test_two_clips_are_one_on_each_side(tmp_path: Path, seed: int) -> None:
    for number in range(2):
        write_sound(tmp_path / f"{seed}_{number}.wav")
    first, _ = read_folder(CLIPS, tmp_path)
    again, _ = read_folder(CLIPS, tmp_path)
    assert len(first["train"]) == len(first["eval"]) == 1 and first == again


def test_one_clip_is_too_few(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav")
    with pytest.raises(DataError, match=r"holds one recording, a\.wav; expected at least two"):
        Executor.items(config_for(CLIPS, tmp_path), CLIPS.patterns)


def test_no_clip_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a text")
    with pytest.raises(DataError, match="there is nothing in .*; tiny_task reads a folder of rec"):
        Executor.items(config_for(CLIPS, tmp_path), CLIPS.patterns)


def test_clips_that_are_too_long_or_no_sound_are_quarantined(tmp_path: Path) -> None:
    for name, seconds in (("a", 0.5), ("b", 2.0), ("c", 2.1)):
        write_sound(tmp_path / f"{name}.wav", tone(seconds))
    (tmp_path / "d.ogg").write_text("a text")
    (tmp_path / "e.wav").mkdir()
    records, rejects = read_folder(CLIPS, tmp_path, max_seconds=2.0)
    found = [*features(records["train"], "name"), *features(records["eval"], "name")]
    assert sorted(found) == ["a.wav", "b.wav"]
    assert {place: reject.reason for place, reject in rejects.items()} == {
        "c.wav": "the recording lasts 2.1 s, more than the 2 s that are read",
        "d.ogg": "expected wav, flac, ogg or mp3, found what does not decode: "
        "Format not recognised.",
    }


@pytest.mark.parametrize(
    ("count", "percent", "held_out"),
    [(1, 40, 0), (2, 1, 1), (2, 99, 1), (7, 40, 3), (10, 20, 2), (0, 40, 0)],
)
def test_ranks_leave_neither_side_empty(count: int, percent: int, held_out: int) -> None:
    keys = [f"key {number}" for number in range(count)]
    splits = splits_by_rank(keys, percent)
    assert list(splits.values()).count("eval") == held_out and set(splits) == set(keys)
    assert splits_by_rank(reversed(keys), percent) == splits
    more = splits_by_rank([*keys, "another"], percent)
    assert sum(more[key] != splits[key] for key in keys) <= 1


@pytest.mark.parametrize("module", ["sound.speech_reader", "sound.clip_reader"])
def test_readers_are_light(module: str) -> None:
    heavy = "{'tensorflow', 'tfx', 'apache_beam', 'keras', 'librosa', 'PIL'} & set(sys.modules)"
    code = f"import sys, components.example_gen.{module}; print(sorted({heavy}))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "[]"


def test_real_clips_as_they_are(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shared_data / "audio_style"
    assert CLIPS.matches(data)
    found = ingest(monkeypatch, ClipExampleGen, CLIPS, data, tmp_path, max_seconds=200.0)
    assert found.counts == {"examples": 7, "quarantined": 0, "set_aside": 0}
    assert len(found.train) == 4 and len(found.eval) == 3
    for example in found.all:
        seconds = soundfile.info(data / example["name"].decode()).duration
        assert len(example["pcm"]) / 2 / 16_000 == pytest.approx(seconds, abs=0.001)
