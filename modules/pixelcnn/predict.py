"""pixelcnn: how a person orders pictures and gets them. No TensorFlow."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modules.common.asking.request_files import picture_request
from modules.common.asking.request_numbers import parse_number
from modules.common.runtime.errors import SettingError

TAKES = "no input: what to draw is said by options"
NEEDS_INPUT = False
WRITES = ".png"
# Many pictures of 64x64 take minutes.
TIMEOUT_S = 600.0
OPTIONS = {
    "num_images": "How many pictures, 1 to 64. Default: 4.",
    "temperature": "1 draws as the model says, less draws what is likelier; 0 the likeliest.",
    "seed": "Another seed, other pictures.",
    "class": "Of which class, where the model was trained on classes. Default: any.",
    "upper_half": "Path of a picture: its upper half is kept, the model draws the lower.",
}

_GAP_PX = 2
_GRID_PX = 600


def read_request(text: str, **settings: str) -> tuple[str, dict[str, Any]]:
    """Reads an order.

    Args:
        text: Empty: there is no input.
        **settings: By the names in `OPTIONS`; `class`, which is one, cannot be a parameter's name.

    Raises:
        DataError: For an input, a setting that does not parse, or a picture that is none.
    """
    if text:
        raise SettingError(f"pixelcnn takes no input, found {text!r}; say by options what to draw")
    request: dict[str, Any] = {
        "num_images": [parse_number("num_images", settings.get("num_images") or "4", int)],
        "temperature": [parse_number("temperature", settings.get("temperature") or "1", float)],
        "seed": [parse_number("seed", settings.get("seed") or "0", int)],
        "class": [settings.get("class", "")],
        "upper_half": [""],
    }
    if settings.get("upper_half"):
        request["upper_half"] = picture_request("pixelcnn", settings["upper_half"])["image"]
    return "serving_default", request


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Writes the pictures as one, in a grid.

    Args:
        request: What `read_request` gave.
        answer: `images`, PNG bytes `[1, pictures]`.
        out: Where to; `pixelcnn.png` in the current folder if `None`.
    """
    pictures = [Image.open(io.BytesIO(png)) for png in answer["images"][0] if png]
    path = out or Path("pixelcnn.png")
    grid(pictures).save(path)
    size = f"{pictures[0].width}x{pictures[0].height}"
    return f"{len(pictures)} picture{'s'[: len(pictures) != 1]} of {size} → {path}"


def grid(pictures: Sequence[Image.Image]) -> Image.Image:
    """Lays pictures of one size out in rows, enlarged by a whole number where they are small."""
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    width, height = pictures[0].size
    enlarged = max(1, _GRID_PX // (columns * width))
    step_x, step_y = width * enlarged + _GAP_PX, height * enlarged + _GAP_PX
    sheet = Image.new(
        pictures[0].mode, (columns * step_x - _GAP_PX, rows * step_y - _GAP_PX), "white"
    )
    for number, picture in enumerate(pictures):
        large = picture.resize((width * enlarged, height * enlarged), Image.Resampling.NEAREST)
        sheet.paste(large, (number % columns * step_x, number // columns * step_y))
    return sheet
