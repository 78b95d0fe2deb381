"""Brightness and colour of pictures, apart and together again, in the graph.

Luma and chroma are those of JPEG: the full range of ITU-R BT.601, which Pillow calls YCbCr, with
the two chroma planes centred on 0 and not on 128.

Source: JFIF, ITU-T T.871 (2011); for colourfulness D. Hasler & S. Suesstrunk, "Measuring
colourfulness in natural images" (2003).
"""

from __future__ import annotations

import tensorflow as tf

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114


def luma(rgb: tf.Tensor) -> tf.Tensor:
    """Gives how bright pixels are.

    Args:
        rgb: Red, green and blue `[..., 3]`, 0 to 255, of any numeric dtype.

    Returns:
        float32 `[..., 1]`, 0 (black) to 255 (white), not rounded.
    """
    red, green, blue = _planes(rgb)
    return _RED * red + _GREEN * green + _BLUE * blue


def grey(rgb: tf.Tensor) -> tf.Tensor:
    """Gives the luma rounded to grey levels: the pixels of the grey picture, uint8 `[..., 1]`."""
    return tf.cast(tf.round(luma(rgb)), tf.uint8)


def chroma(rgb: tf.Tensor) -> tf.Tensor:
    """Gives which colour pixels have.

    Args:
        rgb: As for `luma`.

    Returns:
        float32 `[..., 2]`, -127.5 to 127.5, (0, 0) being grey: towards blue, and towards red.
    """
    red, green, blue = _planes(rgb)
    brightness = _RED * red + _GREEN * green + _BLUE * blue
    towards_blue = (blue - brightness) / (2 * (1 - _BLUE))
    towards_red = (red - brightness) / (2 * (1 - _RED))
    return tf.concat([towards_blue, towards_red], axis=-1)


def join(luma: tf.Tensor, chroma: tf.Tensor) -> tf.Tensor:
    """Gives the pixels of a luma and a chroma; the luma stays, whatever the chroma.

    A colour that no pixel of that luma can have is taken towards grey, just as far as it must, by
    `within_gamut`. Only rounding remains: the luma of the result differs by at most 0.5.

    Args:
        luma: `[..., 1]`, 0 to 255.
        chroma: float32 `[..., 2]`, of any values.

    Returns:
        Red, green and blue, uint8 `[..., 3]`.
    """
    brightness = tf.cast(luma, tf.float32)
    offsets = _offsets(within_gamut(luma, chroma))
    # What is a hair outside by rounding must not be cast round the corner.
    rgb = tf.clip_by_value(tf.round(brightness + offsets), 0.0, 255.0)
    return tf.cast(rgb, tf.uint8)


def within_gamut(luma: tf.Tensor, chroma: tf.Tensor) -> tf.Tensor:
    """Scales chroma towards grey until red, green and blue are in 0 to 255, and no further.

    Cutting the channels off at their bounds would change luma and hue; this keeps both.

    Args:
        luma: `[..., 1]`, 0 to 255.
        chroma: float32 `[..., 2]`, of any values.

    Returns:
        float32 `[..., 2]`.
    """
    brightness = tf.cast(luma, tf.float32)
    offsets = _offsets(chroma)
    room = tf.where(offsets > 0, 255.0 - brightness, brightness)
    wanted = tf.reduce_max(tf.abs(offsets) - room, axis=-1, keepdims=True) > 0
    shares = tf.math.divide_no_nan(room, tf.abs(offsets))
    shares = tf.where(offsets == 0, tf.ones_like(shares), shares)
    scale = tf.reduce_min(shares, axis=-1, keepdims=True)
    return tf.where(wanted, chroma * scale, chroma)


def colourfulness(rgb: tf.Tensor) -> tf.Tensor:
    """Measures how colourful pictures look.

    Args:
        rgb: Red, green and blue `[batch, height, width, 3]`, 0 to 255, of any numeric dtype.

    Returns:
        float32 `[batch]`: 0 for grey; the source calls 15 slightly, 33 moderately, 59 quite and 82
        highly colourful.
    """
    pixels = tf.cast(tf.shape(rgb)[1] * tf.shape(rgb)[2], tf.float64)
    sums = tf.reduce_sum(opponent_sums(rgb), axis=1)
    return colourfulness_of_sums(sums, pixels)


def opponent_sums(rgb: tf.Tensor) -> tf.Tensor:
    """Adds up, row by row, what colourfulness is computed of.

    Args:
        rgb: As for `luma`, `[..., width, 3]`.

    Returns:
        float64 `[..., 4]`: sums over a row of red less green, of yellow less blue, and of their
        squares.
    """
    red, green, blue = _planes(rgb)
    opponents = tf.concat([red - green, 0.5 * (red + green) - blue], axis=-1)
    both = tf.concat([opponents, tf.square(opponents)], axis=-1)
    return tf.reduce_sum(tf.cast(both, tf.float64), axis=-2)


def colourfulness_of_sums(sums: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    """Computes colourfulness of the sums over pictures.

    Args:
        sums: float64 `[..., 4]`, what `opponent_sums` gives, added up over the rows.
        pixels: float64, pixels that each was summed over.

    Returns:
        float32 `[...]`.
    """
    means, squares = tf.split(sums / pixels, 2, axis=-1)
    variances = tf.maximum(squares - tf.square(means), 0.0)
    deviation = tf.sqrt(tf.reduce_sum(variances, axis=-1))
    distance = tf.sqrt(tf.reduce_sum(tf.square(means), axis=-1))
    return tf.cast(deviation + 0.3 * distance, tf.float32)


def _planes(rgb: tf.Tensor) -> list[tf.Tensor]:
    """Red, green and blue apart, float32 `[..., 1]` each: the whole need not be there twice."""
    return [tf.cast(rgb[..., channel : channel + 1], tf.float32) for channel in range(3)]


def _offsets(chroma: tf.Tensor) -> tf.Tensor:
    """Red, green and blue less luma, `[..., 3]`."""
    towards_blue, towards_red = tf.split(chroma, 2, axis=-1)
    blue, red = 2 * (1 - _BLUE) * towards_blue, 2 * (1 - _RED) * towards_red
    green = -(_RED * red + _BLUE * blue) / _GREEN
    return tf.concat([red, green, blue], axis=-1)
