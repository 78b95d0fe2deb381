"""Labels that are read off names: refused where they cannot be right; lists beside come first."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from picture_folders import ingest, write_pictures

from modules.common.pictures.name_labels import check_names
from modules.common.runtime.errors import DataError
from modules.id_number_ocr.numbers import check_character

TEXTS = [f"{letter}{number}Z{number + 3}" for number, letter in enumerate("QWERTY")]


def texts(names: list[str]) -> dict[str, str]:
    return {name: name.rpartition("/")[2].split(".")[0].partition("_")[0].upper() for name in names}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([f"code_{text}.png" for text in TEXTS], "all agree, 'CODE'.* code_E2Z5.png says 'CODE'"),
        ([f"a/{n:04d}_{n}Z.png" for n in range(9)], "count up.* 0000_0Z.png says '0000'"),
        ([f"{n}.png" for n in range(1, 120)], "count up.* 1.png says '1'"),
        ([f"img{n}.jpg" for n in range(20)], "count up.* img0.jpg says 'IMG0'"),
        ([f"{n:03d}.png" for n in range(400, 480) if n % 5], "count up"),
        ([f"{n // 2:04d}_{n % 2}.png" for n in range(60)], "count up"),
        ([f"{part}/{n:04d}_{n}Z.png" for part in ("train", "test") for n in range(30)], "count up"),
        ([*(f"img_{n}A{n}B.png" for n in range(10, 30)), "AB12.png"], "mostly agree, 'IMG' for 20"),
        ([f"{word}_{n:02d}AB.png" for n, word in enumerate(["img", "pic"] * 10)], "are but 2"),
    ],
)  # fmt: skip
def test_texts_that_cannot_be_right_are_refused(names: list[str], reason: str) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        check_names(texts(names))
    assert "--set names=trusted" in str(caught.value)


@pytest.mark.parametrize("digits", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("count", [1, 3, 8, 50, 3000])
def test_random_digits_are_not_refused(digits: int, count: int) -> None:
    for seed in range(20):
        drawn = random.Random(seed)
        names = [f"{drawn.randrange(10**digits):0{digits}d}_{n}.png" for n in range(count)]
        check_names(texts(names))


def test_what_people_have_is_not_refused(shared_data: Path) -> None:
    check_names(texts([f"{n % 10}_{n}.png" for n in range(1000)]))
    drawn = random.Random(1)
    check_names(texts([f"{drawn.randrange(19)}_{n}.png" for n in range(500)]))
    check_names(texts([f"{text}_{n}.png" for text in TEXTS for n in range(20)]))
    for folder, found in (("captcha", 38), ("captcha_v2", 1070)):
        names = [str(path) for path in shared_data.glob(f"{folder}/**/*.[pj][np]g")]
        assert len(names) == found
        check_names(texts(names))


def test_both_tasks_refuse_and_trust(tmp_path: Path) -> None:
    write_pictures(tmp_path, *(f"code_{text}.png" for text in TEXTS))
    with pytest.raises(DataError, match="all agree, 'CODE'"):
        ingest("captcha_ocr", tmp_path)
    found = ingest("captcha_ocr", tmp_path, names="trusted")
    assert set(found.labels("text").values()) == {"CODE"}
    numbers = tmp_path / "numbers"
    write_pictures(numbers, *(f"11010119900307109X_{n}.png" for n in range(5)))
    with pytest.raises(DataError, match="all agree, '11010119900307109X'"):
        ingest("id_number_ocr", numbers)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.csv", "file,text\n{rows}"),
        ("labels.csv", "text,file\n{swapped}"),
        ("labels.csv", "filename,width,label\n{wide}"),
        ("labels.txt", "{blanks}"),
        ("labels.tsv", "{tabs}"),
        ("annotations.csv", "{rows}"),
        ("x/ground_truth.csv", "path;文本\n{semicolons}"),
        ("codes.csv", "image,captcha\n{rows}"),
    ],
)
def test_a_list_beside_them_comes_first(tmp_path: Path, name: str, content: str) -> None:
    write_pictures(tmp_path, *(f"{n:04d}.png" for n in range(6)))
    files = [f"{n:04d}.png" for n in range(6)]
    rows = {
        "rows": [f"{file},{text}" for file, text in zip(files, TEXTS, strict=True)],
        "swapped": [f"{text},{file}" for file, text in zip(files, TEXTS, strict=True)],
        "wide": [f"{file},160,{text}" for file, text in zip(files, TEXTS, strict=True)],
        "blanks": [f"{file} {text}" for file, text in zip(files, TEXTS, strict=True)],
        "tabs": [f"{file[:4]}\t{text}" for file, text in zip(files, TEXTS, strict=True)],
        "semicolons": [f"imgs\\{file};{text}" for file, text in zip(files, TEXTS, strict=True)],
    }
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content.format(**{key: "\n".join(each) for key, each in rows.items()}))
    found = ingest("captcha_ocr", tmp_path)
    assert found.labels("text") == dict(zip(files, TEXTS, strict=True))
    assert not found.passed_over


def test_a_text_file_for_each_picture_is_read(tmp_path: Path) -> None:
    write_pictures(tmp_path, *(f"{n:04d}.png" for n in range(6)))
    for n, text in enumerate(TEXTS):
        (tmp_path / f"{n:04d}.gt.txt").write_text(f"{text}\n")
    assert sorted(ingest("captcha_ocr", tmp_path).labels("text").values()) == sorted(TEXTS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.json", "{}"), ("labels.txt", "Q0Z3\nW1Z4\n"),
        ("labels.csv", "0000.png,160,Q0Z3\n0001.png,160,W1Z4\n"), ("annotations.xml", "<a/>"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_understood_is_named(tmp_path: Path, name: str, content: str) -> None:
    write_pictures(tmp_path, "0000.png", "0001.png")
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=f"{name} lies beside the pictures and seems to say"):
        ingest("captcha_ocr", tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / "README.txt").write_text("Captchas of a site.\nThey are 60 px high.\n")
    (tmp_path / "sizes.csv").write_text("file,width\n0000.png,160\n0001.png,160\n")
    assert len(ingest("captcha_ocr", tmp_path).splits) == 2


def test_pictures_that_a_list_does_not_name_are_quarantined(tmp_path: Path) -> None:
    write_pictures(tmp_path, *(f"{n:04d}.png" for n in range(4)))
    (tmp_path / "labels.csv").write_text("0000.png,AB12\n0001.png,A_B1\n0002.png,TOOLONG1\n")
    found = ingest("captcha_ocr", tmp_path)
    assert found.labels("text") == {"0000.png": "AB12"}
    assert found.reasons["0001.png"] == "expected its text in labels.csv, found 'A_B1'"
    assert found.reasons["0003.png"] == "expected its text in labels.csv, it is not there"
    assert "found 'TOOLONG1'" in found.reasons["0002.png"]


def test_a_list_of_numbers(tmp_path: Path) -> None:
    digits = "11010119900307109"
    write_pictures(tmp_path, "a.png")
    (tmp_path / "labels.csv").write_text(f"a.png,{digits}{check_character(digits)}\n")
    found = ingest("id_number_ocr", tmp_path)
    assert found.labels("number") == {"a.png": digits + check_character(digits)}
