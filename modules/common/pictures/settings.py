"""Settings of what reads pictures."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, setting
from modules.common.pictures.folder_layouts import CLASS_FOLDERS
from modules.common.pictures.name_labels import NAME_CHECKS
from modules.common.reading.settings import SplitFolderSettings


class PictureSettings(SplitFolderSettings):
    """For pictures that must have a size."""

    min_side_px: int = setting(
        0,
        at_least=0,
        reads=DATA,
        doc="Pictures whose shorter side has fewer pixels are quarantined; 0 for no limit.",
    )


class ClassFolderSettings(SplitFolderSettings):
    """For folders that are the classes of the pictures in them."""

    class_folders: str = setting(
        "auto",
        choices=CLASS_FOLDERS,
        reads=DATA,
        doc="Which folder is a picture's class, where it lies in several: the outer or the inner; "
        "auto finds out, and asks where it cannot.",
    )


class FoldSettings(PictureSettings):
    """For data that is published in folds."""

    fold: int = setting(0, choices=(0, 1, 2, 3, 4), reads=DATA, doc="Fold that is evaluated on.")


class NamedPictureSettings(SplitFolderSettings):
    """For pictures that are named after the text in them."""

    names: str = setting(
        "checked",
        choices=NAME_CHECKS,
        reads=DATA,
        doc="Whether the names of pictures are refused where they cannot be their texts, or "
        "trusted.",
    )
