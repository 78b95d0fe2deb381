"""id_number_ocr: writes drawn strips as files, in the layout of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modules.common.declaring.task import Value
from modules.id_number_ocr.sample.drawing import draw_strip, png_bytes


def write_sample(folder: Path, seed: int, hparams: Mapping[str, Value]) -> None:
    """Writes `NUMBER.png`, each drawn as for training.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same files.
        hparams: `sample_strips` says how many; the rest as for `drawing.draw`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(int(hparams["sample_strips"])):
        strip = draw_strip(index, {**hparams, "seed": seed})
        (folder / f"{strip.number}.png").write_bytes(png_bytes(strip.pixels))
