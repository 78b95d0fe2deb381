"""deep_dream: the picture of the example request: a sun over a striped ground."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

# No smaller, since inception_v3 takes no picture below 75.
SIDE_PX = 80


def picture() -> bytes:
    """Draws it; gives PNG bytes of 80x80 pixels."""
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), (120, 170, 220))
    pen = ImageDraw.Draw(image)
    pen.ellipse((50, 8, 68, 26), fill=(250, 220, 90))
    for row in range(48, SIDE_PX, 4):
        pen.rectangle((0, row, SIDE_PX, row + 1), fill=(40 + row, 130, 60))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
