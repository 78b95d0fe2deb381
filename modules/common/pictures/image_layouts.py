"""How folders of pictures are laid out: what their paths say of split and class. No TensorFlow.

Tasks name these by import path in an `ImageFolderSource`, or call them from labelers of their own.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import RawFeatures


def no_label(relative_path: str, settings: Settings) -> RawFeatures:
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
