"""Files of conversations that are not as they should be."""

from __future__ import annotations

import codecs
import resource
from pathlib import Path

import pytest
from conv_files import TASK, config_for, read, read_file
from run_executor import execute

from components.example_gen.dialogue.example_gen import DialogueExampleGen, Executor
from components.example_gen.quarantine import rejects_path
from modules.common.runtime.errors import DataError

_GOOD = "E\nM 你好\nM 我很好\n"


@pytest.mark.parametrize(
    ("contents", "found"),
    [
        (b"", "found no text at all"),
        (b"\n \r\n\n", "found no text at all"),
        (b"E\nE\n", "found lines that begin 'E', 'E'"),
        (b"a: hello\nb: hi\nE\nc: bye", "found lines that begin 'a: hello', 'b: hi', 'E'"),
        (f"{'字' * 50}\n".encode("gbk"), f"found lines that begin '{'字' * 20}…'"),
        (b"PK\3\4 word/document.xml", "found a Word document"),
        (codecs.BOM_UTF8, "found no text at all"),
    ],
)
def test_a_file_in_which_nobody_says_anything(tmp_path: Path, contents: bytes, found: str) -> None:
    (tmp_path / "bad.conv").write_bytes(contents)
    with pytest.raises(DataError, match=rf"bad\.conv: expected lines `M text`, .*; {found}") as was:
        Executor.check([str(tmp_path / "bad.conv")], config_for(tmp_path))
    assert "tiny_task reads conversations in *.conv" in str(was.value)
    [reject] = read_file(tmp_path / "bad.conv").rejects
    assert (reject.path, reject.where, reject.kind) == ("bad.conv", "", "bad")
    assert found in reject.reason
    (tmp_path / "good.conv").write_text(_GOOD)
    Executor.check(
        [str(tmp_path / f"{name}.conv") for name in ("bad", "good")], config_for(tmp_path)
    )


def test_many_files_without_lines_are_named_in_few_words(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{number}.conv") for number in range(9)]
    for path in paths:
        Path(path).touch()
    with pytest.raises(DataError, match=r"0\.conv: .*2\.conv: .*and 6 more files") as was:
        Executor.check(paths, config_for(tmp_path))
    assert "3.conv" not in str(was.value)


def test_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is nothing in .*; tiny_task reads conversations"):
        Executor.items(config_for(tmp_path), config_for(tmp_path).source.patterns)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.conv").mkdir()
    assert [reject.reason for reject in read_file(tmp_path / "a.conv").rejects] == [
        "the file cannot be read: Is a directory"
    ]
    with pytest.raises(DataError, match=r"a\.conv cannot be read: Is a directory"):
        Executor.check([str(tmp_path / "a.conv")], config_for(tmp_path))


@pytest.mark.parametrize("line", ["怎么了", "e", "m 好", "E 2", "M好", "EE", "MM 好", "/", " # 注"])
def test_a_line_of_another_kind(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, f"{_GOOD}{line}\nM 再见\n")
    assert found.pairs == [("你好", "我很好")]
    reason = f"expected E alone, or M, a blank and a text; found {line.strip()!r}"
    assert found.places == [("line 4", "bad", reason)]
    assert found.alone.startswith("1 of 3 lines")


@pytest.mark.parametrize("line", ["M", "M ", "M \u3000\t", "M\r"])
def test_a_line_in_which_nothing_is_said(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, f"{_GOOD}{line}\nM 再见\n")
    assert found.places == [("line 4", "set aside", "M with no text: nothing is said")]
    assert found.pairs == [("你好", "我很好")]


@pytest.mark.parametrize("length", [61, 10_000, 70_000])
@pytest.mark.parametrize("mark", ["", "/"])
def test_a_long_line(tmp_path: Path, length: int, mark: str) -> None:
    talk = f"E\nM {mark.join('你好')}\nM {mark.join('字' * length)}\nM {mark.join('再见')}\nM 好\n"
    found = read(tmp_path, talk)
    assert found.pairs == [("再见", "好")]
    [(where, kind, reason)] = found.places
    assert (where, kind) == ("line 3", "set aside")
    assert reason.startswith("expected at most max_chars=60 characters, found ")
    written = length * (1 + len(mark))
    assert (f"found {length:,};" in reason) == (written <= 65_536)
    assert ("found at least " in reason) == (written > 65_536)
    if written <= 65_536:
        assert reason.endswith(f"--set max_chars={length} reads it")
        assert ("字" * length, "再见") in read(tmp_path, talk, max_chars=length).pairs


def test_a_line_of_many_megabytes_is_never_held_whole(tmp_path: Path) -> None:
    with open(tmp_path / "a.conv", "wb") as file:
        file.write(b"E\nM " + b"a" * 300_000_000 + b"\nM b\nM c\n" + b"x" * 300_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_file(tmp_path / "a.conv")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert found.pairs == [("b", "c")] and grown_mb < 50
    assert [(where, kind) for where, kind, _ in found.places] == [
        ("line 2", "set aside"), ("line 5", "bad"),
    ]  # fmt: skip


@pytest.mark.parametrize(("encoding", "other"), [("utf-8", "gbk"), ("gbk", "utf-8")])
def test_some_lines_in_another_encoding(tmp_path: Path, encoding: str, other: str) -> None:
    lines = [
        f"E\r\nM 你说的第{number}句话\r\nM 我听见了\r\n".encode(
            other if number % 5 == 4 else encoding
        )
        for number in range(20)
    ]
    found = read(tmp_path, b"".join(lines))
    good = [number for number in range(20) if number % 5 != 4]
    assert found.pairs == [(f"你说的第{number}句话", "我听见了") for number in good]
    assert [reject.where for reject in found.rejects] == [
        f"line {3 * number + row}" for number in range(4, 20, 5) for row in (2, 3)
    ]
    names = {"utf-8": "UTF-8", "gbk": "GB 18030"}
    for reject in found.rejects:
        assert reject.kind == "bad" and names[other] in reject.reason
        assert reject.reason.startswith(f"expected {names[encoding]}, which the file is in, found")


@pytest.mark.parametrize("taken_for", ["iso-8859-1", "iso-8859-2"])
def test_utf_8_that_was_encoded_twice(tmp_path: Path, taken_for: str) -> None:
    garbled = "M 你还活着".encode().decode(taken_for).removeprefix("M ")
    found = read(tmp_path, f"E\nM 你好  Ben\nM {garbled}\nM 37° δ, café, Привет, ça va\nM 好\n")
    assert found.pairs == [("37° δ, café, Привет, ça va", "好")]
    [(where, kind, reason)] = found.places
    assert (where, kind) == ("line 3", "bad")
    assert reason.startswith(f"expected text, found UTF-8 that was taken for {taken_for}")


def test_nul(tmp_path: Path) -> None:
    assert [reject.where for reject in read(tmp_path, "E\nM a\0b\nM c\n").rejects] == ["line 2"]


def test_the_component_with_bad_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "good.conv").write_text("".join(f"E\nM 我{n}\nM 你{n}\n" for n in range(60)))
    (data / "empty.conv").touch()
    (data / "long.conv").write_text(f"E\nM {'字' * 10_000}\nM 好\n")
    (data / "mixed.conv").write_bytes(_GOOD.encode() + "M 这是别的编码\n".encode("gbk"))
    output = tmp_path / "component" / "examples" / "1"
    examples = execute(monkeypatch, DialogueExampleGen, TASK, data, output)
    assert examples.get_int_custom_property("examples") == 61
    assert examples.get_int_custom_property("quarantined") == 2
    # The long line, and the line beside it that is in no pair.
    assert examples.get_int_custom_property("set_aside") == 2
    written = Path(rejects_path(str(output))).read_text(encoding="utf-8")
    assert '"path": "empty.conv", "where": ""' in written and "found 10,000;" in written
    assert '"path": "mixed.conv", "where": "line 4"' in written


def test_too_many_bad_lines_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.conv").write_text(_GOOD + "怎么了\n" * 3)
    output = tmp_path / "component" / "examples" / "1"
    with pytest.raises(DataError, match=r"3 of 6 records are bad.*\n  3 x expected E alone"):
        execute(monkeypatch, DialogueExampleGen, TASK, tmp_path / "data", output)


def test_the_limit_compares_lines_with_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bad lines are 5 % of 40, and 15 % of the 13 pairs."""
    (tmp_path / "data").mkdir()
    talk = "".join(f"E\nM 第{number}句\nM 好\n" for number in range(12))
    (tmp_path / "data" / "a.conv").write_text(f"{talk}\n\nE\nM 好\n怎么了\n怎么了\n")
    output = tmp_path / "component" / "examples" / "1"
    examples = execute(monkeypatch, DialogueExampleGen, TASK, tmp_path / "data", output)
    assert examples.get_int_custom_property("quarantined") == 2
    assert examples.get_int_custom_property("examples") == 12
    (tmp_path / "data" / "a.conv").write_text(f"{talk}E\n怎么了\n怎么了\n")
    with pytest.raises(DataError, match="2 of 39 records are bad"):
        execute(monkeypatch, DialogueExampleGen, TASK, tmp_path / "data", output.with_name("2"))
