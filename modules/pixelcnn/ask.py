"""pixelcnn: several pictures are written as one."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from modules.common.asking.asking import Answer, Asking, Request, Said

_GAP_PX = 2
_GRID_PX = 600


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    """Writes the pictures as one, in a grid.

    Args:
        request: Not used.
        answer: `images`, PNG bytes `[1, pictures]`.
        out: Where to.
        said: Not used.
    """
    pictures = [Image.open(io.BytesIO(png)) for png in answer["images"][0] if png]
    path = out or Path("pixelcnn.png")
    lay_out(pictures).save(path)
    size = f"{pictures[0].width}x{pictures[0].height}"
    return f"{len(pictures)} picture{'s'[: len(pictures) != 1]} of {size} → {path}"


def lay_out(pictures: Sequence[Image.Image]) -> Image.Image:
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


ASKING = Asking(show=show, writes=".png")
