"""image_retrain: a picture's class, from the folder that holds it. No TensorFlow."""

from __future__ import annotations

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import RawFeatures
from modules.common.pictures.image_layouts import class_of


def label_from_folder(relative_path: str, settings: Settings) -> RawFeatures:
    """Reads the class off a path.

    Args:
        relative_path: `CLASS/anything.jpg`, or the same below `train/`, `validation/`, `test/`.
        settings: Not used.

    Returns:
        `label`, the folder's name.

    Raises:
        ValueError: If the picture lies in no class's folder.
    """
    return {"label": class_of(relative_path)}
