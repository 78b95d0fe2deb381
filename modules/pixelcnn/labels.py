"""pixelcnn: the class of a picture, from the folder that it is in. No TensorFlow."""

from __future__ import annotations

from pathlib import PurePosixPath

from modules.common.declaring.sources import RawFeatures
from modules.common.reading.split_folders import split_folder
from modules.pixelcnn.task import Settings


def label_from_folder(relative_path: str, settings: Settings) -> RawFeatures:
    """Reads the class off a path.

    Args:
        relative_path: Path of a picture relative to the data folder.
        settings: `eval_folder` is read.

    Returns:
        `class`: the folder's name; empty where there is none, or none but that of a split.
    """
    parent = PurePosixPath(relative_path).parent
    is_split = len(parent.parts) == 1 and split_folder(relative_path, settings) is not None
    return {"class": "" if is_split else parent.name}
