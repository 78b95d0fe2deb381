"""Files that a reader passes over: counted by ending for every kind of data."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from components.example_gen import passed_over
from components.example_gen.read_config import ReadConfig
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.reading.data_files import find_files
from modules.common.runtime.errors import DataError
from modules.common.sound.sound_files import read_sound


def find(task_name: str, place: int, data: Path, *names: str) -> tuple[list[str], dict[str, int]]:
    """Gives what a task's source reads of such files, and what it passes over."""
    for name in names:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(b"x")
    task = load_task(task_name)
    source = task.sources[place]
    config = ReadConfig(
        task_name=task_name,
        source=source,
        settings=tell(task.settings(), DATA),
        data_dir=str(data),
    )
    read = [config.relative(path) for path in find_files(str(data), source.patterns)]
    return read, passed_over.find(config, source.patterns)


@pytest.mark.parametrize(
    ("task_name", "place", "read", "passed", "counted"),
    [
        ("name_gender", 0, "a.csv B.CSV c.Csv", "d.xlsx e.TXT old/f.csv",
         {".xlsx": 1, ".txt": 1, ".csv in other folders": 1}),
        ("voice_gender", 0, "voice.CSV", "notes.md", {".md": 1}),
        ("voice_gender", 1, "female/a.wav female/b.AIFF male/c.Opus male/d.MP3",
         "female/e.m4a female/f.txt Thumbs.db male/._c.wav", {".m4a": 1, ".txt": 1}),
        ("audio_style_transfer", 0, "a.wav b/c.OGA b/d.aif", "b/e.wma", {".wma": 1}),
        ("music_rbm", 0, "a.mid b/c.MIDI b/d.kar b/E.KAR f.smf", "b/g.mscz __MACOSX/b/._c.mid",
         {".mscz": 1}),
        ("seq2seq_chatbot", 0, "a.conv B.CONV", "c.doc d", {".doc": 1, "without an ending": 1}),
    ],
)  # fmt: skip
def test_every_reader_counts(
    tmp_path: Path, task_name: str, place: int, read: str, passed: str, counted: dict[str, int]
) -> None:
    found, counts = find(task_name, place, tmp_path, *read.split(), *passed.split())
    assert sorted(found) == sorted(read.split())
    assert counts == counted


@pytest.mark.parametrize(
    ("task_name", "place", "names", "said"),
    [
        ("voice_gender", 1, "female/a.wav male/b.m4a male/c.m4a", r"'male' \(2 .m4a\)"),
        ("audio_style_transfer", 0, "a/b.wav c/d.wma", r"'c' \(1 .wma\)"),
        ("music_rbm", 0, "a/b.mid c/d.mscz c/e.pdf", r"'c' \(1 .mscz, 1 .pdf\)"),
    ],
)
def test_a_folder_that_gives_nothing_is_an_error(
    tmp_path: Path, task_name: str, place: int, names: str, said: str
) -> None:
    with pytest.raises(DataError, match=f"nothing can be read in folder {said}"):
        find(task_name, place, tmp_path, *names.split())


def test_a_named_file_is_no_other_in_other_letters(tmp_path: Path) -> None:
    for name in ("names.csv", "NAMES.CSV", "a[*].csv", "A[*].csv"):
        (tmp_path / name).write_bytes(b"")
    assert [Path(path).name for path in find_files(str(tmp_path), ["names.csv"])] == ["names.csv"]
    assert [Path(path).name for path in find_files(str(tmp_path), ["a[[][*]].csv"])] == ["a[*].csv"]


@pytest.mark.parametrize("kind", ["AIFF", "AU", "CAF", "W64", "RF64"])
def test_other_kinds_of_sound_are_read_and_refused_where_cut_off(kind: str) -> None:
    samples = np.random.default_rng(0).normal(size=20_000).astype(np.float32) / 10
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format=kind, subtype="PCM_16")
    contents = file.getvalue()
    read, rate_hz = read_sound(contents)
    assert rate_hz == 16_000
    np.testing.assert_allclose(read, samples, atol=1 / 32_000)
    for share in (0.5, 0.95):
        with pytest.raises(ValueError, match="cut off"):
            read_sound(contents[: int(len(contents) * share)])
