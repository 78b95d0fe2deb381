"""What paths of pictures say of split and class."""

from __future__ import annotations

import pytest

from modules.common.declaring.sources import SkipFile
from modules.common.pictures.image_layouts import class_of
from modules.common.reading.settings import SplitFolderSettings
from modules.common.reading.split_folders import split_folder


@pytest.mark.parametrize(
    ("path", "settings", "split"),
    [
        ("test/hat/1.jpg", {}, "eval"),
        ("train/hat/1.jpg", {}, "train"),
        ("validation/hat/1.jpg", {"eval_folder": "test"}, "train"),
        ("val/1.jpg", {}, "train"),
        ("validation/1.jpg", {"eval_folder": "validation"}, "eval"),
        ("Test/1.jpg", {}, "eval"),
        ("TRAIN/1.jpg", {}, "train"),
        ("holdout/1.jpg", {"eval_folder": "holdout"}, "eval"),
        ("hat/1.jpg", {}, None),
        ("hat/test/1.jpg", {}, None),
        ("test.jpg", {}, None),
        ("test", {}, None),
    ],
)
def test_the_outermost_folder_tells_the_split(
    path: str, settings: dict[str, str], split: str | None
) -> None:
    assert split_folder(path, SplitFolderSettings(**settings)) == split


def test_a_test_folder_is_never_trained_on() -> None:
    with pytest.raises(SkipFile, match="test/ is not used: the evaluation is on validation/"):
        split_folder("test/hat/1.jpg", SplitFolderSettings(eval_folder="validation"))


def test_skipping_is_not_an_error_of_the_data() -> None:
    # Labelers raise ValueError for what is bad; this must not be taken for it.
    assert not issubclass(SkipFile, ValueError)


@pytest.mark.parametrize(
    ("path", "name"), [("hat/1.jpg", "hat"), ("test/hat/1.jpg", "hat"), ("帽子/1.jpg", "帽子")]
)
def test_the_innermost_folder_is_the_class(path: str, name: str) -> None:
    assert class_of(path) == name


def test_a_picture_without_a_folder_has_no_class() -> None:
    with pytest.raises(ValueError, match="expected a folder named after the picture's class"):
        class_of("1.jpg")
