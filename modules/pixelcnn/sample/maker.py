"""pixelcnn: writes drawn digits as files, in the layout of class folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modules.common.declaring.task import Value
from modules.pixelcnn.sample.drawing import draw_picture, encoded


def write_sample(folder: Path, seed: int, hparams: Mapping[str, Value]) -> None:
    """Writes `DIGIT/NUMBER.png`, drawn as for training.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same files.
        hparams: `sample_digits` says how many; the rest as in `drawing.draw`.
    """
    for index in range(int(hparams["sample_digits"])):
        digit, picture = draw_picture(index, {**hparams, "seed": seed})
        path = folder / digit / f"{index:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(picture))
