"""Conversations to pairs: spellings, encodings, pairing, places that are parted, splits."""

from __future__ import annotations

from pathlib import Path

import pytest
from conv_files import TASK, config_for, read, read_file
from run_executor import execute, read_back

from components.example_gen.dialogue import dialogue_files
from components.example_gen.dialogue.dialogue_files import conversations
from components.example_gen.dialogue.dialogue_lines import Tally
from components.example_gen.dialogue.example_gen import DialogueExampleGen

_TALK = "E\nM 你好\nM 你 好吗?\nM 很好\nE\nM 再见\nM 明天见\n"
_SLASHED = "E\nM 你/好\nM 你/ /好/吗/?\nM 很/好/\nE\nM 再/见/\nM 明/天/见/\n"
_PAIRS = [("你好", "你 好吗?"), ("你 好吗?", "很好"), ("再见", "明天见")]


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(_TALK.encode(), id="utf-8"),
        pytest.param(_TALK.encode("utf-8-sig"), id="byte order mark"),
        pytest.param(_TALK.encode("gbk"), id="gbk"),
        pytest.param(_TALK.encode("utf-16"), id="utf-16"),
        pytest.param(_TALK.encode("utf-16-be"), id="utf-16 without a mark"),
        pytest.param("\ufeff".encode("gb18030") + _TALK.encode("gb18030"), id="gb18030 with mark"),
        pytest.param(_TALK.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(_TALK.replace("\n", "\r\n").encode("gbk"), id="gbk with crlf"),
        pytest.param(_TALK.replace("\nM", "\r\nM").encode(), id="both endings"),
        pytest.param(_TALK.rstrip("\n").encode(), id="no newline at the end"),
        pytest.param(_TALK.replace("\n", "\n\n \t\r\n").encode(), id="blank lines"),
        pytest.param(_TALK[2:].encode(), id="lines before any E"),
        pytest.param(f"{_TALK}E\nE\n".encode(), id="conversations without lines"),
        pytest.param(_TALK.replace("E", "E  ").encode(), id="blanks after E"),
        pytest.param(_TALK.replace("M ", "M\t\u3000").encode(), id="tabs"),
        pytest.param(_TALK.replace("\nE", "\n\ufeffE").encode(), id="two files in one"),
        pytest.param(_TALK.replace("你 好", "  你 \u3000 好").encode(), id="runs of white space"),
        pytest.param(_TALK.replace("你 好", "你\r好").encode(), id="a lone cr"),
        pytest.param(_SLASHED.encode(), id="slashes"),
        pytest.param(_SLASHED.replace("你/ /好", "你 好").encode(), id="a bare space"),
        pytest.param(_SLASHED.replace("\n", "\r\n").encode("gbk"), id="slashes, gbk, crlf"),
        pytest.param(_SLASHED.replace("你/好", "你好", 1).encode(), id="one line without slashes"),
    ],
)
def test_spellings_of_the_same_file(tmp_path: Path, contents: bytes) -> None:
    found = read(tmp_path, contents)
    assert found.pairs == _PAIRS and not found.rejects and not found.alone


def test_a_slash_stays_where_it_is_one(tmp_path: Path) -> None:
    talk = "E\nM 血压120/80\nM 是的 /曾是的\nM 好/\nM http://\nM 他是谁\n"
    assert [pair[0] for pair in read(tmp_path, talk).pairs] == [
        "血压120/80", "是的 /曾是的", "好/", "http://",
    ]  # fmt: skip
    slashed = "E\nM 血/压/1/2/0///8/0/\nM 他/是/谁\nM O/K/,/B/e/n\n"
    assert read(tmp_path, slashed).pairs == [("血压120/80", "他是谁"), ("他是谁", "OK,Ben")]


@pytest.mark.parametrize("slashed", [3, 4])
def test_lines_vote_on_slashes(tmp_path: Path, slashed: int) -> None:
    lines = ["M 甲/乙/丙/"] * slashed + ["M 和/或者不"] * (7 - slashed)
    found = read(tmp_path, "\n".join(["E", *lines, "M 好", "M 和"]))
    wanted = "甲乙丙" if slashed == 4 else "甲/乙/丙/"
    assert found.pairs[0][0] == wanted and len(found.pairs) == 8


def test_two_by_two(tmp_path: Path) -> None:
    talk = "E\n" + "".join(f"M {line}\n" for line in "一二三四五") + "E\nM 六\nE\nM 七\nM 八\n"
    found = read(tmp_path, talk, pairing="two_by_two")
    assert found.pairs == [("一", "二"), ("三", "四"), ("七", "八")] and not found.rejects
    assert found.alone.startswith("2 of 8 lines are in no pair")
    found = read(tmp_path, talk)
    assert found.pairs == [*zip("一二三四", "二三四五", strict=True), ("七", "八")]
    assert found.alone.startswith("1 of 8 lines are in no pair")


@pytest.mark.parametrize("bad", ["x 怎么", "M", "M 字字字字字字", "M \ufffd"])
def test_nothing_is_paired_over_a_line_that_is_not_used(tmp_path: Path, bad: str) -> None:
    def talk(place: int) -> str:
        lines = [f"M {line}" for line in "一二三四五六"]
        lines[place] = bad
        return "\n".join(["E", *lines])

    found = read(tmp_path, talk(2), max_chars=5)
    assert found.pairs == [("一", "二"), ("四", "五"), ("五", "六")] and not found.alone
    assert [reject.where for reject in found.rejects] == ["line 4"]
    found = read(tmp_path, talk(2), max_chars=5, pairing="two_by_two")
    assert found.pairs == [("一", "二"), ("五", "六")] and found.alone.startswith("1 of 5")
    found = read(tmp_path, talk(1), max_chars=5)
    assert found.pairs == [*zip("三四五", "四五六", strict=True)] and found.alone.startswith("1 of")
    found = read(tmp_path, talk(0), max_chars=5, pairing="two_by_two")
    assert found.pairs == [("三", "四"), ("五", "六")] and found.alone.startswith("1 of 5")


def test_bands_of_the_questions(tmp_path: Path) -> None:
    lines = [f"M {'字' * length}" for length in (1, 5, 6, 10, 11, 20, 21, 60)]
    found = read(tmp_path, "\n".join(["E", *lines]))
    assert [record.features["question_length"] for record in found.records] == [
        "1-5", "1-5", "6-10", "6-10", "11-20", "11-20", "21+",
    ]  # fmt: skip


def test_what_two_files_share_is_on_one_side(tmp_path: Path) -> None:
    def talk(number: int, mark: str) -> str:
        return f"E\nM {mark.join(f'你好啊{number:02d}')}\nM {mark.join('你好再见')}\nM 好\n"

    (tmp_path / "a.conv").write_text("".join(talk(number, "") for number in range(60)))
    (tmp_path / "b.conv").write_text(
        "".join(talk(number, "/") for number in range(100, 30, -1)), encoding="gbk"
    )
    first, other = (read_file(tmp_path / name) for name in ("a.conv", "b.conv"))
    sides: dict[str, set[str]] = {}
    for record in [*first.records, *other.records]:
        # A conversation is told by its first line here, and has two pairs.
        if record.features["reply"] == "你好再见":
            sides.setdefault(record.features["question"], set()).add(record.split)
    assert len(sides) == 101 and {len(splits) for splits in sides.values()} == {1}
    for found in (first, other):
        splits = [record.split for record in found.records]
        assert splits[::2] == splits[1::2]
        assert 0 < splits.count("eval") < 0.3 * len(splits)


def test_a_long_conversation_goes_on_as_another(tmp_path: Path) -> None:
    lines = dialogue_files.MAX_CONVERSATION_LINES
    (tmp_path / "a.conv").write_text("".join(f"M 第{n}句\n" for n in range(2 * lines + 5)))
    tally = Tally()
    found = conversations(str(tmp_path / "a.conv"), False, config_for(tmp_path), tally)
    assert [len(found_one) for found_one in found if isinstance(found_one, list)] == [
        lines, lines, 5
    ]  # fmt: skip
    assert tally.well == 2 * lines + 5


def test_the_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    (data / "more").mkdir(parents=True)
    talks = [f"E\nM 我是{number}\nM 你好{number}\nM\n" for number in range(40)]
    (data / "a.conv").write_text("".join(talks[:30]))
    (data / "more" / "b.CONV").write_text("".join(talks[30:]), encoding="gbk")
    (data / ".c.conv").write_text("no dialogue")
    (data / "d.txt").write_text("no dialogue")
    output = tmp_path / "component" / "examples" / "1"
    examples = execute(monkeypatch, DialogueExampleGen, TASK, data, output)
    train, held_out = (read_back(output, split) for split in ("train", "eval"))
    pairs = {
        (pair["question"].decode(), pair["reply"].decode(), pair["question_length"])
        for pair in [*train, *held_out]
    }
    assert pairs == {(f"我是{number}", f"你好{number}", b"1-5") for number in range(40)}
    assert len(train) + len(held_out) == 40 and train and held_out
    counts = [examples.get_int_custom_property(name) for name in ("examples", "quarantined")]
    assert counts == [40, 0] and examples.get_int_custom_property("set_aside") == 40
