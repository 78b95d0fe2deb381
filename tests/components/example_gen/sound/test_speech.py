"""Layouts of speech with transcripts, and what its recordings become."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from speech_corpora import (
    LIST,
    NAMES,
    RATE_HZ,
    SIDE,
    WORDS,
    read_folder,
    speakers,
    texts,
    tone,
    words,
    write_list,
    write_side_files,
    write_sound,
    write_word_files,
)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("nested", [False, True])
def test_word_files_with_split_folders(tmp_path: Path, kind: str, nested: bool) -> None:
    folders = {"train": NAMES[:8], "cv": NAMES[8:12], "dev": NAMES[12:16], "test": NAMES[16:]}
    write_word_files(tmp_path, folders, kind, nested)
    records, rejects = read_folder(WORDS, tmp_path)
    assert not rejects and WORDS.matches(tmp_path)
    assert speakers(records, "train") == set("ABCD") and speakers(records, "eval") == {"E"}
    assert texts(records["train"]) == {words(name) for name in NAMES[:16]}
    for record in [*records["train"], *records["eval"]]:
        assert abs(len(record.features["pcm"]) / 2 - 0.5 * RATE_HZ) <= 2
        assert record.features["text_length"] == "1-5"


def test_another_folder_may_be_evaluated_on(tmp_path: Path) -> None:
    write_word_files(tmp_path, {"train": NAMES[:8], "cv": NAMES[8:12], "test": NAMES[12:]})
    records, rejects = read_folder(WORDS, tmp_path, eval_folder="cv")
    assert speakers(records, "train") == set("AB") and speakers(records, "eval") == {"C"}
    assert {reject.reason for reject in rejects.values()} == {
        "test/ is not used: the evaluation is on cv/"
    }
    assert {reject.kind for reject in rejects.values()} == {"set aside"} and len(rejects) == 8


def test_a_speaker_in_both_folders_is_evaluated_on_only(tmp_path: Path) -> None:
    write_word_files(tmp_path, {"train": NAMES[:8], "test": ["B_8", "C_8"]})
    records, rejects = read_folder(WORDS, tmp_path)
    assert speakers(records, "train") == {"A"} and speakers(records, "eval") == set("BC")
    assert {(path, reject.reason, reject.kind) for path, reject in rejects.items()} == {
        (f"wav/train/B_{number}.wav", "its speaker, B, is one of those evaluated on", "set aside")
        for number in range(4)
    }


def test_where_names_do_not_tell_speakers_folders_decide(tmp_path: Path) -> None:
    write_word_files(tmp_path, {"train": ["A_1", "A_2"], "test": ["A_3"]})
    records, rejects = read_folder(WORDS, tmp_path)
    assert len(records["train"]) == 2 and len(records["eval"]) == 1 and not rejects


def test_without_a_test_folder_speakers_are_held_out(tmp_path: Path) -> None:
    write_word_files(tmp_path, {"train": NAMES})
    records, rejects = read_folder(WORDS, tmp_path)
    train, held_out = speakers(records, "train"), speakers(records, "eval")
    assert train | held_out == set("ABCDE") and train.isdisjoint(held_out)
    assert len(held_out) == 1 and not rejects


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_side_files(tmp_path: Path, kind: str) -> None:
    write_side_files(tmp_path, NAMES, kind)
    records, rejects = read_folder(SIDE, tmp_path)
    train, held_out = speakers(records, "train"), speakers(records, "eval")
    assert train | held_out == set("ABCDE") and len(held_out) == 1 and not rejects
    assert texts([*records["train"], *records["eval"]]) == {words(name) for name in NAMES}
    assert SIDE.matches(tmp_path) and not WORDS.matches(tmp_path)


def test_side_files_with_folders_of_links(tmp_path: Path) -> None:
    write_side_files(tmp_path, NAMES)
    for folder, chosen in {"train": NAMES[:8], "dev": NAMES[8:12], "test": NAMES[12:]}.items():
        (tmp_path / folder).mkdir()
        for name in chosen:
            (tmp_path / folder / f"{name}.wav").symlink_to(f"../data/{name}.wav")
            (tmp_path / folder / f"{name}.wav.trn").write_text(f"../data/{name}.wav.trn\n")
    records, rejects = read_folder(SIDE, tmp_path)
    assert speakers(records, "train") == set("ABC") and speakers(records, "eval") == set("DE")
    assert not rejects


@pytest.mark.parametrize(
    ("name", "mark"), [("list.csv", ","), ("text", " "), ("a.tsv", "\t"), ("b.txt", "   ")]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_of_two_columns(tmp_path: Path, name: str, mark: str, encoding: str) -> None:
    for number, recording in enumerate(NAMES):
        folder = tmp_path / ("", "wav", "wav/deep")[number % 3]
        write_sound(folder / f"{recording}.{('wav', 'flac')[number % 2]}")
    rows = [f"{recording}{mark}{words(recording)}" for recording in NAMES]
    write_list(tmp_path, name, [f"path{mark}text", *rows], encoding)
    records, rejects = read_folder(LIST, tmp_path)
    assert texts([*records["train"], *records["eval"]]) == {words(name) for name in NAMES}
    assert speakers(records, "train").isdisjoint(speakers(records, "eval")) and not rejects


def test_folders_are_speakers_where_there_are_several(tmp_path: Path) -> None:
    for speaker in ("anna", "bert", "cleo"):
        for number in range(2):
            write_sound(tmp_path / speaker / f"x_{number}.wav")
    rows = [f"{name}/x_{n}.wav\t字{n}" for name in ("anna", "bert", "cleo") for n in range(2)]
    write_list(tmp_path, "list.tsv", rows)
    records, rejects = read_folder(LIST, tmp_path)
    assert speakers(records, "train") | speakers(records, "eval") == {"anna", "bert", "cleo"}
    assert speakers(records, "train").isdisjoint(speakers(records, "eval")) and not rejects


def test_aishell_1_whole(tmp_path: Path) -> None:
    rows = []
    for split, speaker in (("train", "S0002"), ("dev", "S0724"), ("test", "S0764")):
        name = f"BAC009{speaker}W0122"
        write_sound(tmp_path / "wav" / split / speaker / f"{name}.wav")
        rows.append(f"{name} 而 对 楼市")
    write_list(tmp_path / "transcript", "aishell_transcript_v0.8.txt", rows)
    records, rejects = read_folder(LIST, tmp_path)
    assert speakers(records, "train") == {"S0002", "S0724"}
    assert speakers(records, "eval") == {"S0764"} and not rejects
    assert texts(records["eval"]) == {"而对楼市"}


def test_aishell_3_whole(tmp_path: Path) -> None:
    for split, speaker in (("train", "SSB0005"), ("test", "SSB0009")):
        write_sound(tmp_path / split / "wav" / speaker / f"{speaker}0001.wav")
        write_list(tmp_path / split, "content.txt", [f"{speaker}0001.wav\t广 guang3 州 zhou1"])
    records, rejects = read_folder(LIST, tmp_path)
    assert speakers(records, "train") == {"SSB0005"} and speakers(records, "eval") == {"SSB0009"}
    assert texts(records["train"]) == {"广州"} and not rejects


def test_the_list_in_hanzi_is_chosen_by_what_it_holds(tmp_path: Path) -> None:
    for name in NAMES:
        write_sound(tmp_path / f"{name}.wav")
    write_list(tmp_path, "a_pinyin.csv", [f"{name}\tjia3 yi1" for name in NAMES])
    write_list(tmp_path, "b_few.csv", [f"{name}\t错" for name in NAMES[:3]])
    write_list(tmp_path, "c_all.csv", [f"{name}\t{words(name)}" for name in NAMES])
    write_list(tmp_path, "readme.txt", ["这是说明", "another corpus, of course"])
    records, rejects = read_folder(LIST, tmp_path)
    assert texts([*records["train"], *records["eval"]]) == {words(name) for name in NAMES}
    assert not rejects


def test_any_rate_and_any_channels_become_one_pcm(tmp_path: Path) -> None:
    kinds = [
        ("wav", "PCM_16", 8_000, 1), ("wav", "PCM_24", 96_000, 2), ("wav", "FLOAT", 44_100, 8),
        ("flac", "PCM_24", 48_000, 8), ("ogg", "VORBIS", 22_050, 2),
        ("mp3", "MPEG_LAYER_III", 44_100, 2),
    ]  # fmt: skip
    for number, (kind, subtype, rate_hz, channels) in enumerate(kinds):
        samples = np.repeat(tone(1.0, rate_hz)[:, np.newaxis], channels, axis=1)
        write_sound(tmp_path / f"A{number}_1.{kind}", samples, rate_hz, subtype)
    write_list(tmp_path, "text", [f"A{number}_1 字" for number in range(len(kinds))])
    records, rejects = read_folder(LIST, tmp_path)
    found = [*records["train"], *records["eval"]]
    assert len(found) == len(kinds) and not rejects
    for record in found:
        samples = np.frombuffer(record.features["pcm"], "<i2") / 2.0**15
        assert abs(len(samples) - RATE_HZ) <= 1
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        assert round(np.argmax(spectrum) * RATE_HZ / len(samples)) == 440
        assert 2 * spectrum.max() / (len(samples) / 2) == pytest.approx(0.3, rel=0.02)
