"""colorization: writes drawn landscapes, in folders of kinds. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modules.common.declaring.task import Value
from modules.common.drawn.scenes import write_scenes


def write_sample(folder: Path, seed: int, hparams: Mapping[str, Value]) -> None:
    """Writes `<kind>/<kind>_<number>.jpg`.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same pictures.
        hparams: `sample_pictures` says how many.
    """
    write_scenes(folder, seed, int(hparams["sample_pictures"]))
