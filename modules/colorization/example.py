"""colorization: the picture of the example request: a grey sun over a striped ground."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

WIDTH_PX, HEIGHT_PX = 120, 80


def picture() -> bytes:
    """Draws it; gives PNG bytes, grey."""
    image = Image.linear_gradient("L").resize((WIDTH_PX, HEIGHT_PX))
    pen = ImageDraw.Draw(image)
    pen.ellipse((80, 8, 104, 32), fill=230)
    for row in range(48, HEIGHT_PX, 4):
        pen.rectangle((0, row, WIDTH_PX, row + 1), fill=200 - row)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
