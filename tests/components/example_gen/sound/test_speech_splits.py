"""Which utterances are trained on and which evaluated on, and errors where a side is empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from speech_corpora import (
    LIST,
    NAMES,
    SIDE,
    WORDS,
    config_for,
    read_folder,
    texts,
    words,
    write_list,
    write_side_files,
    write_sound,
    write_word_files,
)

from components.example_gen.sound.speech import Executor
from modules.common.runtime.errors import DataError


@pytest.mark.parametrize("count", [2, 3, 5, 40])
@pytest.mark.parametrize("seed", range(5))
def test_neither_side_is_empty_and_no_speaker_is_on_both(
    tmp_path: Path, count: int, seed: int
) -> None:
    names = [f"{seed}{number}_{n}" for number in range(count) for n in range(2)]
    write_side_files(tmp_path, names)
    config = config_for(SIDE, tmp_path)
    items = Executor.items(config, SIDE.patterns)
    split_of = {item.speaker: item.splits for item in items}
    assert all(split_of[item.speaker] == item.splits for item in items)
    held_out = sum(splits == ("eval",) for splits in split_of.values())
    assert len(split_of) == count and held_out == max(1, round(0.2 * count))
    assert Executor.items(config, SIDE.patterns) == items


def test_training_data_may_be_evaluated_on(tmp_path: Path) -> None:
    write_word_files(tmp_path, {"train": NAMES[:8], "test": NAMES[8:12]})
    records, rejects = read_folder(WORDS, tmp_path, eval_on="train")
    assert texts(records["train"]) == texts(records["eval"]) == {words(n) for n in NAMES[:8]}
    assert {reject.reason for reject in rejects.values()} == {
        "not used: eval_on=train evaluates on what is trained on"
    }
    assert len(rejects) == 4


@pytest.mark.parametrize(
    ("folders", "settings", "said"),
    [
        ({"train": NAMES[:4]}, {}, r"recordings with a transcript \(4\) are of one speaker, A,"),
        ({"train": NAMES[:8], "dev": ["A_9", "B_9"]}, {"eval_folder": "dev"}, "left to train on"),
        ({"test": NAMES[:8]}, {}, "nothing is left to train on: the folder test/ has all"),
        ({"test": NAMES[:8]}, {"eval_on": "train"}, "nothing is left to train on"),
    ],
)
def test_a_split_that_would_be_empty_is_an_error(
    tmp_path: Path, folders: dict[str, list[str]], settings: dict[str, str], said: str
) -> None:
    write_word_files(tmp_path, folders)
    with pytest.raises(DataError, match=said):
        read_folder(WORDS, tmp_path, **settings)


def test_a_test_folder_without_transcripts_is_an_error(tmp_path: Path) -> None:
    write_word_files(tmp_path, {"train": NAMES[:8], "test": NAMES[8:12]})
    (tmp_path / "doc" / "trans" / "test.word.txt").unlink()
    with pytest.raises(DataError, match="nothing is left to evaluate on: the folder test/ has no"):
        read_folder(WORDS, tmp_path)


def test_lists_that_name_no_recording_are_an_error(tmp_path: Path) -> None:
    write_sound(tmp_path / "A_1.wav")
    write_list(tmp_path, "notes.txt", ["this is no list"])
    with pytest.raises(DataError, match=r"none of notes.txt in .* names a recording of it"):
        read_folder(LIST, tmp_path)


def test_a_person_may_name_the_list(tmp_path: Path) -> None:
    for name in NAMES:
        write_sound(tmp_path / f"{name}.wav")
    for file, text in (("a.csv", "甲"), ("b.csv", "乙")):
        write_list(tmp_path, file, [f"{name}\t{text}" for name in NAMES])
    config = config_for(LIST, tmp_path)
    for file, text in (("a.csv", "甲"), ("b.csv", "乙")):
        items = Executor.items(config, [file])
        assert {item.text for item in items} == {text} and len(items) == 20
