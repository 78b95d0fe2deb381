"""Files of pictures: what is kept, what is converted, what is refused."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modules.common.pictures.image_files import decode_whole, pixel_digest, servable_bytes


def picture(mode: str) -> Image.Image:
    rng = np.random.default_rng(3)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 2**16, (6, 9)).astype(np.uint16))
    pixels = rng.integers(0, 256, (6, 9, 4)).astype(np.uint8)
    if mode == "CMYK":
        return Image.fromarray(pixels, "CMYK")
    return Image.fromarray(pixels, "RGBA").convert(mode)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(contents: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(contents))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "L"), ("PNG", "1"), ("PNG", "LA"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "I;16"),
        ("JPEG", "L"), ("JPEG", "RGB"), ("GIF", "L"), ("GIF", "P"), ("BMP", "RGB"),
        ("BMP", "RGBA"),
    ],
)  # fmt: skip
def test_what_the_graph_reads_is_kept(kind: str, mode: str) -> None:
    contents = file_of(picture(mode), kind)
    assert servable_bytes(contents) == contents


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("WEBP", "RGB", {}), ("WEBP", "RGBA", {"lossless": True}), ("TIFF", "L", {}),
        ("TIFF", "CMYK", {}), ("TIFF", "I;16", {}), ("JPEG", "CMYK", {}), ("BMP", "L", {}),
        ("BMP", "1", {}), ("PPM", "RGB", {}), ("GIF", "P", {"transparency": 0}),
        ("TIFF", "LA", {}),
    ],
)  # fmt: skip
def test_other_kinds_become_png_of_the_same_pixels(
    kind: str, mode: str, options: dict[str, Any]
) -> None:
    contents = file_of(picture(mode), kind, **options)
    found, wanted = opened(servable_bytes(contents)), opened(contents)
    assert found.format == "PNG"
    if mode == "I;16":
        np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))
    else:
        np.testing.assert_array_equal(
            np.asarray(found.convert("RGBA")), np.asarray(wanted.convert("RGBA"))
        )


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + crc + b"\0\0\0\x09IDAT" + bytes(9)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"", "the file is empty"),
        (b"not a picture", r"found 13 bytes beginning with b'not a pi'"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "expected a whole picture"),
        (png_header(50_000, 50_000), "at most 16,777,216 pixels, found far more"),
        (png_header(5_000, 5_000), "at most 16,777,216 pixels, found 5,000 x 5,000"),
        (png_header(9, 6), "damaged or cut off"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(contents: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        servable_bytes(contents)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_picture_that_is_cut_off_is_refused(kind: str, share: float) -> None:
    image = picture("RGB").resize((60, 40))
    contents = file_of(image, kind)
    with pytest.raises(ValueError):
        servable_bytes(contents[: int(len(contents) * share)])


def test_a_wrong_checksum_is_refused() -> None:
    contents = bytearray(file_of(picture("L"), "PNG"))
    contents[29] ^= 1  # the checksum of the header
    with pytest.raises(ValueError):
        servable_bytes(bytes(contents))


def test_pixels_of_32_bits_are_refused() -> None:
    contents = file_of(Image.new("F", (3, 3), 0.5), "TIFF")
    with pytest.raises(ValueError, match="32 bits a channel"):
        servable_bytes(contents)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colour_is_three_channels_maybe_by_a_palette_or_with_alpha(mode: str) -> None:
    contents = file_of(picture(mode), "PNG")
    assert decode_whole(contents, needs_colour=True).mode == mode


@pytest.mark.parametrize(
    ("kind", "mode", "said"),
    [
        ("PNG", "L", r"found greyscale \(L\)"), ("PNG", "LA", r"found greyscale \(LA\)"),
        ("PNG", "1", "found black and white"), ("PNG", "I;16", "found greyscale of 16 bits"),
        ("JPEG", "L", "found greyscale"), ("JPEG", "CMYK", "found CMYK"),
    ],
)  # fmt: skip
def test_what_is_not_in_colour_is_refused_where_it_must_be(kind: str, mode: str, said: str) -> None:
    contents = file_of(picture(mode), kind)
    with pytest.raises(ValueError, match=f"expected a picture in colour.*{said}"):
        decode_whole(contents, needs_colour=True)
    assert decode_whole(contents).mode == mode


def test_the_shorter_side_must_be_long_enough() -> None:
    contents = file_of(picture("RGB"), "PNG")
    assert decode_whole(contents, min_side_px=6).size == (9, 6)
    with pytest.raises(ValueError, match="at least 7 px on the shorter side, found 9 x 6"):
        decode_whole(contents, min_side_px=7)


def animation(kind: str, frames: list[Image.Image]) -> bytes:
    return file_of(frames[0], kind, save_all=True, append_images=frames[1:], duration=100,
                   **({"lossless": True} if kind == "WEBP" else {}))  # fmt: skip


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (9, 6), colour) for colour in ("red", "lime", "blue")]
    contents = animation(kind, frames)
    assert getattr(opened(contents), "n_frames", 1) == 3
    found = opened(servable_bytes(contents)).convert("RGB")
    assert found.tobytes() == frames[0].tobytes()
    assert pixel_digest(decode_whole(contents)) == pixel_digest(frames[0])


def test_the_digest_is_of_what_is_seen() -> None:
    image = picture("RGB")
    for kind, options in (("PNG", {}), ("PNG", {"compress_level": 0}), ("BMP", {}), ("TIFF", {})):
        again = decode_whole(file_of(image, kind, **options))
        assert pixel_digest(again) == pixel_digest(image)
    opaque = image.convert("RGBA")
    assert pixel_digest(opaque) == pixel_digest(image)
    few = image.quantize(16)
    assert pixel_digest(few) == pixel_digest(few.convert("RGB"))
    grey = image.convert("L")
    assert pixel_digest(grey) == pixel_digest(grey.convert("RGB"))


def test_any_other_picture_has_another_digest() -> None:
    image = picture("RGB")
    others = [image, image.rotate(180), image.transpose(Image.Transpose.TRANSPOSE), picture("L"),
              picture("RGBA"), picture("I;16"), image.crop((0, 0, 8, 6))]  # fmt: skip
    for channel in range(3):
        changed = image.copy()
        pixel = list(changed.getpixel((4, 3)))
        pixel[channel] ^= 1
        changed.putpixel((4, 3), tuple(pixel))
        others.append(changed)
    # The same bytes in another shape.
    others.append(Image.frombytes("RGB", (6, 9), image.tobytes()))
    digests = {pixel_digest(other) for other in others}
    assert len(digests) == len(others)


def test_tensorflow_is_not_needed() -> None:
    code = "import sys, modules.common.pictures.image_files; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
