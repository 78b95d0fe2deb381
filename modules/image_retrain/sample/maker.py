"""image_retrain: writes drawn landscapes as files, in the layout of class folders."""

from __future__ import annotations

from pathlib import Path

from modules.common.drawn.scenes import write_scenes
from modules.image_retrain.settings import Settings


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `KIND/KIND_NUMBER.jpg`: beaches, cities, deserts, forests, seas.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_images` says how many.
    """
    write_scenes(folder, settings.seed, settings.sample_images)
