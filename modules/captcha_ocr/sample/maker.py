"""captcha_ocr: writes drawn captchas as files, in the layout of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modules.captcha_ocr.sample.drawing import draw_picture, encoded
from modules.common.declaring.task import Value


def write_sample(folder: Path, seed: int, hparams: Mapping[str, Value]) -> None:
    """Writes `TEXT_NUMBER.png`, in colour, drawn as for training.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same files.
        hparams: `sample_captchas` says how many; the rest as in `drawing.draw`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(int(hparams["sample_captchas"])):
        text, picture = draw_picture(index, {**hparams, "seed": seed})
        (folder / f"{text}_{index:06d}.png").write_bytes(encoded(picture))
