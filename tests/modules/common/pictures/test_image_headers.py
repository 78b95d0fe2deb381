"""Pictures that the graph must refuse, before it allocates anything for them."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import tensorflow as tf
from pictures import HEIGHT, WIDTH, file_of, huge_png, png_of, smooth
from PIL import Image

from modules.common.pictures import images
from modules.common.pictures.image_files import MAX_PIXELS


@tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
def grey(contents: tf.Tensor) -> tf.Tensor:
    return images.decode(contents, HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"", "found 0 bytes"),
        (b"no picture", "expected PNG, JPEG, GIF or BMP bytes, found 10 bytes beginning with"),
        (b"RIFF\xff\0\0\0WEBPVP8 ", "expected PNG, JPEG, GIF or BMP bytes, found 16 bytes"),
        (b"\x89PNG\r\n\x1a\n", "its header|header does not decode"),
        (b"\xff\xd8\xff\xe0", "header does not decode"),
        (b"\xff\xd8\xff\xd9" + bytes(100), "header does not decode"),
        (b"GIF89a", "header does not decode"),
        (b"BM", "header does not decode"),
    ],
    ids=str,
)
def test_what_is_no_picture_is_a_clear_error(contents: bytes, said: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        grey([file_of(smooth("L"), "PNG"), contents])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_truncated_picture_is_an_error(kind: str, share: float) -> None:
    image = smooth("RGB", 60, 160)
    contents = file_of(image.quantize() if kind == "GIF" else image, kind)
    with pytest.raises(tf.errors.InvalidArgumentError):
        grey([contents[: int(len(contents) * share)]])


def claiming(kind: str, side: int) -> bytes:
    """A small file whose header claims `side` x `side` pixels."""
    image = smooth("RGB")
    if kind == "PNG":
        return png_of(struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0), zlib.compress(b"\0"))
    if kind == "BMP":
        contents = bytearray(file_of(image, "BMP"))
        contents[18:26] = struct.pack("<ii", side, -side)
    elif kind == "GIF":
        contents = bytearray(file_of(image.quantize(), "GIF"))
        contents[6:10] = struct.pack("<HH", side, side)
    else:
        contents = bytearray(file_of(image, "JPEG", progressive=kind == "progressive"))
        start = contents.index(b"\xff\xc2" if kind == "progressive" else b"\xff\xc0")
        contents[start + 5 : start + 9] = struct.pack(">HH", side, side)
    return bytes(contents)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "progressive", "GIF", "BMP"])
def test_a_header_that_claims_too_much_is_refused_by_its_size(kind: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 16777216 pixels, found"):
        grey([claiming(kind, 50_000)])


def test_the_largest_picture_is_let_through_and_one_row_more_is_not() -> None:
    assert MAX_PIXELS == 2**24
    with pytest.raises(tf.errors.InvalidArgumentError, match="found 4097 x 4096|4096 x 4097"):
        grey([file_of(Image.new("L", (4096, 4097)), "PNG", compress_level=1)])
    largest = file_of(Image.new("L", (4096, 4096), 9), "PNG", compress_level=1)
    assert set(grey([largest]).numpy().flat) == {9}


_MEASURE = """
import resource, sys
import tensorflow as tf
from modules.common.pictures import images
decode = tf.function(
    lambda contents: images.decode(contents, 20, 36),
    input_signature=[tf.TensorSpec([None], tf.string)], autograph=False,
)
small, *bombs = [open(path, "rb").read() for path in sys.argv[1:]]
decode([small])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for bomb in bombs:
    try:
        decode([bomb])
        sys.exit("decoded a bomb")
    except tf.errors.InvalidArgumentError:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.e2e
def test_bombs_take_no_memory(tmp_path: Path) -> None:
    bombs = [claiming(kind, 50_000) for kind in ("PNG", "JPEG", "progressive", "GIF", "BMP")]
    bombs.append(huge_png(20_000))
    frame = Image.new("L", (4000, 4000))
    paths = []
    for number, contents in enumerate([file_of(frame.crop((0, 0, 9, 9)), "PNG"), *bombs]):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(contents)
    process = subprocess.run(
        [sys.executable, "-c", _MEASURE, *map(str, paths)], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    # The pixels of the smallest of them are 400 MB.
    assert int(process.stdout) < 50_000
