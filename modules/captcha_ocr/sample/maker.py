"""captcha_ocr: writes drawn captchas as files, in the layout of real ones."""

from __future__ import annotations

from pathlib import Path

from modules.captcha_ocr.sample.drawing import draw_picture, encode
from modules.captcha_ocr.task import Settings


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `TEXT_NUMBER.png`, in colour, drawn as for training.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_captchas` says how many;
            the rest as in `drawing.draw`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(settings.sample_captchas):
        text, picture = draw_picture(index, settings)
        (folder / f"{text}_{index:06d}.png").write_bytes(encode(picture))
