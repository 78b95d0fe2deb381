"""id_number_ocr: writes drawn strips as files, in the layout of real ones."""

from __future__ import annotations

from pathlib import Path

from modules.id_number_ocr.sample.drawing import draw_strip, png_bytes
from modules.id_number_ocr.task import Settings


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `NUMBER.png`, each drawn as for training.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_strips` says how many; the
            rest as for `drawing.draw`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(settings.sample_strips):
        strip = draw_strip(index, settings)
        (folder / f"{strip.number}.png").write_bytes(png_bytes(strip.pixels))
