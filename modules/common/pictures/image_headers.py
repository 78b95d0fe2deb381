"""What kind of picture bytes hold and how large it is, read in the graph without decoding it.

TensorFlow's decoders believe a header and allocate what it claims; `tf.io.extract_jpeg_shape`
already allocates for a progressive JPEG, and `tf.io.decode_gif` for all frames of an animation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from modules.common.graph.checks import check
from modules.common.pictures.image_files import MAX_PIXELS

PNG, JPEG, GIF, BMP, UNKNOWN = range(5)

_MAX_MARKERS = 4096
# A frame of MAX_PIXELS that does not compress takes about 100,000 blocks of 255 bytes.
_MAX_GIF_BLOCKS = 2**17
# Start-of-frame markers; C4, C8 and CC among them are something else.
_JPEG_FRAMES = [marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC)]
_ESCAPED = [chr(octet) if 32 <= octet < 127 else f"\\x{octet:02x}" for octet in range(256)]
_GREY_PALETTE = b"".join(bytes((value, value, value, 0)) for value in range(256))


class _Header(NamedTuple):
    """What a header says; int64 scalars, -1 where it does not say it.

    Attributes:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        end: How many bytes are to be decoded.
    """

    height: tf.Tensor
    width: tf.Tensor
    end: tf.Tensor


def check_header(content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Looks at a picture's header.

    Args:
        content: A file's bytes, string scalar.

    Returns:
        The kind, int32 scalar: `PNG`, `JPEG`, `GIF` or `BMP`; and what is to be decoded, string
        scalar: the bytes, up to the end of the first frame of a GIF.

    Raises:
        tf.errors.InvalidArgumentError: If it is none of these, or larger than `MAX_PIXELS`.
    """
    kind = _kind(content)
    found = tf.strings.join(
        [
            "expected PNG, JPEG, GIF or BMP bytes, found ",
            tf.strings.as_string(tf.strings.length(content)),
            " bytes beginning with ",
            _readable(tf.strings.substr(content, 0, 8)),
        ]
    )
    kind = check(kind, kind < UNKNOWN, found)
    header = _Header(
        *branch(
            kind,
            [lambda: _png(content), lambda: _jpeg(content), lambda: _gif(content),
             lambda: _bmp(content)],
        )
    )  # fmt: skip
    end = check(
        header.end,
        (header.height > 0) & (header.width > 0) & (header.end > 0),
        "the picture's header does not decode: it is damaged, cut off, or of a rare kind; "
        "convert it to PNG",
    )
    size = tf.strings.join(
        [tf.strings.as_string(header.width), tf.strings.as_string(header.height)], " x "
    )
    too_large = tf.strings.join([f"expected at most {MAX_PIXELS} pixels, found ", size])
    # Not the product of the sides, which may overflow.
    end = check(end, header.height <= MAX_PIXELS // tf.maximum(header.width, 1), too_large)
    with tf.control_dependencies([end]):
        return tf.identity(kind), tf.strings.substr(content, tf.zeros_like(end), end)


def branch(index: tf.Tensor, branches: Sequence[Callable[[], Any]]) -> Any:
    """Does what `tf.switch_case` does, with `tf.cond`, as Transform's analyzers need it.

    Args:
        index: int32 scalar.
        branches: Functions that give tensors of the same structure; the last is also for any
            other index.
    """
    first, *others = branches
    if not others:
        return first()
    return tf.cond(tf.equal(index, 0), first, lambda: branch(index - 1, others))


def _kind(content: tf.Tensor) -> tf.Tensor:
    def begins(*starts: bytes) -> tf.Tensor:
        found = [tf.equal(tf.strings.substr(content, 0, len(start)), start) for start in starts]
        return tf.reduce_any(tf.stack(found))

    flags = [
        begins(b"\x89PNG\r\n\x1a\n"),
        begins(b"\xff\xd8\xff"),
        begins(b"GIF87a", b"GIF89a"),
        begins(b"BM"),
        tf.constant(True),
    ]
    return tf.argmax(tf.cast(tf.stack(flags), tf.int32), output_type=tf.int32)


def _readable(octets: tf.Tensor) -> tf.Tensor:
    """Writes bytes as ASCII with escapes: what is not UTF-8 must not be in an error message."""
    values = tf.cast(tf.io.decode_raw(octets, tf.uint8), tf.int32)
    return tf.strings.reduce_join(tf.gather(tf.constant(_ESCAPED), values))


def _size(content: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(content), tf.int64)


def _number(
    content: tf.Tensor, start: tf.Tensor | int, count: int, little: bool = False
) -> tf.Tensor:
    """Unsigned integer of `count` bytes, int64 scalar; bytes past the end count as 0."""
    start = tf.minimum(tf.cast(start, tf.int64), _size(content))
    padded = tf.strings.join([tf.strings.substr(content, start, count), "\0" * count])
    octets = tf.cast(tf.io.decode_raw(tf.strings.substr(padded, 0, count), tf.uint8), tf.int64)
    powers = [256**i if little else 256 ** (count - 1 - i) for i in range(count)]
    return tf.reduce_sum(octets * tf.constant(powers, tf.int64))


def _png(content: tf.Tensor) -> _Header:
    return _Header(_number(content, 20, 4), _number(content, 16, 4), _size(content))


def _bmp(content: tf.Tensor) -> _Header:
    info_size = _number(content, 14, 4, little=True)
    height = _number(content, 22, 4, little=True)
    # A negative height says that the rows go from top to bottom.
    height = tf.where(height >= 2**31, 2**32 - height, height)
    bits = _number(content, 28, 2, little=True)
    palette_start = tf.minimum(14 + info_size, _size(content))
    palette = tf.strings.substr(content, palette_start, len(_GREY_PALETTE))
    # TensorFlow takes the numbers of colours for grey values, and knows no compression.
    is_readable = (
        (info_size >= 40)
        & tf.equal(_number(content, 30, 4, little=True), 0)
        & (
            tf.equal(bits, 24)
            | tf.equal(bits, 32)
            | (tf.equal(bits, 8) & tf.equal(palette, _GREY_PALETTE))
        )
    )
    end = tf.where(is_readable, _size(content), -1)
    return _Header(height, _number(content, 18, 4, little=True), end)


def _jpeg(content: tf.Tensor) -> _Header:
    """Walks the markers up to the start of the frame, over garbage as libjpeg does."""
    size = _size(content)
    frames = tf.constant(_JPEG_FRAMES, tf.int64)

    def goes_on(position: tf.Tensor, frame: tf.Tensor) -> tf.Tensor:
        return (position < size) & (frame < 0)

    def step(position: tf.Tensor, _frame: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        is_marker = tf.equal(_number(content, position, 1), 0xFF)
        marker = _number(content, position + 1, 1)
        is_frame = is_marker & tf.reduce_any(tf.equal(frames, marker))
        has_no_length = (marker <= 0x01) | ((marker >= 0xD0) & (marker <= 0xD8))
        # The samples, or the end, before any frame.
        is_over = tf.equal(marker, 0xD9) | tf.equal(marker, 0xDA)
        length = tf.where(
            has_no_length, tf.constant(0, tf.int64), _number(content, position + 2, 2)
        )
        following = tf.where(tf.equal(marker, 0xFF), position + 1, position + 2 + length)
        following = tf.where(is_over, size, following)
        return (
            tf.where(is_marker, following, position + 1),
            tf.where(is_frame, position, tf.constant(-1, tf.int64)),
        )

    state = (tf.constant(2, tf.int64), tf.constant(-1, tf.int64))
    _, frame = tf.while_loop(goes_on, step, state, maximum_iterations=_MAX_MARKERS)
    return _Header(
        _number(content, frame + 5, 2),
        _number(content, frame + 7, 2),
        tf.where(frame < 0, tf.constant(-1, tf.int64), size),
    )


def _gif(content: tf.Tensor) -> _Header:
    """Walks the blocks up to the end of the first frame, whose size counts as the canvas's."""
    size = _size(content)
    missing, none = tf.constant(-1, tf.int64), tf.constant(0, tf.int64)

    def colours_bytes(flags: tf.Tensor) -> tf.Tensor:
        table = 3 * tf.bitwise.left_shift(tf.constant(2, tf.int64), flags % 8)
        return tf.where(flags >= 0x80, table, none)

    def goes_on(
        position: tf.Tensor, _in_blocks: tf.Tensor, _frame: tf.Tensor, end: tf.Tensor
    ) -> tf.Tensor:
        return (position < size) & (end < 0)

    def step(
        position: tf.Tensor, in_blocks: tf.Tensor, frame: tf.Tensor, _end: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        value = _number(content, position, 1)
        is_last = in_blocks & tf.equal(value, 0)
        is_frame = ~in_blocks & tf.equal(value, 0x2C)
        is_extension = ~in_blocks & tf.equal(value, 0x21)
        table = colours_bytes(_number(content, position + 9, 1))
        opened = tf.where(is_frame, position + 11 + table, position + 2)
        opened = tf.where(is_frame | is_extension, opened, size)
        return (
            tf.where(in_blocks, position + 1 + value, opened),
            tf.where(in_blocks, ~is_last, is_frame | is_extension),
            tf.where(is_frame, position, frame),
            tf.where(is_last & (frame >= 0), position + 1, missing),
        )

    start = 13 + colours_bytes(_number(content, 10, 1))
    state = (start, tf.constant(False), missing, missing)
    _, _, frame, end = tf.while_loop(goes_on, step, state, maximum_iterations=_MAX_GIF_BLOCKS)
    height = tf.maximum(_number(content, 8, 2, True), _number(content, frame + 7, 2, True))
    width = tf.maximum(_number(content, 6, 2, True), _number(content, frame + 5, 2, True))
    return _Header(height, width, end)
