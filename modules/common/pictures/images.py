"""PNG, JPEG, GIF and BMP bytes to pixels of one size, in the graph.

A picture's size is read from its header first, by `pictures.image_headers`, so that a small
file that claims to be huge is refused before anything is allocated for it.
"""

from __future__ import annotations

from typing import Literal

import tensorflow as tf

from modules.common.pictures import exif_graph, image_headers

# Luma weights of ITU-R BT.601 in units of 2^-16, as in Pillow.
_LUMA = (19595, 38470, 7471)
# Bounds the memory that a batch of the largest pictures takes.
_PICTURES_AT_ONCE = 4


Fit = Literal["stretch", "crop"]


def decode(
    contents: tf.Tensor,
    height_px: int,
    width_px: int,
    channels: int = 1,
    fit: Fit = "stretch",
) -> tf.Tensor:
    """Decodes pictures, turns them as the camera was held, and brings them to one size.

    What is transparent is laid over white, but for GIF, where it becomes black; of 16 bits the
    upper eight are taken; of an animation, the first frame. A picture that does not have the wanted
    size is resized by a triangle filter as wide as the reduction asks for.

    Args:
        contents: The files' bytes, string `[batch]`.
        height_px: Wanted height.
        width_px: Wanted width.
        channels: 1 for grey, ITU-R BT.601 luma, or 3 for red, green and blue.
        fit: What becomes of other proportions: `stretch` changes them, `crop` takes the largest
            middle part that has the wanted ones.

    Returns:
        uint8 `[batch, height_px, width_px, channels]`.

    Raises:
        tf.errors.InvalidArgumentError: If one of them is no such picture, is cut off, or has more
            than `modules.common.pictures.image_files.MAX_PIXELS` by its header.
    """
    size = (height_px, width_px)

    def bring_to_size(content: tf.Tensor) -> tf.Tensor:
        pixels = decode_one(content, channels)
        if fit == "crop":
            pixels = middle(pixels, size)
        return tf.ensure_shape(resize(pixels, size), [*size, channels])

    return tf.map_fn(
        bring_to_size,
        contents,
        fn_output_signature=tf.TensorSpec([*size, channels], tf.uint8),
        parallel_iterations=_PICTURES_AT_ONCE,
    )


def decode_one(content: tf.Tensor, channels: int = 3) -> tf.Tensor:
    """Decodes one picture at its own size, turned as the camera was held.

    Args:
        content: The file's bytes, string scalar.
        channels: As for `decode`.

    Returns:
        uint8 `[height, width, channels]`.

    Raises:
        tf.errors.InvalidArgumentError: As for `decode`.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (RGB), found {channels}")
    kind, content = image_headers.check_header(content)
    orientation = exif_graph.orientation(content, tf.equal(kind, image_headers.PNG))
    pixels = image_headers.branch(
        kind,
        [
            lambda: _decode_png(content),
            lambda: tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE"),
            lambda: tf.io.decode_gif(content)[0],
            lambda: _decode_bmp(content),
        ],
    )
    pixels = tf.ensure_shape(exif_graph.turn(pixels, orientation), [None, None, 3])
    return _luma(pixels) if channels == 1 else pixels


def middle(pixels: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Takes the largest middle part of a picture that has the proportions of a size.

    Args:
        pixels: `[height, width, channels]`.
        size: Height and width.

    Returns:
        `[height', width', channels]`, at least one pixel high and wide.
    """
    height, width = tf.unstack(tf.shape(pixels)[:2])
    wanted_height = tf.clip_by_value(width * size[0] // size[1], 1, height)
    wanted_width = tf.clip_by_value(height * size[1] // size[0], 1, width)
    top, left = (height - wanted_height) // 2, (width - wanted_width) // 2
    return pixels[top : top + wanted_height, left : left + wanted_width]


def _decode_bmp(content: tf.Tensor) -> tf.Tensor:
    """The fourth byte of a 32-bit pixel has no meaning in most files, so it is left out."""
    pixels = tf.io.decode_bmp(content, channels=0)
    is_grey = tf.equal(tf.shape(pixels)[2], 1)
    return tf.cond(is_grey, lambda: tf.repeat(pixels, 3, axis=2), lambda: pixels[:, :, :3])


def _decode_png(content: tf.Tensor) -> tf.Tensor:
    """Where a file says nothing of alpha, TensorFlow fills in the largest value of its depth."""
    pixels = tf.io.decode_png(content, channels=4)
    [depth] = tf.unstack(tf.io.decode_raw(tf.strings.substr(content, 24, 1), tf.uint8), 1)
    shift = tf.minimum(tf.cast(depth, tf.int32), 8)
    filled_in = tf.cast(tf.bitwise.left_shift(1, shift) - 1, tf.uint8)
    is_opaque = tf.reduce_all(tf.equal(pixels[:, :, 3:], filled_in))
    return tf.cond(is_opaque, lambda: pixels[:, :, :3], lambda: _over_white(pixels))


def _over_white(pixels: tf.Tensor) -> tf.Tensor:
    """Lays red, green, blue and alpha `[h, w, 4]` over white: uint8 `[h, w, 3]`."""
    alpha = tf.cast(pixels[:, :, 3:], tf.uint16)
    white, half = tf.constant(255, tf.uint16), tf.constant(127, tf.uint16)
    laid = tf.cast(pixels[:, :, :3], tf.uint16) * alpha + white * (white - alpha)
    return tf.cast((laid + half) // white, tf.uint8)


def _luma(pixels: tf.Tensor) -> tf.Tensor:
    """Grey values of `[h, w, 3]`: uint8 `[h, w, 1]`, rounded as Pillow rounds."""
    total = tf.constant(0x8000)
    for channel, weight in enumerate(_LUMA):
        total += tf.cast(pixels[:, :, channel : channel + 1], tf.int32) * weight
    return tf.cast(tf.bitwise.right_shift(total, 16), tf.uint8)


def resize(pixels: tf.Tensor, size: tuple[int, int] | tf.Tensor) -> tf.Tensor:
    """Brings a picture to a size by a triangle filter as wide as a reduction asks for.

    Args:
        pixels: uint8 `[height, width, channels]`.
        size: Height and width, numbers or int32 `[2]`.

    Returns:
        uint8 `[*size, channels]`, the same picture where it has that size.
    """

    def resize() -> tf.Tensor:
        values = tf.image.resize(pixels, size, antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)

    is_wanted = tf.reduce_all(tf.equal(tf.shape(pixels)[:2], size))
    return tf.cond(is_wanted, lambda: pixels, resize)
