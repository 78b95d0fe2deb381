"""By what names folders of splits go."""

from __future__ import annotations

import pytest

from modules.common.reading.split_folders import find_kind_said_by, kind_of, kinds_of


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("train", "train Training TRAIN training_set Training-Set trainset TrainData trn"),
        ("train", "train_images images_train train2017 train1 X_train data.train"),
        ("train", "训练集 训练 訓練集 训练数据集"),
        ("validation", "validation Validation val VAL valid dev cv validation_set val2017 dev-set"),
        ("validation", "验证集 校验集"),
        ("test", "test Test testing test_set TestSet test1 testdata eval evaluation"),
        ("test", "holdout held_out hold-out 测试集 测试 測試集 评估集 テスト"),
        ("predict", "predict pred prediction inference unlabeled 预测"),
    ],
)  # fmt: skip
def test_the_usual_spellings_are_known(kind: str, names: str) -> None:
    assert {name: kind_of(name) for name in names.split()} == dict.fromkeys(names.split(), kind)


@pytest.mark.parametrize(
    "name",
    "cats invalid trainer trains testament contest pretrained device crosswalk seg_train 2019 猫 "
    "set data images steamtrain".split(),
)
def test_other_names_are_none(name: str) -> None:
    assert kind_of(name) is None


def test_a_word_in_a_longer_name_counts_beside_its_sibling() -> None:
    assert kinds_of(["seg_train", "seg_test", "seg_pred"]) == {
        "seg_train": "train", "seg_test": "test", "seg_pred": "predict",
    }  # fmt: skip
    assert set(kinds_of(["asl_alphabet_train", "asl_alphabet_test"]).values()) == {"train", "test"}
    assert kinds_of(["steam train", "crash test", "cats"]) == {}
    assert kinds_of(["model train", "steam train"]) == {}


def test_a_setting_names_a_kind() -> None:
    told = [find_kind_said_by(name) for name in ("Validation", "val", "holdout_2")]
    assert told == ["validation", "validation", None]
