"""Folders of recordings, one for each class: who speaks, and which side each goes to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from components.example_gen.read_config import ReadConfig
from components.example_gen.sound.audio_folder import Executor, Voice
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import DataError

_TASK = load_task("voice_gender")
_SOURCE = _TASK.sources[1]


def config_for(data: Path) -> ReadConfig:
    """What the reader is told."""
    return ReadConfig(
        task_name="voice_gender",
        source=_SOURCE,
        settings=tell(_TASK.settings(), DATA),
        data_dir=str(data),
    )


def touch(data: Path, names: Sequence[str]) -> None:
    """Makes recordings that nobody decodes."""
    for name in names:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()


def items_of(data: Path) -> list[Voice]:
    """What would be read."""
    return Executor.items(config_for(data), _SOURCE.patterns)


def sides(data: Path) -> dict[str, set[str]]:
    """The sides of each class; no speaker may be on both."""
    found: dict[str, set[str]] = {}
    split_of: dict[str, str] = {}
    for voice in items_of(data):
        relative = str(Path(voice.path).relative_to(data))
        assert split_of.setdefault(_SOURCE.key(relative), voice.split) == voice.split
        found.setdefault(relative.split("/")[0], set()).add(voice.split)
    return found


@pytest.mark.parametrize("speakers", [2, 3, 5, 30])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pattern", ["{}/{}{}_{}.wav", "{}/{}{}-{}.WAV", "{}/{}{}/{}.opus"])
def test_each_class_is_on_both_sides(
    tmp_path: Path, speakers: int, seed: int, pattern: str
) -> None:
    touch(
        tmp_path,
        [
            pattern.format(label, f"s{seed}", speaker, number)
            for label in ("female", "male")
            for speaker in range(speakers)
            for number in range(2)
        ],
    )
    assert sides(tmp_path) == {"female": {"train", "eval"}, "male": {"train", "eval"}}
    assert len(items_of(tmp_path)) == 4 * speakers


@pytest.mark.parametrize("name", ["{0}_{1:03}.wav", "sample-{1:06}.mp3", "20240101_{1}.wav"])
def test_names_that_begin_alike_tell_no_speakers(tmp_path: Path, name: str) -> None:
    touch(tmp_path, [f"{c}/{name.format(c, n)}" for c in ("female", "male") for n in range(20)])
    with pytest.raises(DataError, match="their names begin alike and tell none") as was:
        items_of(tmp_path)
    assert "20 in female/ (speaker " in str(was.value) and "20 in male/ (" in str(was.value)
    assert "female/anna/01.wav" in str(was.value) and "female/anna_01.wav" in str(was.value)


def test_one_speaker_in_one_class(tmp_path: Path) -> None:
    touch(tmp_path, [f"female/s{number}_1.wav" for number in range(9)])
    touch(tmp_path, ["male/bert_1.wav", "male/bert_2.wav"])
    with pytest.raises(DataError, match=r"none: 2 in male/ \(speaker bert\), in"):
        items_of(tmp_path)
    touch(tmp_path, ["male/carl_1.wav"])
    assert sides(tmp_path)["male"] == {"train", "eval"}


def test_a_class_without_recordings(tmp_path: Path) -> None:
    touch(tmp_path, ["female/a_1.wav", "female/b_1.wav"])
    with pytest.raises(DataError, match="has no recordings in male/; expected folders female/"):
        items_of(tmp_path)


def test_a_person_is_told_that_names_tell_no_speakers(tmp_path: Path) -> None:
    touch(tmp_path, [f"{c}/{number}.wav" for c in ("female", "male") for number in range(20)])
    [note] = Executor.notes(items_of(tmp_path), config_for(tmp_path))
    assert note.startswith("each of the 40 recordings counts as a speaker of its own")
    touch(tmp_path, ["male/a_1.wav", "male/a_2.wav"])
    assert not Executor.notes(items_of(tmp_path), config_for(tmp_path))
