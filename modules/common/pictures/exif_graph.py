"""How a camera was held, read in the graph from a picture's bytes, and its picture turned upright.

TensorFlow knows nothing of EXIF. What is read, and what is not, is as in `pictures.exif`;
bytes of any kind are answered, in bounded time, and never with an error.
"""

from __future__ import annotations

import tensorflow as tf

from modules.common.pictures import exif

_ENTRY_BYTES = 12
_ANYWHERE = r"\C*"


def orientation(content: tf.Tensor, is_png: tf.Tensor) -> tf.Tensor:
    """Reads the orientation of a picture.

    Args:
        content: A file's bytes, string scalar.
        is_png: Whether it is a PNG file, bool scalar; anything else is looked at as JPEG.

    Returns:
        int32 scalar, 1 to 8; 1 where nothing or nonsense is said.
    """
    upright = tf.constant(exif.UPRIGHT)
    head = tf.strings.substr(content, 0, exif.MAX_JPEG_HEAD_BYTES)
    is_jpeg = tf.equal(tf.strings.substr(content, 0, 3), b"\xff\xd8\xff")
    # Few pictures say anything; the others are not walked through.
    return tf.cond(
        is_png,
        lambda: tf.cond(
            tf.strings.regex_full_match(content, f"{_ANYWHERE}eXIf{_ANYWHERE}"),
            lambda: _of_tiff(_png_exif(content)),
            lambda: upright,
        ),
        lambda: tf.cond(
            is_jpeg & tf.strings.regex_full_match(head, rf"{_ANYWHERE}Exif\x00\x00{_ANYWHERE}"),
            lambda: _of_tiff(_jpeg_exif(content)),
            lambda: upright,
        ),
    )


def turn(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns pixels upright.

    Args:
        pixels: `[height, width, channels]`.
        orientation: int32 scalar, 1 to 8.

    Returns:
        The same pixels, with height and width exchanged for 5 to 8.
    """

    def among(*values: int) -> tf.Tensor:
        return tf.reduce_any(tf.equal(orientation, tf.constant(values)))

    def turn_upright() -> tf.Tensor:
        found = tf.cond(orientation >= 5, lambda: tf.transpose(pixels, [1, 0, 2]), lambda: pixels)
        found = tf.cond(among(2, 3, 6, 7), lambda: found[:, ::-1], lambda: found)
        return tf.cond(among(3, 4, 7, 8), lambda: found[::-1], lambda: found)

    return tf.cond(orientation > exif.UPRIGHT, turn_upright, lambda: tf.identity(pixels))


def _size(content: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(content), tf.int64)


def _octets(content: tf.Tensor, start: tf.Tensor | int, count: int) -> tf.Tensor:
    """Bytes as int64 `[count]`, 0 past the end."""
    start = tf.clip_by_value(tf.cast(start, tf.int64), 0, _size(content))
    padded = tf.strings.join([tf.strings.substr(content, start, count), "\0" * count])
    octets = tf.io.decode_raw(tf.strings.substr(padded, 0, count), tf.uint8)
    return tf.reshape(tf.cast(octets, tf.int64), [count])


def _big(octets: tf.Tensor) -> tf.Tensor:
    """Unsigned integers of the last axis, most significant byte first."""
    count = octets.shape[-1]
    return tf.reduce_sum(octets * [256 ** (count - 1 - i) for i in range(count)], axis=-1)


def _jpeg_exif(content: tf.Tensor) -> tf.Tensor:
    """The TIFF data of the first segment that holds EXIF; empty where none does."""
    size = _size(content)

    def goes_on(position: tf.Tensor, _found: tf.Tensor) -> tf.Tensor:
        return position + 4 <= size

    def step(position: tf.Tensor, _found: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        octets = _octets(content, position, 10)
        marker = octets[1]
        is_marker = tf.equal(octets[0], 0xFF) & tf.not_equal(marker, 0xFF)
        has_no_length = (marker <= 0x01) | ((marker >= 0xD0) & (marker <= 0xD8))
        is_over = is_marker & (tf.equal(marker, 0xD9) | tf.equal(marker, 0xDA))
        length = _big(octets[2:4])
        is_exif = (
            is_marker
            & tf.equal(marker, 0xE1)
            & tf.reduce_all(tf.equal(octets[4:], tf.constant(list(exif.PREFIX), tf.int64)))
            & (length >= 2 + len(exif.PREFIX))
        )
        following = position + 2 + tf.where(has_no_length, tf.zeros_like(length), length)
        following = tf.where(is_marker, following, position + 1)
        start = position + 4 + len(exif.PREFIX)
        count = tf.maximum(length - 2 - len(exif.PREFIX), 0)
        found = tf.where(is_exif, tf.stack([start, count]), tf.zeros([2], tf.int64))
        return tf.where(is_over | is_exif, size, following), found

    state = (tf.constant(2, tf.int64), tf.zeros([2], tf.int64))
    _, found = tf.while_loop(goes_on, step, state, maximum_iterations=exif.MAX_SEGMENTS)
    return tf.strings.substr(content, tf.minimum(found[0], size), found[1])


def _png_exif(content: tf.Tensor) -> tf.Tensor:
    """The data of the first eXIf chunk, without the prefix of JPEG; empty where there is none."""
    size = _size(content)

    def goes_on(position: tf.Tensor, _found: tf.Tensor) -> tf.Tensor:
        return position + 4 < size

    def step(position: tf.Tensor, _found: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        octets = _octets(content, position, 8)
        length = _big(octets[:4])
        is_exif = tf.reduce_all(tf.equal(octets[4:], tf.constant(list(b"eXIf"), tf.int64)))
        found = tf.stack([position + 8, tf.minimum(length, exif.MAX_CHUNK_BYTES)])
        found = tf.where(is_exif, found, tf.zeros([2], tf.int64))
        return tf.where(is_exif, size, position + 12 + length), found

    state = (tf.constant(len(exif.PNG_START), tf.int64), tf.zeros([2], tf.int64))
    _, found = tf.while_loop(goes_on, step, state, maximum_iterations=exif.MAX_CHUNKS)
    chunk = tf.strings.substr(content, tf.minimum(found[0], size), found[1])
    prefix = len(exif.PREFIX)
    return tf.cond(
        tf.equal(tf.strings.substr(chunk, 0, prefix), exif.PREFIX),
        lambda: tf.strings.substr(chunk, prefix, exif.MAX_CHUNK_BYTES),
        lambda: chunk,
    )


def _of_tiff(tiff: tf.Tensor) -> tf.Tensor:
    """Reads the tag in the first directory; that of a thumbnail is in the second."""
    start = tf.strings.substr(tiff, 0, 4)
    is_tiff = tf.reduce_any(tf.equal(start, tf.constant(exif.TIFF_STARTS)))
    is_little = tf.equal(tf.strings.substr(tiff, 0, 2), b"II")

    def number(octets: tf.Tensor) -> tf.Tensor:
        return tf.where(is_little, _big(octets[..., ::-1]), _big(octets))

    directory = number(_octets(tiff, 4, 4))
    left = tf.maximum(_size(tiff) - directory - 2, 0) // _ENTRY_BYTES
    declared = number(_octets(tiff, directory, 2))
    count = tf.minimum(tf.minimum(declared, left), exif.MAX_ENTRIES)
    table = tf.strings.substr(
        tiff, tf.minimum(directory + 2, _size(tiff)), tf.where(is_tiff, count * _ENTRY_BYTES, 0)
    )
    octets = tf.cast(tf.io.decode_raw(table, tf.uint8), tf.int64)
    entries = tf.reshape(octets, [-1, _ENTRY_BYTES])
    is_tag = tf.equal(number(entries[:, :2]), exif.TAG)
    kinds = number(entries[:, 2:4])
    values = tf.zeros_like(kinds)
    for kind, size in exif.BYTES_BY_TYPE.items():
        values = tf.where(tf.equal(kinds, kind), number(entries[:, 8 : 8 + size]), values)
    is_sense = tf.equal(number(entries[:, 4:8]), 1) & (values >= 1) & (values <= 8)
    values = tf.where(is_sense, values, exif.UPRIGHT)
    # Of several, the last.
    found = tf.concat([[exif.UPRIGHT], tf.cast(tf.boolean_mask(values, is_tag), tf.int32)], axis=0)
    return found[-1]
