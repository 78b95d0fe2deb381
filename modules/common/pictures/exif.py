"""How a camera was held, by the EXIF data in a picture's bytes. No TensorFlow.

`pictures.exif_graph` tells the same in the graph; what one of them reads, the other does too:
the first EXIF segment of a JPEG file, before its samples, or the eXIf chunk of a PNG file.
"""

from __future__ import annotations

from PIL import Image, ImageOps

UPRIGHT = 1
ORIENTATIONS = range(1, 9)
TAG = 0x0112
PREFIX = b"Exif\0\0"
PNG_START = b"\x89PNG\r\n\x1a\n"
"""What PNG files begin with."""

TIFF_STARTS = (b"II*\0", b"MM\0*")
BYTES_BY_TYPE = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4}
"""Whole numbers in EXIF data, by the type's number: bytes, shorts and longs."""

MAX_SEGMENTS = 4096
MAX_CHUNKS = 2**14
MAX_ENTRIES = 1024
MAX_CHUNK_BYTES = 2**16
MAX_JPEG_HEAD_BYTES = 2**20
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(contents: bytes) -> int:
    """Reads the orientation of a JPEG or PNG file.

    Args:
        contents: A file's bytes.

    Returns:
        1 to 8 as EXIF counts them; 1, upright, where nothing or nonsense is said.
    """
    if contents.startswith(PNG_START):
        return _of_tiff(_png_exif(contents).removeprefix(PREFIX))
    if contents.startswith(b"\xff\xd8\xff"):
        return _of_tiff(_jpeg_exif(contents))
    return UPRIGHT


def upright(image: Image.Image, contents: bytes) -> Image.Image:
    """Turns a picture as its camera was held.

    Args:
        image: Decoded from `contents`.
        contents: The file's bytes.

    Returns:
        The same object where nothing is said of turning.
    """
    if image.format not in ("JPEG", "MPO", "PNG"):
        # Whatever else Pillow reads is never decoded in the graph.
        return ImageOps.exif_transpose(image)
    turn = _TURNS.get(orientation(contents))
    return image.transpose(turn) if turn is not None else image


def _jpeg_exif(contents: bytes) -> bytes:
    """The TIFF data of the first segment that holds EXIF; empty where none does."""
    if PREFIX not in contents[:MAX_JPEG_HEAD_BYTES]:
        return b""
    position = 2
    for _ in range(MAX_SEGMENTS):
        marker = contents[position + 1 : position + 2]
        if position + 4 > len(contents):
            return b""
        if contents[position] != 0xFF or marker == b"\xff":
            position += 1
        elif marker in (b"\xd9", b"\xda"):
            return b""
        elif marker[0] <= 0x01 or 0xD0 <= marker[0] <= 0xD8:
            position += 2
        else:
            length = int.from_bytes(contents[position + 2 : position + 4], "big")
            segment = contents[position + 4 : position + 2 + length]
            if marker == b"\xe1" and segment.startswith(PREFIX):
                return segment[len(PREFIX) :]
            position += 2 + length
    return b""


def _png_exif(contents: bytes) -> bytes:
    """The data of the first eXIf chunk; empty where there is none."""
    if b"eXIf" not in contents:
        return b""
    position = len(PNG_START)
    for _ in range(MAX_CHUNKS):
        length = int.from_bytes(contents[position : position + 4], "big")
        kind = contents[position + 4 : position + 8]
        if position + 4 >= len(contents):
            return b""
        if kind == b"eXIf":
            return contents[position + 8 : position + 8 + min(length, MAX_CHUNK_BYTES)]
        position += 12 + length
    return b""


def _of_tiff(tiff: bytes) -> int:
    """Reads the tag in the first directory; that of a thumbnail is in the second."""
    if tiff[:4] not in TIFF_STARTS:
        return UPRIGHT
    order = "little" if tiff[:2] == b"II" else "big"

    def number(start: int, count: int) -> int:
        return int.from_bytes(tiff[start : start + count], order)  # type: ignore[arg-type]

    start = number(4, 4)
    found = UPRIGHT
    for entry in range(min(number(start, 2), MAX_ENTRIES)):
        at = start + 2 + 12 * entry
        if at + 12 > len(tiff):
            break
        size = BYTES_BY_TYPE.get(number(at + 2, 2), 0)
        if number(at, 2) == TAG:
            found = number(at + 8, size) if size and number(at + 4, 4) == 1 else UPRIGHT
    return found if found in ORIENTATIONS else UPRIGHT
