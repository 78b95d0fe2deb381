"""Folders that stand for a split: by what names they go, in one table. No TensorFlow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Literal

from modules.common.declaring.sources import SkipFile
from modules.common.reading.settings import SplitFolderSettings

Kind = Literal["train", "validation", "test", "predict"]

TRAIN, VALIDATION, TEST, PREDICT = "train", "validation", "test", "predict"
# Longer words first, so that no word is taken for its own beginning.
_WORDS: dict[str, tuple[str, ...]] = {
    TRAIN: (
        *("training", "trainval", "train", "trn", "learning", "entrainement", "entrenamiento"),
        *("trening", "treino", "训练", "訓練", "学習", "學習", "학습", "обучение"),
    ),
    VALIDATION: (
        *("validation", "validate", "valid", "val", "vali", "development", "devel", "dev", "cv"),
        *(
            "crossvalidation",
            "tuning",
            "validierung",
            "验证",
            "驗證",
            "校验",
            "校驗",
            "検証",
            "검증",
        ),
    ),
    TEST: (
        *("testing", "test", "tst", "evaluation", "eval", "holdout", "heldout"),
        *("prueba", "测试", "測試", "评估", "評估", "评测", "テスト", "評価", "테스트", "тест"),
    ),
    PREDICT: (
        *("prediction", "predictions", "predict", "pred", "inference", "infer", "submission"),
        *("unlabeled", "unlabelled", "unlabel", "预测", "預測", "推理", "无标签"),
    ),
}
_FILLERS = (
    *("dataset", "datasets", "data", "sets", "set", "split", "splits", "subset", "part", "folder"),
    *("images", "image", "imgs", "img", "pictures", "picture", "pics", "photos", "photo", "faces"),
    *("samples", "sample", "examples", "files", "dir", "raw", "my", "new", "all", "the", "x"),
    *("captchas", "captcha", "audio", "wavs", "wav", "clips"),
    *("数据集", "数据", "數據集", "數據", "资料", "資料", "图片", "圖片", "图像", "圖像"),
    *("照片", "样本", "樣本", "文件夹", "集合", "集", "用", "的"),
    *("データ", "画像", "用データ", "데이터", "세트"),
)
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words}
_WORD = "|".join(sorted(map(re.escape, _KINDS), key=len, reverse=True))
_FILLER = "|".join(sorted(map(re.escape, _FILLERS), key=len, reverse=True))
_WORD_IN = re.compile(rf"(?:{_FILLER})*?(?P<word>{_WORD})(?:{_FILLER})*")
# A word between others is one only where separators, digits or capitals part it from them.
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def kind_of(name: str) -> Kind | None:
    """Tells which split a folder stands for by its name alone.

    Args:
        name: `train`, `Training_Set`, `testData`, `val2017`, `训练集` and the like.

    Returns:
        The split, or `None` where the name is none of a split's.
    """
    joined = "".join(part for part in _parts(name) if not part.isdigit())
    found = _WORD_IN.fullmatch(joined)
    return _KINDS[found["word"]] if found else None  # type: ignore[return-value]


def kinds_of(names: Collection[str]) -> dict[str, Kind]:
    """Tells which of the folders beside each other stand for splits.

    A word of a split within a longer name, `seg_train`, counts where another of the names says
    another split in the same place, `seg_test`.

    Args:
        names: Names of folders in one folder.

    Returns:
        The split by name, those that stand for none left out.
    """
    found = {name: kind for name in names if (kind := kind_of(name))}
    stems: dict[tuple[str, ...], dict[str, Kind]] = {}
    for name in names:
        parts = _parts(name)
        for place, part in enumerate(parts):
            kind = kind_of(part)
            if kind and len(parts) > 1:
                stem = (*parts[:place], "", *parts[place + 1 :])
                stems.setdefault(stem, {})[name] = kind
    for same in stems.values():
        if len(set(same.values())) > 1:
            found.update(same)
    return found


def find_kind_said_by(setting: str) -> Kind | None:
    """Gives the split that a setting such as `eval_folder=validation` names by its kind."""
    return _KINDS.get(unicodedata.normalize("NFKC", setting).casefold())  # type: ignore[return-value]


def same_name(one: str, other: str) -> bool:
    """Tells whether two names are the same but for case and the ways to write a character."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _parts(name: str) -> list[str]:
    humps = _HUMP.sub(" ", unicodedata.normalize("NFKC", name))
    return _PARTS.findall(humps.casefold())


def split_folder(relative_path: str, settings: SplitFolderSettings) -> str | None:
    """Reads the split off the outermost folder, where there is one for each split.

    `train/` is for training, and so is `validation/` (or `val/`), unless the evaluation is to be
    on it. `test/` is never trained on. `reading.split_folders` has the other spellings.

    Args:
        relative_path: Path of a picture relative to the data folder, such as `test/hat/1.jpg`.
        settings: `eval_folder` names the folder to evaluate on; `test` by default.

    Returns:
        `train` or `eval`; `None` where the outermost folder is none of these, as in class
        folders alone.

    Raises:
        SkipFile: If the picture lies in a test folder while the evaluation is on another.
    """
    outermost, *inner = PurePosixPath(relative_path).parts
    if not inner:
        return None
    eval_folder = settings.eval_folder
    kind = kind_of(outermost)
    if same_name(outermost, eval_folder):
        return "eval"
    if kind and kind == find_kind_said_by(eval_folder):
        return "eval"
    if kind in (TEST, PREDICT):
        raise SkipFile(f"{outermost}/ is not used: the evaluation is on {eval_folder}/")
    return "train" if kind else None
