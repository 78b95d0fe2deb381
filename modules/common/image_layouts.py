"""How folders of pictures are laid out: what their paths say of split and class. No TensorFlow.

Tasks name these by import path in an `ImageFolderSource`, or call them from labelers of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from modules.common import split_folders
from modules.common.sources import RawFeatures


class SkipFile(Exception):  # noqa: N818
    """A file that the task leaves alone, with the reason. It is set aside, and no error."""


def split_folder(relative_path: str, hparams: Mapping[str, Any]) -> str | None:
    """Reads the split off the outermost folder, where there is one for each split.

    `train/` is for training, and so is `validation/` (or `val/`), unless the evaluation is to be
    on it. `test/` is never trained on. `modules.common.split_folders` has the other spellings.

    Args:
        relative_path: Path of a picture relative to the data folder, such as `test/hat/1.jpg`.
        hparams: `eval_folder` names the folder to evaluate on; `test` where it is not given.

    Returns:
        `train` or `eval`; `None` where the outermost folder is none of these, as in class
        folders alone.

    Raises:
        SkipFile: If the picture lies in a test folder while the evaluation is on another.
    """
    outermost, *inner = PurePosixPath(relative_path).parts
    if not inner:
        return None
    eval_folder = str(hparams.get("eval_folder", "test"))
    kind = split_folders.kind_of(outermost)
    if split_folders.same_name(outermost, eval_folder):
        return "eval"
    if kind and kind == split_folders.said_by(eval_folder):
        return "eval"
    if kind in (split_folders.TEST, split_folders.PREDICT):
        raise SkipFile(f"{outermost}/ is not used: the evaluation is on {eval_folder}/")
    return "train" if kind else None


def no_label(relative_path: str, hparams: Mapping[str, Any]) -> RawFeatures:
    """Labels nothing: for tasks that learn from pictures alone."""
    return {}


def class_of(relative_path: str) -> str:
    """Gives the name of the folder that holds a picture.

    Args:
        relative_path: Path of a picture relative to the data folder, such as `test/hat/1.jpg`.

    Raises:
        ValueError: If no folder does, that of the data aside.
    """
    name = PurePosixPath(relative_path).parent.name
    if not name:
        raise ValueError("expected a folder named after the picture's class around it, found none")
    return name
