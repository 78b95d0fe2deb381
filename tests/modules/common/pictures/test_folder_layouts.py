"""What all folders of a data set together tell of split and class."""

from __future__ import annotations

import pytest

from modules.common.declaring.sources import SkipFile
from modules.common.pictures.folder_layouts import FolderLayout, find_layout
from modules.common.pictures.image_layouts import class_of
from modules.common.runtime.errors import DataError


def pictures(*folders: str, count: int = 5) -> list[str]:
    return [f"{folder}/{number}.jpg" for folder in folders for number in range(count)]


def layout(
    paths: list[str], class_folders: str = "auto", eval_folder: str = "test"
) -> FolderLayout:
    return find_layout(
        paths, eval_folder=eval_folder, class_folders=class_folders, needs_class=bool(class_folders)
    )


def read(*folders: str, **settings: str) -> dict[str, tuple[str | None, str]]:
    """Gives split and class by folder."""
    found = layout(pictures(*folders), **settings)
    told = {}
    for folder in folders:
        path = f"{folder}/0.jpg"
        try:
            told[folder] = (found.split(path), class_of(found.strip_split_folders(path)))
        except SkipFile as reason:
            told[folder] = ("unused", str(reason))
    return told


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"), ("seg_train", "seg_test"), ("训练集", "测试集"),
        ("Training", "Test"), ("train", "holdout"), ("trainset", "testset"), ("Train_A", "Test_A"),
        ("data/train", "data/test"), ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"), ("train/images", "test/images"),
    ],
)  # fmt: skip
def test_folders_of_splits_are_neither_classes_nor_mixed(train: str, test: str) -> None:
    told = read(f"{train}/cats", f"{train}/dogs", f"{test}/cats", f"{test}/dogs")
    assert list(told.values()) == [
        ("train", "cats"), ("train", "dogs"), ("eval", "cats"), ("eval", "dogs"),
    ]  # fmt: skip


def test_splits_may_be_inside_the_classes() -> None:
    told = read("cats/train", "cats/test", "dogs/train", "dogs/test")
    assert list(told.values()) == [("train", "cats"), ("eval", "cats"),
                                   ("train", "dogs"), ("eval", "dogs")]  # fmt: skip


def test_the_inner_of_two_splits_tells_what_is_trained_on() -> None:
    folders = ("train/train/cats", "train/train/dogs", "train/val/cats", "train/val/dogs")
    told = read(*folders, eval_folder="validation")
    assert list(told.values()) == [("train", "cats"), ("train", "dogs"),
                                   ("eval", "cats"), ("eval", "dogs")]  # fmt: skip


def test_validation_is_trained_on_unless_it_is_evaluated_on() -> None:
    folders = ("Training/cats", "Validation/cats", "Training/dogs")
    assert [split for split, _ in read(*folders).values()] == ["train"] * 3
    assert layout(pictures(*folders)).other_splits() == ["Validation"]
    assert read(*folders, eval_folder="validation")["Validation/cats"] == ("eval", "cats")
    assert read(*folders, eval_folder="Validation")["Validation/cats"] == ("eval", "cats")


def test_a_test_folder_is_not_trained_on_while_another_is_evaluated_on() -> None:
    told = read("train/cats", "val/cats", "test_set/cats", eval_folder="val")
    assert told["test_set/cats"] == ("unused", "test_set/ is not used: the evaluation is on val/")
    told = read("train/cats", "test/cats", "train/test/cats")
    assert told["train/test/cats"][0] == "eval"


def test_a_test_folder_without_labels_is_set_aside_and_the_digest_splits() -> None:
    told = read("train/cats", "train/dogs", "test1")
    assert told["train/cats"] == (None, "cats")
    assert told["test1"][0] == "unused" and "test1/ holds no folders of classes" in told["test1"][1]


def test_what_is_to_be_predicted_is_no_class() -> None:
    told = read("seg_train/seg_train/sea", "seg_test/seg_test/sea", "seg_pred/seg_pred")
    assert told["seg_train/seg_train/sea"] == ("train", "sea")
    assert told["seg_pred/seg_pred"][0] == "unused"


@pytest.mark.parametrize(
    "classes", [("train", "car", "bus"), ("valid", "invalid"), ("dev", "sales")]
)
def test_classes_may_be_named_like_a_split(classes: tuple[str, ...]) -> None:
    assert read(*classes) == {name: (None, name) for name in classes}


@pytest.mark.parametrize(
    ("folders", "outer", "inner"),
    [
        (("cats/2019", "cats/2020", "dogs/2019"), "cats", "2019"),
        (("cats/2019", "cats/2020"), "cats", "2019"),
        (("train/cats/2019", "train/dogs/2019", "test/cats/2019"), "cats", "2019"),
        (("amazon/bag", "dslr/bag"), "amazon", "bag"),
        (("train/cats", "test/cats", "extra/cats"), "extra", "cats"),
        (("data/cats/a", "data/dogs/b"), "cats", "a"),
    ],
)
def test_what_can_be_read_two_ways_is_refused(
    folders: tuple[str, ...], outer: str, inner: str
) -> None:
    with pytest.raises(DataError) as caught:
        layout(pictures(*folders))
    for part in (f"of class {outer!r}, the outer", f"of class {inner!r}, the inner",
                 "--set class_folders=outer", "--set class_folders=inner"):  # fmt: skip
        assert part in str(caught.value)


def test_the_setting_chooses() -> None:
    folders = ("cats/2019", "cats/2020", "dogs/2019")
    assert [name for _, name in read(*folders, class_folders="outer").values()] == [
        "cats", "cats", "dogs",
    ]  # fmt: skip
    assert [name for _, name in read(*folders, class_folders="inner").values()] == [
        "2019", "2020", "2019",
    ]  # fmt: skip
    assert {name for _, name in read(*folders[:2], class_folders="outer").values()} == {"cats"}


def test_a_folder_around_all_classes_means_nothing() -> None:
    assert read("flower_photos/rose", "flower_photos/tulip") == {
        "flower_photos/rose": (None, "rose"), "flower_photos/tulip": (None, "tulip"),
    }  # fmt: skip


def test_a_folder_inside_a_class_that_has_pictures_of_its_own_belongs_to_it() -> None:
    told = read("cats", "cats/from phone", "dogs", "dogs/new/2020")
    assert [name for _, name in told.values()] == ["cats", "cats", "dogs", "dogs"]
    # A stray picture makes no class of a group.
    with pytest.raises(DataError, match="of class 'pets', the outer folder, or of class 'cats'"):
        layout([*pictures("pets", count=1), *pictures("pets/cats", "pets/dogs"), "cars/1.jpg"])


def test_without_classes_folders_only_tell_the_split() -> None:
    found = layout(pictures("train", "test", "more"), class_folders="")
    assert [found.split(f"{name}/0.jpg") for name in ("train", "test", "more")] == [
        "train", "eval", None,
    ]  # fmt: skip
    assert found.strip_split_folders("train/25_f_1.jpg") == "25_f_1.jpg"
    # Whatever a labelled picture is kept for, it can be learnt from as before.
    found = layout(pictures("train", "test", "predict"), class_folders="")
    assert found.split("predict/0.jpg") is None
    alone = layout(pictures("train"), class_folders="")
    assert alone.split("train/0.jpg") is None
