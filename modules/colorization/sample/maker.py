"""colorization: writes drawn landscapes, in folders of kinds. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

from modules.colorization.task import Settings
from modules.common.drawn.scenes import write_scenes


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `<kind>/<kind>_<number>.jpg`.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_pictures` says how many.
    """
    write_scenes(folder, settings.seed, settings.sample_pictures)
