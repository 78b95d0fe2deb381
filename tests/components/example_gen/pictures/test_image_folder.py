"""Folders of pictures, through the whole executor."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from drawing import FOLDER, Settings, task, write_picture
from PIL import Image
from run_executor import execute, read_back
from tfx.components.example_gen.driver import FileBasedDriver
from tfx.orchestration import data_types

from components.example_gen.pictures.image_folder import ImageFolderExampleGen
from components.example_gen.pictures.image_reader import read_picture
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import DataError


def make_folder(folder: Path) -> None:
    """Twelve pictures at both levels, three bad ones, and what is no picture."""
    for number, name in enumerate(
        ["1.png", "2.PNG", "3.jpg", "4.JPEG", "5.Gif", "6.bmp", "7.webp", "a/8.png", "a/9_x.jpg",
         "b/10.PNG", "b/11.png", "a/12.BMP"]
    ):  # fmt: skip
        write_picture(folder / name, number * 20)
    write_picture(folder / "letters.png", 0)
    Image.effect_noise((64, 64), 50).save(folder / "a" / "13.jpg")
    os.truncate(folder / "a" / "13.jpg", 1500)
    (folder / "b" / "14.png").write_bytes(b"")
    for name in (".DS_Store", "._1.png", "a/._8.png", "notes.txt", ".thumbs/1.png", "a/deep/1.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"no picture")
    (folder / "folder.png").mkdir()


def test_pictures_of_both_levels_become_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, output = tmp_path / "data", tmp_path / "ImageFolderExampleGen" / "examples" / "1"
    make_folder(data)
    examples = execute(monkeypatch, ImageFolderExampleGen, task(FOLDER), data, output)
    found = [features for split in ("train", "eval") for features in read_back(output, split)]
    assert sorted(int(features["text"]) for features in found) == list(range(1, 13))
    images = {int(features["text"]): features["image"] for features in found}
    assert images[2] == (data / "2.PNG").read_bytes()
    assert images[7].startswith(b"\x89PNG")
    rejects = {
        reject["path"]: reject["reason"]
        for reject in map(
            json.loads, (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
        )
    }
    assert set(rejects) == {"letters.png", "a/13.jpg", "b/14.png"}
    assert rejects["letters.png"] == "expected digits, found 'letters'"
    assert "the JPEG picture does not decode" in rejects["a/13.jpg"]
    assert rejects["b/14.png"] == "the file is empty"
    assert examples.get_int_custom_property("quarantined") == 3


def test_many_pictures_are_read_in_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, output = tmp_path / "data", tmp_path / "ImageFolderExampleGen" / "examples" / "1"
    for number in range(250):
        write_picture(data / f"{number}.bmp", number)
    execute(monkeypatch, ImageFolderExampleGen, task(FOLDER), data, output)
    found = [features for split in ("train", "eval") for features in read_back(output, split)]
    assert sorted(int(features["text"]) for features in found) == list(range(250))


def test_no_picture_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match="there is nothing in .*; tiny_task reads a folder of TEXT"):
        execute(monkeypatch, ImageFolderExampleGen, task(FOLDER), tmp_path, tmp_path / "e" / "1")


def test_copies_are_on_the_same_side(tmp_path: Path) -> None:
    config = ReadConfig(
        task_name="tiny_task",
        source=FOLDER,
        settings=Settings(digits="0-9"),
        data_dir=str(tmp_path),
    )
    splits = set()
    for number in range(40):
        first, second = tmp_path / f"{number}.png", tmp_path / "a" / f"{number}_copy.png"
        write_picture(first, number)
        second.parent.mkdir(exist_ok=True)
        shutil.copy(first, second)
        [one], [other] = read_picture(str(first), config), read_picture(str(second), config)
        assert isinstance(one, Record) and isinstance(other, Record)
        assert one.split == other.split
        splits.add(one.split)
    assert splits == {"train", "eval"}


def test_a_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    config = ReadConfig(
        task_name="tiny_task",
        source=FOLDER,
        settings=Settings(digits="0-9"),
        data_dir=str(tmp_path),
    )
    (tmp_path / "1.png").symlink_to(tmp_path / "gone.png")
    assert list(read_picture(str(tmp_path / "1.png"), config)) == [
        Reject("1.png", "", "the file cannot be read: No such file or directory")
    ]


def test_tfx_notices_a_change_at_any_level(tmp_path: Path) -> None:
    make_folder(tmp_path)
    tiny = task(FOLDER)
    component = ImageFolderExampleGen(tiny, FOLDER, str(tmp_path), tell(Settings(), DATA), "digest")
    info = data_types.ComponentInfo("", "", data_types.PipelineInfo("", ""))

    def fingerprint() -> str:
        properties = dict(component.exec_properties)
        driver = FileBasedDriver(None)
        resolved = driver.resolve_exec_properties(properties, info.pipeline_info, info)
        return str(resolved["input_fingerprint"])

    seen = [fingerprint()]
    assert fingerprint() == seen[0]
    for name in ("15.JPG", "b/16.gif"):
        write_picture(tmp_path / name, 9)
        seen.append(fingerprint())
    os.utime(tmp_path / "a" / "8.png", (1, 1))
    seen.append(fingerprint())
    assert len(set(seen)) == 4


def test_the_source_knows_a_folder_of_pictures(tmp_path: Path) -> None:
    assert not FOLDER.matches(tmp_path)
    (tmp_path / "._1.png").write_bytes(b"")
    (tmp_path / "x.png").mkdir()
    assert not FOLDER.matches(tmp_path)
    write_picture(tmp_path / "a" / "1.JPeG", 1)
    assert FOLDER.matches(tmp_path)
