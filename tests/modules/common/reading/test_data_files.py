"""Which files a pattern finds, and what of them a fingerprint sees."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modules.common.reading.data_files import find_files, fingerprint, has_files
from modules.common.runtime.errors import DataError

_TIME_NS = 1_700_000_000_000_000_000


def write(path: Path, text: str = "x", time_ns: int = _TIME_NS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(time_ns, time_ns))
    return path


def found(folder: Path, *patterns: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in find_files(str(folder), patterns)]


@pytest.mark.parametrize(
    "name", ["x[1]", "x[12]", "x?", "*", "in {SPAN}", "[!a]", "x\\1", "[", "]"]
)
def test_the_folder_s_own_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    for sibling in ("x1", "x2", "x", "b", "in 7"):
        write(tmp_path / sibling / "other.csv")
    write(tmp_path / name / "mine.csv")
    write(tmp_path / name / "deep" / "mine.csv")
    assert found(tmp_path / name, "*.csv") == ["mine.csv"]
    assert found(tmp_path / name, "[!.]*/*.csv") == ["deep/mine.csv"]
    assert has_files(tmp_path / name, ["*.csv"])


def test_names_inside_may_hold_anything(tmp_path: Path) -> None:
    names = ["a[1].csv", "b*.csv", "c?.csv", "d {SPAN}.csv", "e\n.csv", "f'\".csv", "名 字.csv"]
    for name in names:
        write(tmp_path / "in [x]" / name)
    assert sorted(found(tmp_path, "*/*.csv")) == sorted(f"in [x]/{name}" for name in names)
    assert found(tmp_path / "in [x]", "a[[]1].csv") == ["a[1].csv"]


def test_hidden_names_need_a_pattern_that_says_so(tmp_path: Path) -> None:
    for name in ("._a.csv", ".b.csv", "c.csv", ".d/e.csv", "f/g.csv"):
        write(tmp_path / name)
    assert found(tmp_path, "*.csv", "[!.]*.csv", "?*.csv") == ["c.csv"]
    assert found(tmp_path, "*/*.csv") == ["f/g.csv"]
    assert found(tmp_path, ".b.csv", "*.csv") == [".b.csv", "c.csv"]
    assert not has_files(tmp_path / ".d", ["[!e]*"])


def test_each_file_is_found_once_and_folders_are_none(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "old.csv/inside.txt"):
        write(tmp_path / name)
    assert found(tmp_path, "*.csv", "a*", "*") == ["a.csv", "b.csv"]
    assert found(tmp_path, "") == []


def test_a_link_that_leads_nowhere_is_found_and_others_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "there" / "a.wav")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lost.wav").symlink_to(tmp_path / "nowhere")
    (tmp_path / "data" / "file.wav").symlink_to(tmp_path / "there" / "a.wav")
    (tmp_path / "data" / "folder").symlink_to(tmp_path / "there")
    os.mkfifo(tmp_path / "data" / "pipe.wav")
    assert found(tmp_path / "data", "*.wav", "*/*.wav") == ["file.wav", "folder/a.wav", "lost.wav"]


def test_a_name_that_is_not_utf_8_is_an_error_where_it_would_be_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    name = os.fsdecode("姓名.csv".encode("gbk"))
    write(tmp_path / name)
    with pytest.raises(DataError, match=r"found .*/\\xd0\\xd5\\xc3\\xfb.csv; rename it"):
        find_files(str(tmp_path), ["*.csv"])
    (tmp_path / name).rename(tmp_path / f"{name}.bak")
    assert found(tmp_path, "*.csv") == ["a.csv"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere cannot be listed: No such file"):
        find_files(str(tmp_path / "nowhere"), ["*.csv"])


def test_a_folder_that_may_not_be_read_is_an_error_but_for_the_system_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refused(folder: str) -> Any:
        if os.path.basename(folder) in ("lost+found", "private"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    write(tmp_path / "cats" / "a.png")
    (tmp_path / "lost+found").mkdir()
    assert found(tmp_path, "*/*.png") == ["cats/a.png"]
    (tmp_path / "private").mkdir()
    with pytest.raises(DataError, match="private cannot be listed: Permission denied"):
        find_files(str(tmp_path), ["*/*.png"])


def rename(data: Path) -> None:
    (data / "cats" / "1.png").rename(data / "cats" / "9.png")


def move(data: Path) -> None:
    (data / "cats" / "1.png").rename(data / "dogs" / "1.png")


def exchange_folders(data: Path) -> None:
    (data / "cats").rename(data / "cats2")
    (data / "dogs").rename(data / "cats")
    (data / "cats2").rename(data / "dogs")


def edit_within_a_second(data: Path) -> None:
    write(data / "cats" / "1.png", "y", _TIME_NS + 1000)


def edit_and_set_the_time_back(data: Path) -> None:
    time.sleep(0.02)  # The clock of some file systems ticks a hundred times a second.
    write(data / "cats" / "1.png", "y")


def touch(data: Path) -> None:
    os.utime(data / "cats" / "1.png")


def add(data: Path) -> None:
    write(data / "dogs" / "3.png")


def remove(data: Path) -> None:
    (data / "cats" / "2.png").unlink()


@pytest.mark.parametrize(
    "change",
    [
        rename,
        move,
        exchange_folders,
        edit_within_a_second,
        edit_and_set_the_time_back,
        touch,
        add,
        remove,
    ],
)
def test_a_fingerprint_sees(tmp_path: Path, change: Callable[[Path], None]) -> None:
    for name in ("cats/1.png", "cats/2.png", "dogs/7.png", "dogs/8.png"):
        write(tmp_path / name)
    before = fingerprint(find_files(str(tmp_path), ["*/*.png"]))
    assert fingerprint(find_files(str(tmp_path), ["*/*.png"])) == before
    change(tmp_path)
    assert fingerprint(find_files(str(tmp_path), ["*/*.png"])) != before


def test_a_fingerprint_does_not_mind_reading_and_order(tmp_path: Path) -> None:
    paths = [str(write(tmp_path / name)) for name in "abc"]
    before = fingerprint(paths)
    assert (tmp_path / "a").read_text() == "x"
    assert fingerprint(reversed(paths)) == before
    assert len(before) == 16
    (tmp_path / "a").unlink()
    assert fingerprint(paths) != before
