"""id_number_ocr: a strip to its pixels, a number to the ids of its characters."""

from __future__ import annotations

from typing import Any

from modules.common.graph.tensors import Tensors, pack
from modules.common.pictures import images
from modules.common.text.characters import to_ids
from modules.id_number_ocr.numbers import CHARACTERS, NUMBER_CHARS
from modules.id_number_ocr.task import HEIGHT_PX, WIDTH_PX


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, and `number`, string `[batch, 1]` each.
        custom_config: Not used; Transform gives it to every task.

    Returns:
        The declared features.
    """
    pixels = images.decode(inputs["image"][:, 0], HEIGHT_PX, WIDTH_PX)
    return {
        "image": pack(pixels),  # uint8 [batch, 32, 256, 1], as bytes
        "characters": to_ids(inputs["number"][:, 0], CHARACTERS, NUMBER_CHARS),  # [batch, 18]
    }
