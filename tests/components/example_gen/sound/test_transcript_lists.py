"""Lists of recordings as people have them, from files to utterances."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from speech_corpora import LIST, NAMES, config_for, words, write_list
from speech_lists import assert_all, found, touch

from components.example_gen.sound.speech import Executor
from modules.common.runtime.errors import DataError


def test_common_voice(tmp_path: Path) -> None:
    touch(tmp_path, folder="clips")
    head = "client_id\tpath\tsentence_id\tsentence\tup_votes\tage"
    rows = [f"c{name[0]}\t{name}.mp3\tx{name}\t{words(name)}。\t2\t" for name in NAMES]
    write_list(tmp_path, "validated.tsv", [head, *rows])
    write_list(tmp_path, "invalidated.tsv", [head, *rows, "cX\tA_0.mp3\tx\t错的\t0\t"])
    durations = [f"{name}.mp3\t3000" for name in NAMES]
    write_list(tmp_path, "clip_durations.tsv", ["clip\tduration[ms]", *durations])
    utterances = assert_all(tmp_path)
    assert {name: item.speaker for name, item in utterances.items()} == {
        name: f"c{name[0]}" for name in NAMES
    }


@pytest.mark.parametrize("name", ["{}", "aishell_{}", "cv-valid-{}", "{}_list", ""])
def test_lists_of_splits_tell_the_split(tmp_path: Path, name: str) -> None:
    touch(tmp_path)
    for split, chosen in {"train": NAMES[:8], "dev": NAMES[8:12], "test": NAMES[12:]}.items():
        if name:
            rows = [f"wav/{name}.wav,1,{words(name)}" for name in chosen]
            rows = ["wav_filename,wav_filesize,transcript", *rows]
            write_list(tmp_path, f"{name.format(split)}.csv", rows)
        else:
            rows = [json.dumps({"audio_filepath": name, "text": words(name)}) for name in chosen]
            write_list(tmp_path / "manifests" / split, "manifest.json", rows)
    utterances = assert_all(tmp_path)
    splits = {name: utterance.splits for name, utterance in utterances.items()}
    assert {name for name in NAMES if splits[name] == ("eval",)} == set(NAMES[12:])


def test_a_list_for_training_alone_holds_speakers_out(tmp_path: Path) -> None:
    touch(tmp_path)
    write_list(tmp_path, "train.csv", [f"{name},{words(name)}" for name in NAMES])
    utterances = assert_all(tmp_path)
    assert {utterance.splits for utterance in utterances.values()} == {("train",), ("eval",)}


def write_kaldi(folder: Path, names: Sequence[str], path: str = "/corpus/wav/{}.wav") -> None:
    """Writes a folder of Kaldi's, with utterances called otherwise than their files."""
    write_list(folder, "wav.scp", [f"utt-{name} {path.format(name)}" for name in names])
    write_list(folder, "text", [f"utt-{name} {' '.join(words(name))}" for name in names])
    write_list(folder, "utt2spk", [f"utt-{name} {'xy'[name < 'C']}" for name in names])


def test_a_folder_of_kaldi(tmp_path: Path) -> None:
    touch(tmp_path)
    write_kaldi(tmp_path, NAMES)
    utterances = assert_all(tmp_path)
    assert {name: item.speaker for name, item in utterances.items()} == {
        name: "xy"[name < "C"] for name in NAMES
    }


def test_folders_of_kaldi_for_each_split(tmp_path: Path) -> None:
    touch(tmp_path)
    write_kaldi(tmp_path / "data" / "train", NAMES[:8], "wav/{}.wav")
    write_kaldi(tmp_path / "data" / "test", NAMES[8:], "wav/{}.wav")
    utterances = assert_all(tmp_path)
    splits = {name: utterance.splits for name, utterance in utterances.items()}
    assert {name for name in NAMES if splits[name] == ("eval",)} == set(NAMES[8:])


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("segments", ["utt-A_0 utt-A_0 0.0 1.5"], "segments in .* parts of recordings.* cut them"),
        ("wav.scp", ["utt-A_0 sox wav/A_0.wav -t wav - |"], "commands, such as 'sox .*not run"),
    ],
)
def test_what_kaldi_would_cut_or_run_is_refused(
    tmp_path: Path, name: str, rows: list[str], said: str
) -> None:
    touch(tmp_path)
    write_kaldi(tmp_path, NAMES)
    write_list(tmp_path, name, rows)
    with pytest.raises(DataError, match=said):
        found(tmp_path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([f"{name}\t{name[0]}\t{words(name)}" for name in NAMES], r"list.tsv .* is not clear: it"),
        ([f"{name}\tjin1 tian1" for name in NAMES], "20 of 20 transcripts .* few hanzi: 'jin"),
        ([f"{name}\t385700" for name in NAMES], "few hanzi: '385700' for A_0, .* another column?"),
        (["id\tlen", *(f"{name}\t{words(name)}" for name in NAMES)], "no column is known as"),
        (
            ["id\ttext\tspeaker", *(f"{n}\t{words(n)}\t他在学校读书{n}" for n in NAMES)],
            "a speaker of its own, and they look like no names: '他在学校读书A_0'",
        ),
        (
            ["id\ttext\tspeaker", *(f"{n}\t{words(n)}\t{i}.5" for i, n in enumerate(NAMES))],
            "a speaker of its own, and they look like no names: '0.5' for",
        ),
    ],
)  # fmt: skip
def test_what_is_of_the_wrong_column_is_an_error(
    tmp_path: Path, rows: list[str], said: str
) -> None:
    touch(tmp_path)
    write_list(tmp_path, "list.tsv", rows)
    with pytest.raises(DataError, match=said):
        found(tmp_path)


def test_a_list_that_is_not_clear_is_not_replaced_by_a_smaller_one(tmp_path: Path) -> None:
    touch(tmp_path)
    rows = [f"{name}\t{name[0]}\t{words(name)}" for name in NAMES]
    write_list(tmp_path, "all.tsv", rows)
    write_list(tmp_path, "few.tsv", ["A_0\t错", "B_0\t错"])
    with pytest.raises(DataError, match="all.tsv .* is not clear: it has 3 columns"):
        found(tmp_path)
    write_list(tmp_path, "whole.tsv", [f"{name}\t{words(name)}" for name in NAMES])
    assert_all(tmp_path)


def test_lists_that_say_different_things_are_refused(tmp_path: Path) -> None:
    touch(tmp_path)
    write_list(tmp_path, "a.csv", [f"{name}\t{words(name)}" for name in NAMES])
    write_list(tmp_path, "b.csv", [f"{name}\t{' '.join(words(name))}" for name in NAMES])
    assert_all(tmp_path)
    write_list(tmp_path, "b.csv", [f"{name}\t错" for name in NAMES])
    with pytest.raises(DataError, match="a.csv and b.csv .* name as many recordings, but say"):
        found(tmp_path)
    utterances, _ = found(tmp_path / "b.csv")
    assert Counter(item.text for item in utterances.values()) == {"错": 20}


def test_recordings_of_every_kind_are_no_lists(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    kinds = ("opus", "AIFF", "wave", "mp3")
    for name, kind in zip(NAMES, kinds * 5, strict=True):
        (tmp_path / "wav" / f"{name}.{kind}").write_bytes(b"\0\xff")
    rows = [f"{name}.{kind}\t{words(name)}" for name, kind in zip(NAMES, kinds * 5, strict=True)]
    write_list(tmp_path, "list.tsv", rows)
    assert_all(tmp_path)


def test_a_person_is_told_that_nothing_tells_speakers(tmp_path: Path) -> None:
    names = [f"{number:04}" for number in range(20)]
    touch(tmp_path, names)
    write_list(tmp_path, "list.tsv", [f"{name}\t今天" for name in names])
    utterances, _ = found(tmp_path)
    [note] = Executor.notes(list(utterances.values()), config_for(LIST, tmp_path))
    assert note.startswith("each of the 20 recordings counts as a speaker of its own")
    write_list(tmp_path, "list.tsv", [f"{name}\t今天\tS{name[-1]}x" for name in names])
    utterances, _ = found(tmp_path)
    assert not Executor.notes(list(utterances.values()), config_for(LIST, tmp_path))


def test_lines_in_another_encoding_are_quarantined(tmp_path: Path) -> None:
    touch(tmp_path)
    lines = [f"{name}\t{words(name)}\n".encode() for name in NAMES[1:]]
    (tmp_path / "list.tsv").write_bytes(b"".join([f"A_0\t{words('A_0')}\n".encode("gbk"), *lines]))
    utterances, rejects = found(tmp_path)
    assert len(utterances) == 19
    [reason] = [reject.reason for reject in rejects if reject.where == "line 1"]
    assert reason.startswith("expected UTF-8, which the file is in, found other bytes")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "gb18030"])
def test_lists_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    touch(tmp_path)
    rows = [f"{name},{words(name)}" for name in NAMES]
    write_list(tmp_path, "list.csv", ["path,text", *rows], encoding)
    assert_all(tmp_path)


def test_a_workbook_called_a_list(tmp_path: Path) -> None:
    touch(tmp_path)
    (tmp_path / "list.csv").write_bytes(b"PK\x03\x04[Content_Types].xml xl/workbook.xml")
    with pytest.raises(DataError, match="list.csv .* is not clear: expected a list as text"):
        found(tmp_path)


def test_aishell_2(tmp_path: Path) -> None:
    touch(tmp_path, folder="wav/C0001")
    write_list(tmp_path, "wav.scp", [f"I{name}\twav/C0001/{name}.wav" for name in NAMES])
    write_list(tmp_path, "trans.txt", [f"I{name}\t{words(name)}" for name in NAMES])
    assert_all(tmp_path)


def test_what_the_readers_of_common_voice_did_not_confirm_is_set_aside(tmp_path: Path) -> None:
    touch(tmp_path, folder="clips")
    head = "client_id\tpath\tsentence"
    rows = [f"c{name[0]}\t{name}.mp3\t{words(name)}" for name in NAMES]
    write_list(tmp_path, "validated.tsv", [head, *rows[:8]])
    write_list(tmp_path, "other.tsv", [head, *rows[8:]])
    utterances, rejects = found(tmp_path)
    assert set(utterances) == set(NAMES[:8])
    assert {(reject.kind, reject.reason) for reject in rejects} == {
        ("set aside", "not used: other.tsv names it, which is not read")
    }
    assert len(rejects) == 12
