"""How a recording was made, as lists, folders and names tell it."""

from __future__ import annotations

from pathlib import Path

import pytest
from speech_corpora import (
    LIST,
    WORDS,
    features,
    read_folder,
    speakers,
    words,
    write_list,
    write_sound,
)

from modules.common.sound.transcripts import condition_of


def conditions(data: Path, source: object = LIST, **settings: str) -> dict[str, str]:
    """The condition by text."""
    records, rejects = read_folder(source, data, **settings)  # type: ignore[arg-type]
    assert not rejects
    found = [*records["train"], *records["eval"]]
    return dict(zip(features(found, "text"), features(found, "condition"), strict=True))


@pytest.mark.parametrize(
    ("path", "condition"),
    [
        ("wav/test/noisy/D4_750.wav", "noisy"),
        ("test-noise/0db/car/D4_750.wav", "car"),
        ("wav/A1_0_noisy.wav", "noisy"),
        ("Noisy/A1-0.clean.wav", "clean"),
        ("noisyness/A1_0.wav", "not said"),
        ("A1_0.wav", "not said"),
    ],
)
def test_paths_tell_the_condition(path: str, condition: str) -> None:
    assert condition_of(path, ["clean", "noisy", "car"]) == condition


def test_folders_of_conditions_are_no_speakers(tmp_path: Path) -> None:
    sides = {"train": ("A_1", "A_2", "B_3"), "test": ("C_4",)}
    made = dict(zip("1234", ("clean", "noisy", "clean", "noisy"), strict=True))
    for side, names in sides.items():
        lines = [f"{name} {' '.join(words(name))}" for name in names]
        write_list(tmp_path / "doc" / "trans", f"{side}.word.txt", lines)
        for name in names:
            write_sound(tmp_path / "wav" / side / made[name[-1]] / f"{name}.wav")
    records, _ = read_folder(WORDS, tmp_path)
    assert speakers(records, "train") == {"A", "B"} and speakers(records, "eval") == {"C"}
    assert conditions(tmp_path, WORDS) == {
        "甲一": "clean",
        "甲二": "noisy",
        "乙三": "clean",
        "丙四": "noisy",
    }


def test_words_of_ones_own(tmp_path: Path) -> None:
    for place, name in (("car", "A_1"), ("cafe", "B_2"), ("wav", "C_3")):
        write_sound(tmp_path / place / f"{name}.wav")
    write_list(tmp_path, "list.tsv", [f"{name}\t{words(name)}" for name in ("A_1", "B_2", "C_3")])
    found = conditions(tmp_path, conditions="Car, cafe")
    assert found == {"甲一": "car", "乙二": "cafe", "丙三": "not said"}


def test_a_column_goes_before_the_path(tmp_path: Path) -> None:
    for name in ("A_1", "B_2", "C_3"):
        write_sound(tmp_path / "noisy" / f"{name}.wav")
    rows = [f"noisy/A_1.wav\t{words('A_1')}\tA\t办公室", f"noisy/B_2.wav\t{words('B_2')}\tB\t"]
    rows.append(f"noisy/C_3.wav\t{words('C_3')}\tC\t车里")
    write_list(tmp_path, "list.tsv", ["path\ttext\tspeaker\t环境", *rows])
    assert conditions(tmp_path) == {"甲一": "办公室", "乙二": "noisy", "丙三": "车里"}
