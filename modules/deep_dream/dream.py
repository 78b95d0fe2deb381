"""deep_dream: the dream itself: a picture is changed so that chosen layers answer it more strongly.

Everything is in the graph, with loops of dynamic length, so that a served model dreams. A large
picture is seen in tiles, so that the activations take no more memory than those of one tile.

Source: A. Mordvintsev, C. Olah & M. Tyka, "Inceptionism: Going Deeper into Neural Networks"
(2015), and the tutorial "deepdream" of TensorFlow. There the tiles at the right and lower edge are
smaller, or left out; here all are of one size, and cover the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

TILE_PX = 512
_MAX_LEVEL = 255.0

Rise = tuple[tf.Tensor, tf.Tensor]
# Pictures [n, h, w, 3] to the objective [n] and its gradient [n, h, w, 3].
RiseOf = Callable[[tf.Tensor], Rise]


class Recipe(NamedTuple):
    """How to dream. Scalars, but for the weights; with a batch dimension in front for a batch.

    Attributes:
        layer_weights: float32 `[layers]`.
        channel: int64, -1 for all.
        octaves: int64, how many sizes the picture is dreamt at, small to large.
        octave_scale: float32, how much larger each is than the one before.
        iterations: int64, steps at each size.
        step: float32, mean change of a pixel by a step, in grey levels.
        seed: int64, of the places where tiles meet.
    """

    layer_weights: tf.Tensor
    channel: tf.Tensor
    octaves: tf.Tensor
    octave_scale: tf.Tensor
    iterations: tf.Tensor
    step: tf.Tensor
    seed: tf.Tensor


def objective(
    maps: dict[str, tf.Tensor], layer_weights: tf.Tensor, channel: tf.Tensor
) -> tf.Tensor:
    """Says how strongly layers answer.

    Args:
        maps: Feature maps, float32 `[n, h', w', channels]` each, shallow to deep.
        layer_weights: float32 `[layers]`; those beyond the last of `maps` are not used.
        channel: Integer scalar: the one channel whose squares count, or -1 for all.

    Returns:
        The weighted sum over layers of the mean square of the activations, float32 `[n]`.
    """
    total = tf.constant(0.0)
    for number, values in enumerate(maps.values()):
        channels = values.shape[-1]
        shares = tf.where(
            channel < 0, tf.fill([channels], 1.0 / channels), tf.one_hot(channel, channels)
        )
        squares = tf.reduce_mean(tf.square(values), axis=[1, 2])  # [n, channels]
        total += layer_weights[number] * tf.linalg.matvec(squares, shares)
    return total


def rise(
    network: Callable[[tf.Tensor], dict[str, tf.Tensor]],
    pictures: tf.Tensor,
    layer_weights: tf.Tensor,
    channel: tf.Tensor,
) -> Rise:
    """Computes objective and gradient.

    Args:
        network: Pictures to feature maps, each picture by itself.
        pictures: float32 `[n, h, w, 3]`, 0 to 255.
        layer_weights: As for `objective`.
        channel: As for `objective`.

    Returns:
        The objective, float32 `[n]`, and its gradient, float32 `[n, h, w, 3]`.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pictures)
        values = objective(network(pictures), layer_weights, channel)
    return values, tape.gradient(values, pictures)


def tile(rise_of: RiseOf, picture: tf.Tensor, shift: tf.Tensor, tile_px: int = TILE_PX) -> Rise:
    """Computes objective and gradient of a picture tile by tile.

    The picture is taken as a ring in both directions, so that the tiles can begin anywhere. They
    are of one size; a few pixels that lie in two of them keep the gradient of the first.

    Args:
        rise_of: Gives both for a tile, `[1, h, w, 3]`.
        picture: float32 `[height, width, 3]`.
        shift: int32 `[2]`: row and column where the first tile begins.
        tile_px: Longest side of a tile.

    Returns:
        The mean of the tiles' objectives, float32 scalar, and its gradient, `[height, width, 3]`.
    """
    height, width = tf.unstack(tf.shape(picture)[:2])
    rows, columns = -(-height // tile_px), -(-width // tile_px)
    tall, wide = -(-height // rows), -(-width // columns)

    def of_tile(number: tf.Tensor) -> Rise:
        top, left = number // columns * tall, number % columns * wide
        tile = tf.gather(picture, (tf.range(tall) + top + shift[0]) % height)
        tile = tf.gather(tile, (tf.range(wide) + left + shift[1]) % width, axis=1)
        values, gradients = rise_of(tile[None])
        return values[0], gradients[0]

    values, gradients = tf.map_fn(
        of_tile,
        tf.range(rows * columns),
        fn_output_signature=(
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([None, None, 3], tf.float32),
        ),
        parallel_iterations=1,
    )
    joined = tf.transpose(tf.reshape(gradients, [rows, columns, tall, wide, 3]), [0, 2, 1, 3, 4])
    joined = tf.reshape(joined, [rows * tall, columns * wide, 3])[:height, :width]
    gradient = tf.roll(joined, shift, axis=[0, 1]) / tf.cast(rows * columns, tf.float32)
    return tf.reduce_mean(values), gradient


def take_step(pictures: tf.Tensor, gradients: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Goes up a gradient: each picture changes by `step` grey levels in the mean.

    Args:
        pictures: float32 `[..., h, w, 3]`.
        gradients: The same shape.
        step: float32 scalar.

    Returns:
        The same shape, 0 to 255.
    """
    size = tf.reduce_mean(tf.abs(gradients), axis=[-3, -2, -1], keepdims=True)
    return tf.clip_by_value(
        pictures + step * tf.math.divide_no_nan(gradients, size), 0.0, _MAX_LEVEL
    )


def ascend(rise_of: RiseOf, pictures: tf.Tensor, iterations: int, step: float) -> tf.Tensor:
    """Dreams at one size, without tiles: several pictures at once.

    Args:
        rise_of: Gives objective and gradient.
        pictures: float32 `[n, h, w, 3]`.
        iterations: How many steps.
        step: As for `take_step`.

    Returns:
        float32 `[n, h, w, 3]`, 0 to 255.
    """
    [changed] = tf.while_loop(
        lambda _: True,
        lambda now: [take_step(now, rise_of(now)[1], tf.constant(step))],
        [pictures],
        maximum_iterations=iterations,
        parallel_iterations=1,
    )
    return changed


def octave_size(
    size: tf.Tensor, number: tf.Tensor, octave_scale: tf.Tensor, min_px: int
) -> tf.Tensor:
    """Gives the size of an octave.

    Args:
        size: int32 `[2]`, height and width of the picture.
        number: Integer scalar: 0 for the picture's own size, 1 for the next smaller, and so on.
        octave_scale: float32 scalar.
        min_px: Least side that the network takes: no octave is smaller.

    Returns:
        int32 `[2]`.
    """
    sides = tf.cast(size, tf.float32)
    share = tf.pow(octave_scale, -tf.cast(number, tf.float32))
    share = tf.maximum(share, min_px / tf.reduce_min(sides))
    return tf.maximum(tf.cast(tf.round(sides * share), tf.int32), min_px)


def dream(
    rise_of: RiseOf, picture: tf.Tensor, recipe: Recipe, min_px: int, tile_px: int = TILE_PX
) -> tuple[tf.Tensor, tf.Tensor]:
    """Dreams a picture, small to large.

    What was dreamt at one size is enlarged and laid over the picture at the next, so that the
    picture keeps its detail.

    Args:
        rise_of: Gives objective and gradient of a tile, `[1, h, w, 3]`.
        picture: float32 `[height, width, 3]`, 0 to 255, no side below `min_px`.
        recipe: Scalars; see `Recipe`.
        min_px: Least side that the network takes.
        tile_px: Longest side of a tile.

    Returns:
        The dreamt picture, float32 `[height, width, 3]`, 0 to 255; and the objective as each step
        found it, float32 `[octaves * iterations]`.
    """
    size = tf.shape(picture)[:2]
    octaves, iterations = tf.cast(recipe.octaves, tf.int32), tf.cast(recipe.iterations, tf.int32)

    def one_step(
        number: tf.Tensor, now: tf.Tensor, found: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        key = tf.stack([recipe.seed, tf.cast(number, tf.int64)])
        place = tf.random.stateless_uniform([2], key) * tf.cast(tf.shape(now)[:2], tf.float32)
        shift = tf.cast(place, tf.int32)
        value, gradient = tile(rise_of, now, shift, tile_px)
        return number + 1, take_step(now, gradient, recipe.step), found.write(number, value)

    def one_octave(
        number: tf.Tensor, change: tf.Tensor, found: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        wanted = octave_size(size, octaves - 1 - number, recipe.octave_scale, min_px)
        base = tf.image.resize(picture, wanted, antialias=True)
        now = tf.clip_by_value(base + tf.image.resize(change, wanted), 0.0, _MAX_LEVEL)
        end = (number + 1) * iterations
        _, now, found = tf.while_loop(
            lambda step, *_: step < end,
            one_step,
            [number * iterations, now, found],
            parallel_iterations=1,
        )
        return number + 1, now - base, found

    _, change, found = tf.while_loop(
        lambda number, *_: number < octaves,
        one_octave,
        [
            tf.constant(0),
            tf.zeros([1, 1, 3]),
            tf.TensorArray(tf.float32, octaves * iterations, element_shape=[]),
        ],
        shape_invariants=[
            tf.TensorShape([]),
            tf.TensorShape([None, None, 3]),
            tf.TensorShape(None),
        ],
        parallel_iterations=1,
    )
    return picture + change, found.stack()
