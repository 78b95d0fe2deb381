"""captcha_ocr: draws captchas with the `captcha` package, reproducibly. No TensorFlow."""

from __future__ import annotations

import functools
import io
import random
import threading
from collections.abc import Sequence
from typing import Any

import captcha.image
from PIL import Image

from modules.captcha_ocr.charsets import CHARSETS
from modules.captcha_ocr.task import HEIGHT_PX, WIDTH_PX, Settings
from modules.common.declaring.sources import RawFeatures
from modules.common.runtime.replacing import replace_attribute

_lock = threading.Lock()


def draw(index: int, settings: Settings) -> RawFeatures:
    """Draws the captcha of an index.

    Args:
        index: Which one, from 0.
        settings: `seed`, `charset`, `min_chars` and `max_chars` are read.

    Returns:
        `image`: PNG bytes, 60x160, grey; `text`; its `length`. The same for the same index and
        settings.

    """
    text, picture = draw_picture(index, settings)
    # The model sees grey; colour would make the files three times as large.
    return {"image": encode(picture.convert("L")), "text": text, "length": len(text)}


def draw_picture(index: int, settings: Settings) -> tuple[str, Image.Image]:
    """Draws the captcha of an index in its colours; gives its text and the picture."""
    rng = random.Random(f"{settings.seed}/{index}")
    known, shortest, longest = CHARSETS[settings.charset], settings.min_chars, settings.max_chars
    text = "".join(rng.choice(known) for _ in range(rng.randint(shortest, longest)))
    # The package draws with the system's randomness, which knows no seed.
    with _lock, replace_attribute(captcha.image, "secrets", _Seeded(rng)):
        return text, _generator().generate_image(text)


def encode(picture: Image.Image) -> bytes:
    """Writes a picture as PNG."""
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=1)
    return file.getvalue()


@functools.cache
def _generator() -> captcha.image.ImageCaptcha:
    return captcha.image.ImageCaptcha(WIDTH_PX, HEIGHT_PX)


class _Seeded:
    """What the package uses of the module `secrets`, from a seeded generator."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def randbelow(self, bound: int) -> int:
        return self._rng.randrange(bound)

    def randbits(self, bits: int) -> int:
        return self._rng.getrandbits(bits)

    def choice(self, items: Sequence[Any]) -> Any:
        return self._rng.choice(items)
