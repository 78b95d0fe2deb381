"""image_retrain: writes drawn landscapes as files, in the layout of class folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modules.common.declaring.task import Value
from modules.common.drawn.scenes import write_scenes


def write_sample(folder: Path, seed: int, hparams: Mapping[str, Value]) -> None:
    """Writes `KIND/KIND_NUMBER.jpg`: beaches, cities, deserts, forests, seas.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same files.
        hparams: `sample_images` says how many.
    """
    write_scenes(folder, seed, int(hparams["sample_images"]))
