"""pixelcnn: the weights of the Keras model, as the loops of the sampler take them.

They are found by the names of the model's layers. What does not change while pictures are drawn is
added up here once: biases, what the class adds, and the same for every picture of the batch. So a
bias is a plain addend in the loops; one that is broadcast TensorFlow would fuse with the product
before it into an operation that takes longer to start than a pixel's product takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Dense:
    """A layer as a product and a sum.

    Attributes:
        kernel: float32 `[inputs, units]`.
        bias: float32 `[batch, units]`.
    """

    kernel: tf.Tensor
    bias: tf.Tensor

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """Applies the layer: float32 `[batch, inputs]` to `[batch, units]`."""
        return tf.matmul(inputs, self.kernel) + self.bias


@dataclass(frozen=True)
class Weights:
    """The model's weights for `b` pictures, `l` layers, `m` maps, `u` units, `c` channels.

    Kernels of convolutions have their places beside each other, `[columns * rows * in, out]`.

    Attributes:
        vertical: The convolutions of rows, the first one's first, `1 + l` of them; biases have what
            the class adds.
        down: From the vertical to the horizontal stack, `l` of them, `[2 * m, 2 * m]`; biases have
            what the class adds.
        first: The horizontal stack's first convolution, `[reach * (c + 1), m]`.
        horizontal: Kernels of its other convolutions, `l` of them, `[columns * m, 2 * m]`.
        residual: `l - 1` of them, `[m, m]`.
        context: `[l * m, u]`.
        hidden: `[u, c * u]`, or `[u, u]` of a mixture's.
        values: What an earlier channel's value adds to the hidden units of a later one, float32
            `[256, u]` by both; none of a mixture's.
        logits: One of each channel, `[u, 256]`; none of a mixture's.
        mixture: `[u, parameters]`, where there are mixtures.
    """

    vertical: list[Dense]
    down: list[Dense]
    first: Dense
    horizontal: list[tf.Tensor]
    residual: list[Dense]
    context: Dense
    hidden: Dense
    values: dict[tuple[int, int], tf.Tensor]
    logits: list[Dense]
    mixture: Dense | None


def collect(model: keras.Model, class_id: tf.Tensor) -> Weights:
    """Collects the weights of a model.

    Args:
        model: What `modules.pixelcnn.model.build` gave.
        class_id: Of the pictures to draw, int64 `[batch]`.
    """
    names = {layer.name for layer in model.layers}
    channels = model.input["image"].shape[-1]
    is_mixture = "mixture" in names
    layers = range(1, 1 + sum(name.startswith("down_") for name in names))
    table = tf.convert_to_tensor(model.get_layer("class").embeddings)
    conditions = tf.split(tf.gather(table, class_id), 2 * len(layers), axis=1)

    def of(name: str, condition: tf.Tensor | None = None) -> Dense:
        layer = model.get_layer(name)
        bias = tf.convert_to_tensor(layer.bias)
        if condition is None:
            bias = tf.tile(bias[None], [tf.size(class_id), 1])
        else:
            bias = bias + condition
        return Dense(_flat(layer.kernel), bias)

    return Weights(
        vertical=[
            of("vertical_0"),
            *(of(f"vertical_{layer}", conditions[2 * layer - 2]) for layer in layers),
        ],
        down=[of(f"down_{layer}", conditions[2 * layer - 1]) for layer in layers],
        first=of("horizontal_0"),
        horizontal=[_flat(model.get_layer(f"horizontal_{layer}").kernel) for layer in layers],
        residual=[of(f"residual_{layer}") for layer in layers[:-1]],
        context=of("context"),
        hidden=of("hidden"),
        values={
            (before, later): tf.convert_to_tensor(
                model.get_layer(f"value_{before}_{later}").embeddings
            )
            for later in range(0 if is_mixture else channels)
            for before in range(later)
        },
        logits=[of(f"logits_{channel}") for channel in range(0 if is_mixture else channels)],
        mixture=of("mixture") if is_mixture else None,
    )


def _flat(kernel: keras.Variable) -> tf.Tensor:
    """Makes a matrix of a kernel, `[rows, columns, in, out]` or `[in, out]`, columns outermost."""
    tensor = tf.convert_to_tensor(kernel)
    if len(tensor.shape) == 4:
        tensor = tf.transpose(tensor, [1, 0, 2, 3])
    return tf.reshape(tensor, [-1, tensor.shape[-1]])
