"""captcha_ocr: a captcha to its pixels, its text to the ids of its characters."""

from __future__ import annotations

from typing import Any

from modules.captcha_ocr.charsets import MAX_CHARS, symbols
from modules.captcha_ocr.task import HEIGHT_PX, WIDTH_PX, Settings
from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack
from modules.common.pictures import images
from modules.common.text.characters import to_ids


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, and `text`, string `[batch, 1]` each.
        custom_config: `settings` holds `charset`.

    Returns:
        The declared features.
    """
    pixels = images.decode(inputs["image"][:, 0], HEIGHT_PX, WIDTH_PX)
    known = symbols(restore(Settings, custom_config["settings"]).charset)
    return {
        "image": pack(pixels),  # uint8 [batch, 60, 160, 1], as bytes
        "characters": to_ids(inputs["text"][:, 0], known, MAX_CHARS),  # [batch, 6]
    }
