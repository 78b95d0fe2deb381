"""Folders of pictures as people have them: splits, classes, and files that nothing reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from picture_folders import ingest, write_pictures
from run_executor import execute

from components.example_gen import quarantine
from components.example_gen.pictures.image_folder import ImageFolderExampleGen
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError

NUMBERS = ("11010119900307109X", "110101199003071014")


@pytest.mark.parametrize(
    ("task_name", "train", "test"),
    [
        ("captcha_ocr", "AB12_1.png", "CD34_1.png"),
        ("id_number_ocr", f"{NUMBERS[0]}_1.png", f"{NUMBERS[0]}_2.png"),
        ("age_gender", "25_f_1.jpg", "40_m_1.jpg"),
        ("colorization", "1.png", "2.png"),
        ("deep_dream", "1.png", "2.png"),
        ("pixelcnn", "1.png", "2.png"),
        ("image_retrain", "a/1.png", "a/2.png"),
    ],
)
@pytest.mark.parametrize(
    ("train_folder", "test_folder"),
    [("train", "test"), ("训练集", "测试集"), ("seg_train", "seg_test")],
)
def test_no_task_trains_on_its_test_folder(
    tmp_path: Path, task_name: str, train: str, test: str, train_folder: str, test_folder: str
) -> None:
    names = [f"{train_folder}/{train}", f"{test_folder}/{test}"]
    write_pictures(tmp_path, *names)
    names_of_settings = {each.name for each in load_task(task_name).declared}
    side = {"min_side_px": 1} if "min_side_px" in names_of_settings else {}
    found = ingest(task_name, tmp_path, **side)
    assert not found.reasons
    assert found.splits == {names[0]: "train", names[1]: "eval"}


def test_another_folder_may_be_evaluated_on(tmp_path: Path) -> None:
    write_pictures(tmp_path, "train/AB12.png", "val/CD34.png", "test/EF56.png")
    found = ingest("captcha_ocr", tmp_path, eval_folder="val")
    assert found.splits == {"train/AB12.png": "train", "val/CD34.png": "eval"}
    assert found.reasons == {"test/EF56.png": "test/ is not used: the evaluation is on val/"}
    shutil.rmtree(tmp_path / "test")
    with pytest.raises(DataError, match=r"evaluate on; --set eval_folder= .*\(there is val/\)"):
        ingest("captcha_ocr", tmp_path)


def test_classes_with_folders_inside(tmp_path: Path) -> None:
    write_pictures(tmp_path, *(f"{name}/{year}/{number}.png" for name in ("cats", "dogs")
                               for year in (2019, 2020) for number in range(3)))  # fmt: skip
    with pytest.raises(DataError, match="can be read two ways: as of class 'cats'"):
        ingest("image_retrain", tmp_path, min_side_px=1)
    found = ingest("image_retrain", tmp_path, min_side_px=1, class_folders="outer")
    assert set(found.labels().values()) == {"cats", "dogs"}
    found = ingest("pixelcnn", tmp_path, min_side_px=1, class_folders="inner")
    assert set(found.labels("class").values()) == {"2019", "2020"}


def test_a_class_may_be_named_like_a_split(tmp_path: Path) -> None:
    write_pictures(tmp_path, "train/1.png", "car/1.png", "bus/1.png")
    found = ingest("image_retrain", tmp_path, min_side_px=1)
    assert set(found.labels().values()) == {"train", "car", "bus"}
    assert set(ingest("pixelcnn", tmp_path).labels("class").values()) == {"train", "car", "bus"}


def test_usual_endings_are_read_and_all_others_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, "a/1.JFIF", "a/2.jpe", "a/3.TIF", "a/4.tiff", "b/5.JPG", "b/6.png")
    for name in ("a/7.heic", "a/8.HEIC", "a/notes.txt", "b/9", "b/Thumbs.db", "__MACOSX/a/._1.jpg",
                 "@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", ".DS_Store", "b/._6.png"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"none")
    write_pictures(tmp_path, "loose.jpg")
    found = ingest("image_retrain", tmp_path, min_side_px=1)
    assert sorted(Path(path).stem for path in found.splits) == list("123456")
    assert found.features["a/3.TIF"]["image"].startswith(b"\x89PNG")
    assert found.passed_over == {
        ".heic": 2, ".txt": 1, "without an ending": 1, ".jpg in no folder of a class": 1,
    }  # fmt: skip
    assert not found.reasons


@pytest.mark.parametrize(
    ("ending", "said"), [("heic", ".heic"), ("dng", ".dng"), ("", "without an ending")]
)
def test_a_class_that_gives_nothing_is_an_error(tmp_path: Path, ending: str, said: str) -> None:
    write_pictures(tmp_path, "a/1.png", "b/2.jpg")
    (tmp_path / "birds").mkdir()
    for number in range(2):
        name = f"{number}.{ending}" if ending else f"IMG_{number}"
        shutil.copy(tmp_path / "b" / "2.jpg", tmp_path / "birds" / name)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README.txt").write_text("of a person")
    with pytest.raises(DataError, match=rf"read in class 'birds' \(2 {said}\); convert"):
        ingest("image_retrain", tmp_path, min_side_px=1)


def test_a_folder_that_gives_nothing_is_an_error(tmp_path: Path) -> None:
    write_pictures(tmp_path, "a/1.png", "a/2.png")
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "1.HEIC").write_bytes(b"none")
    with pytest.raises(DataError, match=r"nothing can be read in folder 'phone' \(1 .heic\)"):
        ingest("colorization", tmp_path, min_side_px=1)
    shutil.rmtree(tmp_path / "a")
    with pytest.raises(DataError, match="there is nothing in .* but 1 .heic; colorization reads"):
        ingest("colorization", tmp_path, min_side_px=1)


def test_a_class_all_of_whose_pictures_are_bad_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, output = tmp_path / "data", tmp_path / "ImageFolderExampleGen" / "examples" / "1"
    write_pictures(data, *(f"{name}/{number}.png" for name in "ab" for number in range(40)))
    for number in range(2):
        (data / "c").mkdir(exist_ok=True)
        (data / "c" / f"{number}.jpg").write_bytes(b"none")
    # One such file is rather a stray one, and is in the quarantine.
    (data / "d").mkdir()
    (data / "d" / "1.png").write_bytes(b"")
    (data / "d" / "1.heic").write_bytes(b"")
    said = r"can be used of 1 of 4 classes:\n  'c', 2 pictures, most often: expected a whole"
    with pytest.raises(DataError, match=said):
        execute(monkeypatch, ImageFolderExampleGen, load_task("image_retrain"), data, output,
                min_side_px=1)  # fmt: skip
    assert str(quarantine.read_counts(str(output))).endswith(
        "3 quarantined, files passed over: 1 .heic"
    )
