"""EXIF orientation, from the bytes in Python and in the graph, against Pillow."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from modules.common.pictures import exif, exif_graph
from modules.common.pictures.image_files import decode_whole, pixel_digest, servable_bytes
from modules.common.pictures.images import decode, decode_one

ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4


def picture() -> Image.Image:
    """Another look in each of the eight orientations, and smooth enough for JPEG."""
    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:12, :20], pixels[12:, :20], pixels[:12, 20:] = (
        (220, 30, 30),
        (30, 200, 60),
        (40, 60, 210),
    )
    return Image.fromarray(pixels)


def tiff(
    order: str, entries: Sequence[tuple[int, int, int, int]], thumbnail: int | None = None
) -> bytes:
    """EXIF data with entries of tag, type, count and value; a thumbnail has its own orientation."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    head = start + struct.pack(f"{order}IH", 8, len(entries))
    body = b""
    for tag, kind, count, value in entries:
        body += struct.pack(f"{order}HHI", tag, kind, count)
        body += struct.pack(f"{order}HH" if kind == _SHORT else f"{order}I",
                            *((value, 0) if kind == _SHORT else (value,)))  # fmt: skip
    after = len(head) + len(body) + 4
    if thumbnail is None:
        return head + body + struct.pack(f"{order}I", 0)
    inner = struct.pack(f"{order}HHHIHHI", 1, ORIENTATION, _SHORT, 1, thumbnail, 0, 0)
    return head + body + struct.pack(f"{order}I", after) + inner


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def jpeg(*segments: bytes) -> bytes:
    file = io.BytesIO()
    picture().save(file, "JPEG", quality=95)
    contents = file.getvalue()
    return contents[:2] + b"".join(segments) + contents[2:]


def png(chunk: bytes, late: bool = False) -> bytes:
    file = io.BytesIO()
    picture().save(file, "PNG")
    contents = file.getvalue()
    body = b"eXIf" + chunk
    whole = struct.pack(">I", len(chunk)) + body + struct.pack(">I", zlib.crc32(body))
    at = len(contents) - 12 if late else 33
    return contents[:at] + whole + contents[at:]


@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def in_graph(content: tf.Tensor) -> tf.Tensor:
    is_png = tf.equal(tf.strings.substr(content, 0, 8), exif.PNG_START)
    return exif_graph.orientation(content, is_png)


def told(contents: bytes) -> int:
    """What both say, who must agree."""
    found = exif.orientation(contents)
    assert int(in_graph(contents)) == found
    return found


def by_pillow(contents: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(contents))
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_are_turned_as_pillow_turns_them(order: str, orientation: int) -> None:
    data = tiff(order, [(0x010F, _SHORT, 1, 5), (ORIENTATION, _SHORT, 1, orientation)], thumbnail=4)
    lossless = png(data)
    assert told(lossless) == orientation
    np.testing.assert_array_equal(decode_one(tf.constant(lossless)), by_pillow(lossless))
    lossy = jpeg(segment(0xE1, exif.PREFIX + data))
    assert told(lossy) == orientation
    wanted = by_pillow(lossy)
    found = decode_one(tf.constant(lossy)).numpy()
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "MPO", "AVIF"])
def test_what_pillow_writes(kind: str, orientation: int) -> None:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    file = io.BytesIO()
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "MPO":
        options = {"save_all": True, "append_images": [picture()]}
    picture().save(file, kind, exif=tags, **options)
    contents = file.getvalue()
    served = servable_bytes(contents)
    found = decode_one(tf.constant(served)).numpy()
    wanted = by_pillow(contents)
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= 4
    if kind in ("WEBP", "TIFF"):
        assert exif.orientation(served) == 1
    image = decode_whole(contents)
    assert np.asarray(exif.upright(image, contents)).shape == wanted.shape


def test_one_picture_in_eight_orientations_is_one_picture() -> None:
    upright = picture()
    found, digests = [], set()
    for orientation, back in enumerate(
        [None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180,
         Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90,
         Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270], start=1
    ):  # fmt: skip
        tags = Image.Exif()
        tags[ORIENTATION] = orientation
        file = io.BytesIO()
        (upright if back is None else upright.transpose(back)).save(file, "PNG", exif=tags)
        contents = file.getvalue()
        found.append(contents)
        digests.add(pixel_digest(exif.upright(decode_whole(contents), contents)))
    assert len(digests) == 1
    batch = decode(tf.constant(found), 24, 40, channels=3).numpy()
    np.testing.assert_array_equal(batch, np.stack([np.asarray(upright)] * 8))
    small = decode(tf.constant(found), 16, 16, channels=1, fit="crop").numpy()
    assert (small == small[:1]).all()


def test_it_is_found_after_other_segments_and_only_there() -> None:
    data = exif.PREFIX + tiff("<", [(ORIENTATION, _SHORT, 1, 6)])
    icc = segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000))
    assert told(jpeg(icc, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"), icc, icc,
                     segment(0xFE, b"a comment"), segment(0xE1, data))) == 6  # fmt: skip
    assert told(jpeg(segment(0xE1, data), segment(0xE1, exif.PREFIX + tiff(">", [])))) == 6
    assert told(jpeg(segment(0xFE, data), segment(0xE5, data))) == 1
    # A whole picture within a segment, as some cameras have it, is no part of it.
    assert told(jpeg(segment(0xE4, jpeg(segment(0xE1, data))))) == 1
    after_end = jpeg() + segment(0xE1, data)
    assert told(after_end) == 1
    assert told(png(tiff(">", [(ORIENTATION, _SHORT, 1, 8)]), late=True)) == 8
    assert told(png(exif.PREFIX + tiff(">", [(ORIENTATION, _SHORT, 1, 8)]))) == 8


@pytest.mark.parametrize(
    ("entries", "orientation"),
    [
        ([(ORIENTATION, _LONG, 1, 3)], 3),
        ([(ORIENTATION, _SHORT, 1, 0)], 1),
        ([(ORIENTATION, _SHORT, 1, 9)], 1),
        ([(ORIENTATION, _LONG, 1, 2**31 + 6)], 1),
        ([(ORIENTATION, _SHORT, 2, 6)], 1),
        ([(ORIENTATION, 12, 1, 6)], 1),
        ([(ORIENTATION, _SHORT, 1, 3), (ORIENTATION, _SHORT, 1, 8)], 8),
        ([(0x0100, _SHORT, 1, 6)] * 60 + [(ORIENTATION, _SHORT, 1, 5)], 5),
        ([], 1),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_odd_tags(order: str, entries: list[tuple[int, int, int, int]], orientation: int) -> None:
    assert told(png(tiff(order, entries))) == orientation
    assert told(jpeg(segment(0xE1, exif.PREFIX + tiff(order, entries)))) == orientation


def test_garbage_is_upright_and_never_an_error() -> None:
    whole = tiff("<", [(0x010F, _SHORT, 1, 5), (ORIENTATION, _SHORT, 1, 6)])
    for length in range(len(whole)):
        cut = whole[:length]
        expected = 6 if length >= 8 + 2 + 24 else 1
        assert told(jpeg(segment(0xE1, exif.PREFIX + cut))) == expected
        assert told(png(cut)) == expected
    start = b"\xff\xd8\xff"
    for contents in (
        *(b"", start, exif.PNG_START, b"Exif\0\0", exif.PNG_START + b"eXIf"),
        *(start + b"\xe1\0\0Exif\0\0", start + b"\xff" * 5000 + b"Exif\0\0"),
    ):
        assert told(contents) == 1


def test_both_readers_agree_on_damage() -> None:
    drawn = random.Random(7)
    data = tiff(">", [(0x010F, _SHORT, 1, 5), (ORIENTATION, _SHORT, 1, 6)], thumbnail=3)
    seen = set()
    for contents in (jpeg(segment(0xE0, b"x" * 9), segment(0xE1, exif.PREFIX + data)), png(data)):
        for _ in range(400):
            changed = bytearray(contents[: drawn.randrange(60, len(contents))])
            for _ in range(drawn.randrange(4)):
                changed[drawn.randrange(min(120, len(changed)))] = drawn.randrange(256)
            seen.add(told(bytes(changed)))
    assert {1, 6} <= seen
