"""A file with the transcript beside each recording, and texts that are garbled."""

from __future__ import annotations

from pathlib import Path

import pytest
from speech_corpora import LIST, NAMES, config_for, words, write_list
from speech_lists import assert_all, found, touch

from components.example_gen.records import Reject
from components.example_gen.sound.speech import Executor
from components.example_gen.sound.speech_reader import Utterance
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError
from pipelines.data import locate
from pipelines.environment import Environment


@pytest.mark.parametrize("ending", [".txt", ".trn", ".TXT", ".wav.txt", ".wav.trn", ".WAV.TRN"])
@pytest.mark.parametrize("folder", ["", "corpus/train/G1"])
def test_a_file_beside_each_recording(tmp_path: Path, ending: str, folder: str) -> None:
    touch(tmp_path, folder=folder)
    if ending.isupper() and "WAV" in ending:
        for name in NAMES:
            (tmp_path / folder / f"{name}.wav").rename(tmp_path / folder / f"{name}.WAV")
    for name in NAMES:
        (tmp_path / folder / f"{name}{ending}").write_text(f"\ufeff{words(name)}\njia3 yi1\n")
    (tmp_path / "README.txt").write_text("今天的说明\n")
    assert_all(tmp_path)


def test_the_name_of_a_recording_before_the_words_beside_it_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path)
    for name, mark in zip(NAMES, " \t" * 10, strict=True):
        (tmp_path / "wav" / f"{name}.txt").write_text(f"{name}.wav{mark}{words(name)}\n")
    assert_all(tmp_path)


def test_several_lines_of_words_beside_a_recording_are_no_transcript(tmp_path: Path) -> None:
    touch(tmp_path)
    for name in NAMES:
        (tmp_path / "wav" / f"{name}.txt").write_text(f"{words(name)}\n")
    (tmp_path / "wav" / "A_0.txt").write_text("今天\n天气好\n")
    utterances, rejects = found(tmp_path)
    assert len(utterances) == 19
    assert {(reject.path, reject.reason) for reject in rejects} == {
        ("wav/A_0.txt", "expected the words in one line, found 2 lines of text"),
        ("wav/A_0.wav", "the recording has no transcript"),
    }


@pytest.mark.parametrize("taken_for", ["iso-8859-1", "cp1252", "gbk"])
@pytest.mark.parametrize("is_beside", [True, False])
def test_garbled_texts_are_quarantined(tmp_path: Path, taken_for: str, is_beside: bool) -> None:
    touch(tmp_path)
    garbled = "今天天气很好".encode().decode(taken_for, errors="replace")
    texts = {name: words(name) for name in NAMES} | {"A_0": garbled}
    if is_beside:
        for name, text in texts.items():
            (tmp_path / "wav" / f"{name}.txt").write_text(text)
    else:
        rows = [f"{name},{text}" for name, text in texts.items()]
        write_list(tmp_path, "list.csv", ["path,text", *rows])
    utterances, rejects = found(tmp_path)
    assert len(utterances) == 19 and "A_0" not in utterances
    places = {reject.path: reject.reason for reject in rejects}
    reason = places["wav/A_0.txt" if is_beside else "list.csv"]
    assert "taken for" in reason or "found other bytes" in reason


def test_a_list_names_what_lies_beside_it_first(tmp_path: Path) -> None:
    """Hugging Face's folders of sound: the same names in each split."""
    for split, name in (("train", "A_1"), ("train", "B_2"), ("test", "A_1"), ("test", "C_2")):
        touch(tmp_path, [name], split)
    write_list(tmp_path / "train", "metadata.csv", ["file_name,text", "A_1.wav,甲", "B_2.wav,乙"])
    write_list(tmp_path / "test", "metadata.csv", ["text,file_name", "丙,A_1.wav", "丁,C_2.wav"])
    location = locate(
        load_task("chinese_asr"), str(tmp_path), Environment(name="local", root=""), {}
    )
    items = Executor.items(config_for(LIST, tmp_path), location.patterns)
    assert {item.path: item.text for item in items if isinstance(item, Utterance)} == {
        "train/B_2.wav": "乙",
        "test/A_1.wav": "丙",
        "test/C_2.wav": "丁",
    }
    [reject] = [item for item in items if isinstance(item, Reject)]
    assert (reject.path, reject.kind) == ("train/A_1.wav", "set aside")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0.00 2.50 {}", r"\.txt, in .* is not clear: it has 3 columns.*: 0.00 \| 2.50 \| 甲〇"),
        ("S1 {}", r"\.txt, in .* is not clear: it has 2 columns"),
    ],
)
def test_columns_in_the_files_beside_recordings(tmp_path: Path, line: str, said: str) -> None:
    touch(tmp_path)
    for name in NAMES:
        (tmp_path / "wav" / f"{name}.txt").write_text(line.format(words(name)))
    with pytest.raises(DataError, match=said):
        found(tmp_path)


def test_tabs_in_the_files_beside_recordings(tmp_path: Path) -> None:
    touch(tmp_path)
    for name in NAMES:
        (tmp_path / "wav" / f"{name}.txt").write_text(f"[0.0,2.5]\tG1\t{words(name)}\n")
    utterances, rejects = found(tmp_path)
    assert not utterances
    reasons = {reject.path: reject.reason for reject in rejects}
    said = "expected the words alone, found columns: [0.0,2.5] | G1 | 甲〇"
    assert reasons["wav/A_0.txt"] == said


def test_phonemes_beside_the_words_are_not_read(tmp_path: Path) -> None:
    touch(tmp_path)
    for name in NAMES:
        (tmp_path / "wav" / f"{name}.txt").write_text(words(name))
        (tmp_path / "wav" / f"{name}.lab").write_text("jia3 yi1")
    assert_all(tmp_path)
