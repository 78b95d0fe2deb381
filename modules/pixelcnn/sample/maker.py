"""pixelcnn: writes drawn digits as files, in the layout of class folders."""

from __future__ import annotations

from pathlib import Path

from modules.pixelcnn.sample.drawing import draw_picture, encode
from modules.pixelcnn.task import Settings


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `DIGIT/NUMBER.png`, drawn as for training.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_digits` says how many; the
            rest as in `drawing.draw`.
    """
    for index in range(settings.sample_digits):
        digit, picture = draw_picture(index, settings)
        path = folder / digit / f"{index:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(picture))
