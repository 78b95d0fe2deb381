"""age_gender: every way in which ages and genders are written."""

from __future__ import annotations

import pytest

from modules.age_gender.labels import (
    AGE_GROUPS,
    AGE_RANGES,
    UNKNOWN,
    label_from_name,
    label_from_row,
    read_age_group,
)

# Ways in which ages are written, most of them in the published tables, and what becomes of each.
WRITTEN = {
    "(0, 2)": "0-2",
    "(4, 6)": "4-6",
    "(8, 12)": "8-13",
    "(15, 20)": "15-20",
    "(25, 32)": "25-32",
    "(38, 43)": "38-43",
    "(48, 53)": "48-53",
    "(60, 100)": "60-100",
    # Ranges that begin as a group does.
    "(38, 42)": "38-43",
    "(38, 48)": "38-43",
    "(8, 23)": "8-13",
    "(25, 23)": "25-32",
    # Others count as their middle.
    "(27, 32)": "25-32",
    "(16, 20)": "15-20",
    "(50, 60)": "48-53",
    # A number belongs to the nearest group, to the younger of two.
    "2": "0-2",
    "3": "0-2",
    "13": "8-13",
    "14": "8-13",
    "22": "15-20",
    "23": "25-32",
    "29": "25-32",
    "34": "25-32",
    "35": "25-32",
    "36": "38-43",
    "42": "38-43",
    "45": "38-43",
    "46": "48-53",
    "55": "48-53",
    "56": "48-53",
    "57": "60-100",
    "58": "60-100",
    "116": "60-100",
    "None": UNKNOWN,
    "": UNKNOWN,
    " ": UNKNOWN,
}


@pytest.mark.parametrize(("text", "group"), WRITTEN.items())
def test_every_way_to_write_an_age(text: str, group: str) -> None:
    assert read_age_group(text) == group


def test_every_age_within_a_group_is_of_it() -> None:
    for (first, last), name in zip(AGE_RANGES, AGE_GROUPS, strict=True):
        assert {read_age_group(str(years)) for years in range(first, last + 1)} == {name}


@pytest.mark.parametrize("text", ["-3", "(25 32)", "(25,)", "adult", "123", "25.5", "(0, 200)"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="age: expected a number of years up to 122.*found"):
        read_age_group(text)


@pytest.mark.parametrize(
    ("age", "gender", "labels"),
    [
        ("(25, 32)", "f", ("25-32", "female")),
        ("35", "m", ("25-32", "male")),
        ("(0, 2)", "u", ("0-2", UNKNOWN)),
        ("(0, 2)", "", ("0-2", UNKNOWN)),
        ("None", "m", (UNKNOWN, "male")),
        ("", "f", (UNKNOWN, "female")),
    ],
)
def test_one_label_of_a_row_may_be_missing(age: str, gender: str, labels: tuple) -> None:
    assert tuple(label_from_row({"age": age, "gender": gender}, {}).values()) == labels


@pytest.mark.parametrize(
    ("age", "gender", "said"),
    [
        ("None", "", "neither an age nor a gender"),
        ("", "u", "neither an age nor a gender"),
        ("(25, 32)", "x", "gender: expected one of f, female, m, male or u, found 'x'"),
        ("(25, 32)", "0", "gender: expected one of"),
        ("old", "f", "age: expected .* found 'old'"),
    ],
)
def test_a_row_that_says_nothing_is_refused(age: str, gender: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        label_from_row({"age": age, "gender": gender}, {})


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("25_0_2_20170116174525125.jpg", ("25-32", "male")),
        ("1_1_0_20161219140623097.jpg.chip.jpg", ("0-2", "female")),
        ("part1/61_1_20170109150557335.jpg", ("60-100", "female")),
        ("110_1_0_20170120134701015.jpg", ("60-100", "female")),
        ("8_F_1.png", ("8-13", "female")),
        ("25-32_male_a.webp", ("25-32", "male")),
        ("40_u_1.jpg", ("38-43", UNKNOWN)),
        ("40__1.jpg", ("38-43", UNKNOWN)),
        ("u_m_1.jpg", (UNKNOWN, "male")),
        ("None_female.jpg", (UNKNOWN, "female")),
    ],
)
def test_a_file_is_named_after_age_and_gender(path: str, labels: tuple) -> None:
    assert tuple(label_from_name(path, {}).values()) == labels


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("face.jpg", "expected a file named AGE_GENDER_anything.jpg.*found 'face.jpg'"),
        ("25.jpg", "AGE_GENDER_anything"),
        ("25_2_1.jpg", "gender: expected one of f, .*0, 1 or u, found '2'"),
        ("old_f_1.jpg", "age: expected"),
        ("u_u_1.jpg", "neither an age nor a gender"),
    ],
)
def test_another_name_is_refused_with_the_reason(path: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        label_from_name(path, {})
