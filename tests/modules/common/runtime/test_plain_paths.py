"""Paths that no library takes for a pattern."""

from __future__ import annotations

import glob
import os
import subprocess
from pathlib import Path

import pytest

from modules.common.runtime.plain_paths import PlainPaths


@pytest.mark.parametrize("name", ["r[1]", "*", "what?", "in {SPAN}", "a\\b", "[x]/plain/y?"])
def test_the_same_folder_by_a_plain_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir(parents=True)
    (folder / "file").write_text("here", encoding="utf-8")
    with PlainPaths() as paths:
        plain = paths.plain(str(folder / "file"))
        assert plain == glob.escape(plain)
        assert not set("*?[]{}\\") & set(plain)
        assert glob.glob(f"{paths.plain(str(folder))}/*") == [plain]
        assert Path(plain).read_text(encoding="utf-8") == "here"
        os.makedirs(paths.plain(str(folder / "new" / "deep")))
        assert subprocess.check_output(["cat", plain]) == b"here"
        assert paths.original(f"{plain}: no") == f"{folder / 'file'}: no"
    assert (folder / "new" / "deep").is_dir()
    assert not os.path.exists(plain)


def test_other_paths_stay_as_they_are(tmp_path: Path) -> None:
    with PlainPaths() as paths:
        for path in (str(tmp_path), "gs://bucket/[1]/x", "/tmp/照片 v1.0 (copy)#%20"):
            assert paths.plain(path) == path
        assert paths.original(str(tmp_path)) == str(tmp_path)


def test_paths_of_several_folders_are_told_apart(tmp_path: Path) -> None:
    folders = [tmp_path / f"r[{number}]" for number in range(12)]
    with PlainPaths() as paths:
        for folder in folders:
            folder.mkdir()
            paths.plain(str(folder))
        for folder in folders:
            assert paths.original(paths.plain(str(folder / "x"))) == str(folder / "x")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with PlainPaths() as paths, pytest.raises(FileNotFoundError):
        paths.plain(str(tmp_path / "r[1]" / "x"))
