"""Endings: what is read, what is junk, what is passed over."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from modules.common.pictures.image_files import servable_bytes
from modules.common.reading.file_endings import PICTURES, ending_of, is_document, is_junk, is_unread
from modules.common.reading.unread_files import (
    all_files,
    by_ending,
    check_groups,
    describe,
    folders_of,
)
from modules.common.runtime.errors import DataError


@pytest.mark.parametrize("ending", PICTURES)
def test_pillow_reads_what_is_listed(ending: str) -> None:
    Image.init()
    known = Image.registered_extensions()
    # Names of JPEG that Pillow does not know; it reads the bytes all the same.
    kind = known[f".{'jpg' if ending == 'jif' else ending}"]
    file = io.BytesIO()
    if kind == "MPO":
        Image.new("RGB", (8, 6)).save(file, "MPO", save_all=True)
    else:
        Image.new("RGB", (16, 16), "red").save(file, kind)
    assert servable_bytes(file.getvalue())


@pytest.mark.parametrize(
    "path",
    ["Thumbs.db", "a/.DS_Store", "a/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "__MACOSX/a/._1.jpg",
     "._1.jpg", "desktop.ini", "a/.thumbs/1.png"],
)  # fmt: skip
def test_junk_is_told_from_files(path: str) -> None:
    assert is_junk(path)
    assert not is_junk("thumbs/1.png") and not is_junk("a/1.jpg")


def test_an_ending_is_a_short_word() -> None:
    endings = ["a.JPG", "b.tar.gz", "c", "d.", "e.x y", "f.a sentence that ends here"]
    assert [ending_of(path) for path in endings] == ["jpg", "gz", "", "", "", ""]
    assert is_document("LICENSE") and is_document("a/notes.TXT") and not is_document("a.heic")


def test_all_is_counted(tmp_path: Path) -> None:
    for name in ("a/1.HEIC", "a/2.heic", "b/c/notes", "x.csv", ".hidden", "Thumbs.db", "a/._2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = all_files(str(tmp_path))
    assert found == ["a/1.HEIC", "a/2.heic", "b/c/notes", "x.csv"]
    assert describe(by_ending(found)) == "2 .heic, 1 without an ending, 1 .csv"
    many = by_ending(f"1.x{number}" for number in range(10))
    assert describe(many).endswith("1 .x7, 2 of 2 other endings")


def test_a_folder_that_gives_nothing_is_an_error() -> None:
    passed = ["a/1.heic", "a/2.heic", "a/notes.txt", "c/LICENSE"]

    def check(read: list[str], passed: list[str]) -> None:
        check_groups(read, passed, folders_of, lambda path: is_unread(path, {"jpg"}), "folder")

    with pytest.raises(DataError, match=r"in folder 'a' \(2 .heic, 1 .txt\); convert these files"):
        check(["b/1.jpg"], passed)
    check(["a/b/1.jpg"], passed)
    check(["b/1.jpg"], ["c/LICENSE", "d/notes.txt", "e/list.xlsx", "f/voice.m4a"])
