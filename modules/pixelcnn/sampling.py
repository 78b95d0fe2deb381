"""pixelcnn: draws pictures from the model, computing nothing twice.

A row of the vertical stack is computed once, from the rows above that it keeps of every layer; then
the horizontal stack pixel by pixel, from what it keeps of the pixels to the left; then the head
channel by channel. The weights are those of the Keras model, found by the names of its layers, so
there is one model and two ways to compute it; `modules.pixelcnn.naive` is the slow one.

TensorFlow's executor takes longer to start an operation than a pixel's arithmetic takes, so the
code inside the loops is written for few operations, and what it can it does for all layers at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf

from modules.pixelcnn import mixture
from modules.pixelcnn.model import FIRST_KERNEL, gate, scale_pixels
from modules.pixelcnn.noise import NoiseOfRow

_FIRST_REACH = FIRST_KERNEL // 2 + 1


@dataclass(frozen=True)
class _Weights:
    """The model's weights as the loops take them, for `l` layers, `m` maps, `u` units.

    Attributes:
        vertical: Kernels and biases of the convolutions of rows, the first one's first.
        down: Kernels `[m2, m2]` and biases from the vertical to the horizontal stack, `l` of them.
        first: Kernel and bias of the horizontal stack's first convolution, `[reach * c, m]`.
        left: What in each layer's horizontal convolution meets pixels to the left, `r` of them,
            `[l, r * m, m2]`.
        here: What meets the pixel itself, `l` of `[m, m2]`.
        residual: Kernels `[m, m]` and biases, `l - 1` of them.
        context: Kernel `[l * m, u]` and bias.
        hidden: Kernel `[u, c * u]` and bias, or `[u, u]` of a mixture's.
        values: For each channel but the last, what its value adds to the hidden units of all
            channels after it, `[256, (c - 1 - channel) * u]`.
        logits: Kernels `[u, 256]` and biases, one of each channel; none of a mixture's.
        mixture: Kernel `[u, parameters]` and bias, where there are mixtures.
    """

    vertical: list[tuple[tf.Tensor, tf.Tensor]]
    down: list[tuple[tf.Tensor, tf.Tensor]]
    first: tuple[tf.Tensor, tf.Tensor]
    left: tf.Tensor
    here: list[tf.Tensor]
    residual: list[tuple[tf.Tensor, tf.Tensor]]
    context: tuple[tf.Tensor, tf.Tensor]
    hidden: tuple[tf.Tensor, tf.Tensor]
    values: list[tf.Tensor]
    logits: list[tuple[tf.Tensor, tf.Tensor]]
    mixture: tuple[tf.Tensor, tf.Tensor] | None


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
    weights = _weights(model, channels)
    conditions = _conditions(model, class_id, len(weights.here))
    batch = tf.shape(class_id)[0]
    maps = weights.here[0].shape[0]
    kept_rows = weights.vertical[1][0].shape[0] - 1

    def step(
        row: tf.Tensor, seen: tf.Tensor, kept: list[tf.Tensor], done: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor], tf.TensorArray]:
        downs, kept = _rows(weights, conditions, seen, kept)
        values = _pixels(weights, downs, noise_of_row(row))  # [size, batch, channels]
        values = tf.transpose(values, [1, 0, 2])
        seen = tf.concat([seen[:, 1:], scale_pixels(values)[:, None]], axis=1)
        return row + 1, seen, kept, done.write(row, tf.cast(values, tf.uint8))

    state = (
        tf.constant(0),
        tf.zeros([batch, _FIRST_REACH, size, channels + 1]),
        [tf.zeros([batch, kept_rows, size, maps]) for _ in weights.here],
        tf.TensorArray(tf.uint8, size, element_shape=[None, size, channels]),
    )
    *_, done = tf.while_loop(
        lambda row, *_: row < size, step, state, parallel_iterations=1, maximum_iterations=size
    )
    return tf.transpose(done.stack(), [1, 0, 2, 3])


def _rows(
    weights: _Weights,
    conditions: list[tf.Tensor],
    seen: tf.Tensor,
    kept: list[tf.Tensor],
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Computes one row of the vertical stack.

    Args:
        weights: Of the model.
        conditions: What the class adds: `[batch, 1, 1, m2]` for each layer, vertical and
            horizontal in turns.
        seen: Scaled rows of the picture above, `[batch, reach, size, channels + 1]`.
        kept: Each layer's input rows above, `[batch, rows, size, m]`.

    Returns:
        What each layer tells the horizontal stack, `[size, l, batch, m2]`; and `kept` for the row
        below.
    """
    row = _convolve(seen, *weights.vertical[0])  # [batch, 1, size, m]
    downs, kept_next = [], []
    for layer, (kernel, bias) in enumerate(weights.vertical[1:]):
        window = tf.concat([kept[layer], row], axis=1)
        kept_next.append(window[:, 1:])
        above = _convolve(window, kernel, bias) + conditions[2 * layer]
        row = gate(above)
        down_kernel, down_bias = weights.down[layer]
        down = tf.einsum("brsi,io->brso", above, down_kernel) + down_bias
        downs.append((down + conditions[2 * layer + 1])[:, 0])
    return tf.transpose(tf.stack(downs), [2, 0, 1, 3]), kept_next


def _pixels(weights: _Weights, downs: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Computes one row of the horizontal stack and draws its values.

    Args:
        weights: Of the model.
        downs: `[size, l, batch, m2]`.
        noise: `[size, channels, batch, 256]`.

    Returns:
        int32 `[size, batch, channels]`.
    """
    size, channels, _, _ = noise.shape
    count, batch = len(weights.here), tf.shape(noise)[2]
    left_units = weights.left.shape[1]
    maps = weights.here[0].shape[0]

    def step(
        column: tf.Tensor, behind: tf.Tensor, left: tf.Tensor, done: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        from_elsewhere = tf.unstack(tf.gather(downs, column) + tf.matmul(left, weights.left))
        gates, inputs = _horizontal(weights, behind, from_elsewhere)
        values = _head(weights, gates, tf.unstack(tf.gather(noise, column)))
        behind = tf.concat([behind[:, channels + 1 :], scale_pixels(values)], axis=1)
        here = tf.stack(inputs)
        left = here if left_units == maps else tf.concat([left[:, :, maps:], here], axis=2)
        return column + 1, behind, left, done.write(column, values)

    state = (
        tf.constant(0),
        tf.zeros([batch, _FIRST_REACH * (channels + 1)]),
        tf.zeros([count, batch, left_units]),
        tf.TensorArray(tf.int32, size, element_shape=[None, channels]),
    )
    *_, done = tf.while_loop(
        lambda column, *_: column < size,
        step,
        state,
        parallel_iterations=1,
        maximum_iterations=size,
    )
    return tf.ensure_shape(done.stack(), [size, None, channels])


def _horizontal(
    weights: _Weights, behind: tf.Tensor, from_elsewhere: list[tf.Tensor]
) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Computes one pixel of the horizontal stack: each layer's gates and input, `[batch, m]`."""
    maps = _dense(behind, *weights.first)
    gates, inputs = [], []
    for layer, kernel in enumerate(weights.here):
        inputs.append(maps)
        gates.append(gate(from_elsewhere[layer] + tf.matmul(maps, kernel)))
        if layer < len(weights.residual):
            maps = maps + _dense(gates[-1], *weights.residual[layer])
    return gates, inputs


def _head(weights: _Weights, gates: list[tf.Tensor], noise: list[tf.Tensor]) -> tf.Tensor:
    """Draws a pixel's values, channel by channel: int32 `[batch, channels]`."""
    context = tf.nn.relu(_dense(tf.concat(gates, axis=1), *weights.context))
    hidden = _dense(context, *weights.hidden)
    if weights.mixture is not None:
        return _draw_mixture(_dense(tf.nn.relu(hidden), *weights.mixture), noise)
    units = weights.hidden[0].shape[0]
    values: list[tf.Tensor] = []
    for channel, (kernel, bias) in enumerate(weights.logits):
        if channel:
            hidden = hidden[:, units:] + tf.gather(weights.values[channel - 1], values[-1])
        logits = _dense(tf.nn.relu(hidden[:, :units]), kernel, bias)
        values.append(tf.argmax(logits + noise[channel], axis=1, output_type=tf.int32))
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


def _dense(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tf.nn.bias_add(tf.matmul(inputs, kernel), bias)


def _convolve(window: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Convolves as many rows as the kernel has to one: `[batch, 1, size, units]`."""
    side = kernel.shape[1] // 2
    padded = tf.pad(window, [[0, 0], [0, 0], [side, side], [0, 0]])
    return tf.nn.conv2d(padded, kernel, strides=1, padding="VALID") + bias


def _conditions(model: keras.Model, class_id: tf.Tensor, count: int) -> list[tf.Tensor]:
    """What the class adds before the gates, `[batch, 1, 1, m2]` each; see `_rows`."""
    table = tf.convert_to_tensor(model.get_layer("class").embeddings)
    row = tf.gather(table, class_id)[:, None, None, :]
    return tf.split(row, 2 * count, axis=-1)


def _weights(model: keras.Model, channels: int) -> _Weights:
    """Collects the weights of a model's layers by their names."""
    names = {layer.name for layer in model.layers}

    def of(name: str) -> tuple[tf.Tensor, tf.Tensor]:
        layer = model.get_layer(name)
        return tf.convert_to_tensor(layer.kernel), tf.convert_to_tensor(layer.bias)

    count = sum(name.startswith("down_") for name in names)
    layers = range(1, count + 1)
    horizontal = [
        tf.convert_to_tensor(model.get_layer(f"horizontal_{layer}").kernel) for layer in layers
    ]
    _, columns, maps, twice = horizontal[0].shape
    first, first_bias = of("horizontal_0")
    left = tf.stack([kernel[0, :-1] for kernel in horizontal])

    def table(before: int, channel: int) -> tf.Tensor:
        return tf.convert_to_tensor(model.get_layer(f"value_{before}_{channel}").embeddings)

    is_mixture = "mixture" in names
    return _Weights(
        vertical=[of(f"vertical_{layer}") for layer in (0, *layers)],
        down=[of(f"down_{layer}") for layer in layers],
        first=(tf.reshape(first, [-1, maps]), first_bias),
        left=tf.reshape(left, [count, (columns - 1) * maps, twice]),
        here=[kernel[0, -1] for kernel in horizontal],
        residual=[of(f"residual_{layer}") for layer in layers[:-1]],
        context=of("context"),
        hidden=of("hidden"),
        values=[
            tf.concat([table(before, later) for later in range(before + 1, channels)], axis=1)
            for before in range(0 if is_mixture else channels - 1)
        ],
        logits=[of(f"logits_{channel}") for channel in range(0 if is_mixture else channels)],
        mixture=of("mixture") if is_mixture else None,
    )
