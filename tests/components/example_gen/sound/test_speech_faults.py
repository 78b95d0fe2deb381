"""Recordings and transcripts that are not used, with their reasons, and TFX's fingerprints."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from speech_corpora import (
    LIST,
    NAMES,
    RATE_HZ,
    SIDE,
    WORDS,
    config_for,
    ingest,
    read_folder,
    sound_task,
    texts,
    tone,
    words,
    write_list,
    write_side_files,
    write_sound,
    write_word_files,
)
from tfx.components.example_gen.driver import FileBasedDriver
from tfx.orchestration import data_types

from components.example_gen.records import Record, Reject
from components.example_gen.sound.speech import Executor, SpeechExampleGen
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.sound.sources import SpeechSource
from pipelines.data import locate
from pipelines.environment import Environment


def write_faults(data: Path) -> None:
    """Twenty good recordings, and one of each fault."""
    write_side_files(data, NAMES)
    folder = data / "data"
    samples = tone()
    write_sound(folder / "A_91.wav", samples)
    os.truncate(folder / "A_91.wav", 8_000)
    write_sound(folder / "A_92.flac", tone(2.0))
    os.truncate(folder / "A_92.flac", (folder / "A_92.flac").stat().st_size // 2)
    write_sound(folder / "A_93.mp3", tone(2.0))
    os.truncate(folder / "A_93.mp3", (folder / "A_93.mp3").stat().st_size // 2)
    write_sound(folder / "A_94.ogg", tone(2.0))
    os.truncate(folder / "A_94.ogg", (folder / "A_94.ogg").stat().st_size - 9)
    write_sound(folder / "A_95.wav", np.zeros(RATE_HZ))
    write_sound(folder / "A_96.wav", np.stack([samples, -samples], axis=1))
    write_sound(folder / "A_97.wav", tone(2.5))
    write_sound(folder / "A_98.wav", tone(0.05))
    write_sound(folder / "A_99.wav", np.zeros(0))
    (folder / "A_89.wav").write_text("no sound, a text")
    (folder / "A_88.wav").write_bytes(b"")
    write_sound(folder / "A_87.wav")
    write_sound(folder / "A_86.wav")
    write_sound(folder / "A_85.wav")
    for path in folder.glob("A_[89]?.*"):
        path.with_name(f"{path.name}.trn").write_text("绿 是\n")
    (folder / "A_87.wav.trn").unlink()
    (folder / "A_86.wav.trn").write_text(" ，。\n")
    (folder / "A_85.wav.trn").write_text("привет\n")
    (folder / "A_84.wav.trn").write_text("绿 是\n")


REASONS = {
    "data/A_91.wav": "the WAV file is cut off: its header declares 16,000 bytes of samples, "
    "7,956 follow",
    "data/A_92.flac": "the recording is cut off or damaged: its header declares 32,000 samples,",
    "data/A_93.mp3": "the recording is cut off or damaged: its header declares 32,000 samples,",
    "data/A_94.ogg": "the Ogg file is cut off within its page",
    "data/A_95.wav": "the recording is silent: mixed to mono, its peak is below -80 dBFS",
    "data/A_96.wav": "the recording is silent",
    "data/A_97.wav": "the recording lasts 2.5 s, more than the 2 s that are read",
    "data/A_98.wav": "the recording lasts 0.050 s, less than 0.1 s",
    "data/A_99.wav": "the recording holds no samples",
    "data/A_89.wav": "expected wav, flac, ogg or mp3, found what does not decode",
    "data/A_88.wav": "the file is empty",
    "data/A_87.wav": "the recording has no transcript",
    "data/A_86.wav.trn": "the transcript holds no hanzi, digits or Latin letters",
    "data/A_85.wav.trn": "expected hanzi, digits and Latin letters in the transcript, found 'п'",
    "data/A_84.wav.trn": "there is no recording for 'data/A_84.wav'",
}


def test_every_fault_is_quarantined_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_faults(tmp_path / "data")
    found = ingest(
        monkeypatch, SpeechExampleGen, SIDE, tmp_path / "data", tmp_path, max_seconds=2.0
    )
    assert found.counts == {"examples": 20, "quarantined": len(REASONS), "set_aside": 0}
    assert found.rejects.keys() == REASONS.keys()
    for place, reason in REASONS.items():
        assert reason in found.rejects[place]
    assert found.values("speaker", "train").isdisjoint(found.values("speaker", "eval"))
    assert found.values("text") == {words(name) for name in NAMES}


def test_small_files_are_set_aside(tmp_path: Path) -> None:
    write_side_files(tmp_path, NAMES)
    write_sound(tmp_path / "data" / "B_9.wav", tone(0.2))
    (tmp_path / "data" / "B_9.wav.trn").write_text("绿\n")
    records, rejects = read_folder(SIDE, tmp_path, min_file_bytes=16_000)
    assert len(records["train"]) + len(records["eval"]) == 20
    [(path, reject)] = rejects.items()
    assert (path, reject.kind) == ("data/B_9.wav", "set aside")
    assert reject.reason == "6,444 bytes, fewer than min_file_bytes=16000"


def test_rows_that_contradict_or_repeat_others(tmp_path: Path) -> None:
    for name in ("A_1", "B_1", "s/C_1", "t/C_1"):
        write_sound(tmp_path / f"{name}.wav")
    rows = ["A_1 一", "B_1 二", "B_1 二", "A_1.wav 三", "C_1 四", "s/C_1 五", "t/C_1 六", "D_1 七"]
    write_list(tmp_path, "text", rows)
    records, rejects = read_folder(LIST, tmp_path)
    assert texts([*records["train"], *records["eval"]]) == set("一二五六")
    assert {(place, reject.reason, reject.kind) for place, reject in rejects.items()} == {
        ("text line 3", "B_1.wav has the same transcript in text line 2", "set aside"),
        ("text line 4", "A_1.wav has another transcript in text line 1", "bad"),
        ("text line 5", "'C_1' names several recordings: s/C_1.wav, t/C_1.wav", "bad"),
        ("text line 8", "there is no recording for 'D_1'", "bad"),
    }


def test_a_file_that_is_gone_is_quarantined(tmp_path: Path) -> None:
    write_side_files(tmp_path, NAMES)
    config = config_for(SIDE, tmp_path)
    items = Executor.items(config, SIDE.patterns)
    (tmp_path / "data" / "A_0.wav").unlink()
    rejects = [
        result
        for item in items
        for result in Executor.reader(item, config)
        if not isinstance(result, Record)
    ]
    assert [reject.reason for reject in rejects] == [
        "the file cannot be read: No such file or directory"
    ]


def fingerprinter(source: SpeechSource, data: Path, patterns: tuple[str, ...]) -> Callable[[], str]:
    """Gives what tells the fingerprint that TFX's driver takes of a folder."""
    task = sound_task(source)
    told = tell(task.settings(), DATA)
    component = SpeechExampleGen(task, source, str(data), told, "digest", patterns)
    info = data_types.ComponentInfo("", "", data_types.PipelineInfo("", ""))

    def fingerprint() -> str:
        resolved = FileBasedDriver(None).resolve_exec_properties(
            dict(component.exec_properties), info.pipeline_info, info
        )
        return str(resolved["input_fingerprint"])

    return fingerprint


@pytest.mark.parametrize("source", [WORDS, SIDE, LIST])
def test_tfx_notices_changed_transcripts_and_recordings(
    tmp_path: Path, source: SpeechSource
) -> None:
    write_word_files(tmp_path, {"train": NAMES[:8]})
    write_side_files(tmp_path, NAMES[:8])
    write_list(tmp_path, "text", [f"{name} 字" for name in NAMES[:8]])
    fingerprint = fingerprinter(source, tmp_path, source.patterns)
    seen = [fingerprint()]
    assert fingerprint() == seen[0]
    transcript, recording = {
        "lines": ("doc/trans/train.word.txt", "wav/train/A_0.wav"),
        "beside": ("data/A_0.wav.trn", "data/A_0.wav"),
        "list": ("text", "wav/train/A_0.wav"),
    }[source.arrangement]
    for name in (transcript, recording):
        os.utime(tmp_path / name, (1, 1))
        seen.append(fingerprint())
    assert len(set(seen)) == 3


def test_the_recordings_of_a_list_that_a_person_named_are_part_of_the_data(
    tmp_path: Path,
) -> None:
    for name in NAMES:
        write_sound(tmp_path / "wav" / f"{name}.wav")
    for file in ("a.csv", "b.csv"):
        write_list(tmp_path, file, [f"{name}\t字" for name in NAMES])
    found = locate(
        load_task("chinese_asr"),
        str(tmp_path / "b.csv"),
        Environment(name="local", root=str(tmp_path)),
        {},
    )
    fingerprint = fingerprinter(LIST, tmp_path, found.patterns)
    seen = [fingerprint()]
    for name in ("wav/A_0.wav", "b.csv"):
        os.utime(tmp_path / name, (1, 1))
        seen.append(fingerprint())
    assert len(set(seen)) == 3
    os.utime(tmp_path / "a.csv", (1, 1))
    assert fingerprint() == seen[-1]
    items = Executor.items(config_for(LIST, tmp_path), found.patterns)
    assert len(items) == 20 and not any(isinstance(item, Reject) for item in items)


def test_many_recordings_are_read_in_light_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    names = [f"{speaker}_{number}" for speaker in "ABCDE" for number in range(41)]
    write_side_files(data, names)
    found = ingest(monkeypatch, SpeechExampleGen, SIDE, data, tmp_path)
    assert found.counts == {"examples": 205, "quarantined": 0, "set_aside": 0}
    assert found.values("text") == {words(name) for name in names}
