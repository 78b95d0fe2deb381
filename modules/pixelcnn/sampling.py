"""pixelcnn: draws pictures from the model, computing nothing twice.

A row of the vertical stack is computed once, from the rows above that it keeps of every layer; then
the horizontal stack pixel by pixel, from what it keeps of the pixels to the left; then the head
channel by channel. There is one model and two ways to compute it; `modules.pixelcnn.naive` is the
slow one.

TensorFlow's executor takes longer to start an operation than a pixel's arithmetic takes, so the
code inside the loops is written for few operations. A turn of a loop costs several for each tensor
that it knows, weights too, so a turn draws several pixels. Columns are the outermost axis of what a
row gives, so that a pixel's share is a piece of memory, which is taken without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf

from modules.pixelcnn import mixture
from modules.pixelcnn.model import FIRST_KERNEL, gate, scale_pixels
from modules.pixelcnn.noise import NoiseOfRow
from modules.pixelcnn.sampler_weights import Dense, Weights, collect
from modules.pixelcnn.task import LEVELS

_FIRST_REACH = FIRST_KERNEL // 2 + 1
# More make a larger graph, which takes longer to load, and draw no faster.
_MOST_PIXELS_A_TURN = 4


@dataclass
class _Left:
    """What is kept of the pixels to the left of one, the nearest last.

    Attributes:
        pixels: Their scaled values, `reach` of `[batch, channels + 1]`.
        maps: Inputs of each layer of the horizontal stack, `l` lists of `[batch, m]`.
    """

    pixels: list[tf.Tensor]
    maps: list[list[tf.Tensor]]


def sample(model: keras.Model, class_id: tf.Tensor, noise_of_row: NoiseOfRow) -> tf.Tensor:
    """Draws pictures.

    Args:
        model: What `modules.pixelcnn.model.build` gave, trained, in float32.
        class_id: int64 `[batch]`, 0 for any class.
        noise_of_row: See `modules.pixelcnn.noise.NoiseOfRow`.

    Returns:
        uint8 `[batch, size, size, channels]`.
    """
    _, size, _, channels = model.input["image"].shape
    weights = collect(model, class_id)
    batch = tf.size(class_id)
    layers = weights.horizontal
    maps = weights.first.kernel.shape[1]
    kernel = 2 * (layers[0].shape[0] // maps) - 1

    def step(
        row: tf.Tensor, above: list[list[tf.Tensor]], done: tf.TensorArray
    ) -> tuple[tf.Tensor, list[list[tf.Tensor]], tf.TensorArray]:
        told, above = _rows(weights, above)
        values = _pixels(weights, told, noise_of_row(row))  # [size, batch, channels]
        above[0] = [*above[0][1:], _pad(scale_pixels(values), FIRST_KERNEL)]
        return row + 1, above, done.write(row, tf.cast(values, tf.uint8))

    state = (
        tf.constant(0),
        [
            [_pad(tf.zeros([size, batch, channels + 1]), FIRST_KERNEL)] * _FIRST_REACH,
            *([_pad(tf.zeros([size, batch, maps]), kernel)] * (kernel // 2) for _ in layers),
        ],
        tf.TensorArray(tf.uint8, size, element_shape=[size, None, channels]),
    )
    *_, done = tf.while_loop(
        lambda row, *_: row < size, step, state, parallel_iterations=1, maximum_iterations=size
    )
    return tf.transpose(done.stack(), [2, 0, 1, 3])


def _rows(
    weights: Weights, above: list[list[tf.Tensor]]
) -> tuple[list[tf.Tensor], list[list[tf.Tensor]]]:
    """Computes one row of the vertical stack.

    Args:
        weights: Of the model.
        above: Rows that the first convolution and those of each layer look at, padded, the nearest
            last: of the picture, scaled, `reach` of `[columns, batch, channels + 1]`, and of each
            layer's input those above, `[columns, batch, m]`.

    Returns:
        What each layer tells the horizontal stack, `[size, batch, 2 * m]`; and `above` for the row
        below, but for the picture's.
    """
    first, *of_layers = weights.vertical
    maps = _convolve(above[0], first)
    told, below = [], [above[0]]
    for rows, layer, down in zip(above[1:], of_layers, weights.down, strict=True):
        window = [*rows, _pad(maps, 2 * len(rows) + 1)]
        below.append(window[1:])
        hidden = _convolve(window, layer)
        maps = gate(hidden)
        told.append(_everywhere(hidden, down))
    return told, below


def _pad(row: tf.Tensor, kernel: int) -> tf.Tensor:
    """Gives a row, `[size, batch, in]`, the zeros that a convolution sees beside it."""
    return tf.pad(row, [[kernel // 2, kernel // 2], [0, 0], [0, 0]])


def _convolve(rows: list[tf.Tensor], layer: Dense) -> tf.Tensor:
    """Convolves as many rows as the kernel has to one.

    Args:
        rows: Padded ones, `[size + columns - 1, batch, in]`.
        layer: Its kernel is `[columns * rows * in, out]`.

    Returns:
        `[size, batch, out]`.
    """
    padded_size, _, units = rows[0].shape
    columns = layer.kernel.shape[0] // (len(rows) * units)
    size = padded_size - columns + 1
    places = [row[column : column + size] for column in range(columns) for row in rows]
    return _everywhere(tf.concat(places, axis=2), layer)


def _everywhere(inputs: tf.Tensor, layer: Dense) -> tf.Tensor:
    """Applies a layer to every place of a row: `[size, batch, in]` to `[size, batch, out]`."""
    size, _, units = inputs.shape
    product = tf.matmul(tf.reshape(inputs, [-1, units]), layer.kernel)
    return tf.reshape(product, [size, -1, layer.kernel.shape[1]]) + layer.bias


def _pixels(weights: Weights, told: list[tf.Tensor], noise: tf.Tensor) -> tf.Tensor:
    """Computes one row of the horizontal stack and draws its values.

    Args:
        weights: Of the model.
        told: By the vertical stack to each layer, `[size, batch, 2 * m]`.
        noise: `[size, channels, batch, 256]`.

    Returns:
        int32 `[size, batch, channels]`.
    """
    size, channels, _, _ = noise.shape
    together = next(count for count in range(_MOST_PIXELS_A_TURN, 0, -1) if size % count == 0)
    turns = size // together
    told = [_cut(of_layer, turns) for of_layer in told]
    noise = _cut(tf.reshape(noise, [size * channels, -1, LEVELS]), turns)
    batch = tf.shape(noise)[2]

    def step(
        turn: tf.Tensor, left: tuple, done: tf.TensorArray
    ) -> tuple[tf.Tensor, tuple, tf.TensorArray]:
        kept = _Left(*left)
        of_pixels = zip(*(tf.unstack(of_layer[turn]) for of_layer in told), strict=True)
        of_values = tf.unstack(noise[turn])
        drawn = []
        for pixel, of_pixel in enumerate(of_pixels):
            gates = _horizontal(weights, kept, of_pixel)
            values = _head(weights, gates, of_values[pixel * channels :][:channels])
            kept.pixels = [*kept.pixels[1:], scale_pixels(values)]
            drawn.append(values)
        return turn + 1, (kept.pixels, kept.maps), done.write(turn, tf.stack(drawn))

    maps = weights.first.kernel.shape[1]
    columns = weights.horizontal[0].shape[0] // maps
    nothing = tf.zeros([batch, maps])
    state = (
        tf.constant(0),
        (
            [tf.zeros([batch, channels + 1])] * _FIRST_REACH,
            [[nothing] * (columns - 1) for _ in weights.horizontal],
        ),
        tf.TensorArray(tf.int32, turns, element_shape=[together, None, channels]),
    )
    *_, done = tf.while_loop(
        lambda turn, *_: turn < turns, step, state, parallel_iterations=1, maximum_iterations=turns
    )
    return tf.reshape(done.stack(), [size, -1, channels])


def _cut(row: tf.Tensor, turns: int) -> tf.Tensor:
    """Cuts the outermost axis: `[n, batch, units]` to `[turns, n / turns, batch, units]`."""
    count, _, units = row.shape
    return tf.reshape(row, [turns, count // turns, -1, units])


def _horizontal(weights: Weights, left: _Left, told: tuple[tf.Tensor, ...]) -> list[tf.Tensor]:
    """Computes one pixel of the horizontal stack.

    Args:
        weights: Of the model.
        left: Of the pixel; its maps become those for the pixel to the right.
        told: By the vertical stack to each layer, `[batch, 2 * m]`.

    Returns:
        Each layer's gates, `[batch, m]`.
    """
    maps = weights.first(tf.concat(left.pixels, axis=1))
    gates: list[tf.Tensor] = []
    for layer, kernel in enumerate(weights.horizontal):
        if layer:
            residual = weights.residual[layer - 1]
            maps = tf.add_n([maps, tf.matmul(gates[-1], residual.kernel), residual.bias])
        window = [*left.maps[layer], maps]
        left.maps[layer] = window[1:]
        gates.append(gate(tf.matmul(tf.concat(window, axis=1), kernel) + told[layer]))
    return gates


def _head(weights: Weights, gates: list[tf.Tensor], noise: list[tf.Tensor]) -> tf.Tensor:
    """Draws a pixel's values, channel by channel: int32 `[batch, channels]`."""
    hidden = weights.hidden(tf.nn.relu(weights.context(tf.concat(gates, axis=1))))
    if weights.mixture is not None:
        return _draw_mixture(weights.mixture(tf.nn.relu(hidden)), noise)
    values: list[tf.Tensor] = []
    of_channels = tf.split(hidden, len(noise), axis=1)
    for channel, (inputs, of_channel) in enumerate(zip(of_channels, noise, strict=True)):
        added = [
            tf.gather(weights.values[before, channel], value) for before, value in enumerate(values)
        ]
        units = tf.nn.relu(tf.add_n([inputs, *added]))
        layer = weights.logits[channel]
        noisy = tf.add_n([tf.matmul(units, layer.kernel), layer.bias, of_channel])
        values.append(tf.argmax(noisy, axis=1, output_type=tf.int32))
    return tf.stack(values, axis=1)


def _draw_mixture(parameters: tf.Tensor, noise: list[tf.Tensor]) -> tf.Tensor:
    """Draws a pixel's values from a mixture, channel by channel: int32 `[batch, channels]`."""
    components = mixture.split(parameters, len(noise))
    log_weights = components.log_weights
    values: list[tf.Tensor] = []
    for of_channel in noise:
        before = [tf.cast(value, tf.float32) for value in values]
        logits = mixture.level_logits(components, log_weights, before)
        values.append(tf.argmax(logits + of_channel, axis=1, output_type=tf.int32))
        if len(values) < len(noise):
            log_weights = mixture.weigh(
                components, log_weights, before, tf.cast(values[-1], tf.float32)
            )
    return tf.stack(values, axis=1)
