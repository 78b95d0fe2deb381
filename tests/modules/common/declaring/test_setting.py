"""One setting: which texts and values it takes, and what it says of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modules.common.declaring.bounds import Bounds
from modules.common.declaring.setting import Setting
from modules.common.runtime.errors import SettingError


def made(type_: type, default: Any, **others: Any) -> Setting:
    return Setting(name="it", type=type_, default=default, doc="What is set.", **others)


WHOLE, NUMBER, TEXT, TRUTH = made(int, 1), made(float, 1.0), made(str, ""), made(bool, True)
COUNT = made(int, 1, bounds=Bounds(at_least=1))
SHARE = made(float, 0.0, bounds=Bounds(at_least=0, below=1))
HEAD = made(str, "ctc", choices=("ctc", "position"))
KERNEL, FOLD = made(int, 3, choices=(3, 5, 7)), made(int, 0, choices=(0, 1, 2, 3, 4))


@pytest.mark.parametrize(
    ("setting", "given", "value"),
    [
        (WHOLE, "3", 3),
        (WHOLE, " -3 ", -3),
        (WHOLE, 3, 3),
        (NUMBER, "1e-2", 0.01),
        (NUMBER, 0.5, 0.5),
        (NUMBER, 2, 2.0),
        (NUMBER, "2", 2.0),
        (TEXT, "7", "7"),
        (TEXT, 7, "7"),
        (TEXT, "", ""),
        (TEXT, " as typed ", " as typed "),
        (TRUTH, True, True),
        (TRUTH, False, False),
        (TRUTH, "true", True),
        (TRUTH, "True", True),
        (TRUTH, "1", True),
        (TRUTH, 1, True),
        (TRUTH, "0", False),
        (TRUTH, "FALSE", False),
        (TRUTH, " false ", False),
        (COUNT, "1", 1),
        (SHARE, "0", 0.0),
        (HEAD, "position", "position"),
        (KERNEL, "5", 5),
    ],
)
def test_a_text_or_a_value_is_read_as_the_setting_s_type(
    setting: Setting, given: Any, value: Any
) -> None:
    parsed = setting.parse(given)
    assert parsed == value and type(parsed) is setting.type


@pytest.mark.parametrize(
    ("setting", "given", "expected"),
    [
        (WHOLE, "many", "a whole number"),
        (WHOLE, "2.5", "a whole number"),
        (WHOLE, 2.5, "a whole number"),
        (WHOLE, "", "a whole number"),
        (WHOLE, True, "a whole number"),
        (WHOLE, None, "a whole number"),
        (WHOLE, [1], "a whole number"),
        (NUMBER, "fast", "a number"),
        (NUMBER, "0,5", "a number"),
        (NUMBER, "nan", "a number"),
        (NUMBER, "inf", "a number"),
        (NUMBER, float("nan"), "a number"),
        (NUMBER, False, "a number"),
        (NUMBER, "1e999", "a number"),
        pytest.param(WHOLE, 10**400, "a whole number", id="many digits"),
        (TEXT, True, "text"),
        (TEXT, None, "text"),
        (TRUTH, "maybe", "true or false"),
        (TRUTH, "", "true or false"),
        (TRUTH, 2, "true or false"),
        (COUNT, "0", "a whole number, 1 or more"),
        (COUNT, -3, "a whole number, 1 or more"),
        (SHARE, "1", "a number, at least 0, less than 1"),
        (SHARE, -0.1, "a number, at least 0, less than 1"),
        (HEAD, "softmax", "one of ctc, position"),
        (HEAD, "CTC", "one of ctc, position"),
        (KERNEL, "4", "one of 3, 5, 7"),
        (FOLD, "5", "a whole number, 0 to 4"),
    ],
)
def test_another_value_is_refused_with_what_is_expected(
    setting: Setting, given: Any, expected: str
) -> None:
    with pytest.raises(SettingError) as caught:
        setting.parse(given)
    assert str(caught.value) == f"it takes {expected}, found {given!r}"
    assert setting.expected == expected


def test_two_whole_numbers_to_choose_from_are_no_range() -> None:
    assert made(int, 0, choices=(0, 1)).expected == "one of 0, 1"
    assert made(int, 8, choices=tuple(range(8, 65))).expected == "a whole number, 8 to 64"


def test_a_file_that_a_setting_names_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = made(str, "", is_file=True)
    (tmp_path / "a.h5").write_bytes(b"")
    monkeypatch.setenv("HOME", str(tmp_path))
    # Nobody looks for what lies in a store.
    for path in ("", str(tmp_path / "a.h5"), "~/a.h5", "gs://bucket/a.h5"):
        assert weights.parse(path) == path
    for path in ("gone", str(tmp_path)):
        with pytest.raises(SettingError, match=f"takes the path of a file, found no file '{path}'"):
            weights.parse(path)
    assert weights.expected == "the path of a file, or nothing"
