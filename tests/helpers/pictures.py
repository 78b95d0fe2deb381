"""Pictures for tests, some of which Pillow does not write."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 20, 36


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def smooth(mode: str, height: int = HEIGHT, width: int = WIDTH) -> Image.Image:
    """A picture of waves, all of whose channels differ."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = [127.5 + 127 * np.sin(x / (3 + c) + y / (4 - c) + c) for c in range(len(mode))]
    pixels = np.stack(planes, -1).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if len(mode) == 1 else pixels, mode)


def over_white(image: Image.Image) -> Image.Image:
    """As Pillow lays a picture over white."""
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def interlaced(pixels: np.ndarray, depth: int, colour_type: int) -> bytes:
    """An interlaced PNG, which Pillow does not write: Adam7, unfiltered."""
    rows = b""
    for y, x, dy, dx in (
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):  # fmt: skip
        part = pixels[y::dy, x::dx]
        if part.size:
            rows += b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in part)
    size = (pixels.shape[1], pixels.shape[0])
    return png_of(struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 1), zlib.compress(rows))


def png_of(header: bytes, data: bytes) -> bytes:
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
        crc = zlib.crc32(name + body)
        parts.append(struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc))
    return b"".join(parts)


def huge_png(side: int) -> bytes:
    """A whole, valid grey PNG of `side` x `side` zeros: a bomb."""
    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png_of(struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0), data)


def transparent(image: Image.Image) -> Image.Image:
    """A palette picture whose first colours let white shine through."""
    palette = image.quantize(16)
    palette.info["transparency"] = bytes([0, 100] + [255] * 14)
    return palette
