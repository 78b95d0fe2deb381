"""pixelcnn: the model, whole: every value of a picture from the values before it.

Values come in the order of reading: row by row, pixel by pixel, and within a pixel channel by
channel. Two stacks of gated convolutions look at whole pixels only. The picture is shifted down by
a row for the vertical one and to the right by a pixel for the horizontal one; from there on both
may see the place where they are, so that nothing needs a mask and there is no blind spot. What
the horizontal stack gathers for a pixel goes to a small head, which takes the pixel's channels in
order.

`modules.pixelcnn.sampling` computes the same from the weights of these layers, by their names.

Source: A. van den Oord et al., "Conditional Image Generation with PixelCNN Decoders" (2016). There
masks split the feature maps among the channels; here the channels meet only in the head, which is
as general and costs a sampler next to nothing for each channel.
"""

from __future__ import annotations

import math

import keras
import tensorflow_transform as tft
from keras import layers, ops

from modules.pixelcnn import mixture
from modules.pixelcnn.features import class_names
from modules.pixelcnn.task import LEVELS, Settings

# Of the first convolutions, which see the picture itself; an odd number.
FIRST_KERNEL = 7


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Gives the number of classes.

    Returns:
        `image` uint8 `[batch, size, size, channels]` and `class_id` int64 `[batch]`, 0 where it is
        not known, to what `bits_per_dim` takes: logits float32
        `[batch, size, size, channels, 256]`, or parameters of mixtures, float32
        `[batch, size, size, parameters]`.
    """
    model = build(settings, 1 + len(class_names(transform_output)))
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate, global_clipnorm=1.0),
        loss=bits_per_dim,
    )
    return model


def build(settings: Settings, classes: int) -> keras.Model:
    """Builds the model.

    Args:
        settings: `size_px`, `channels`, `layers`, `maps`, `kernel`, `head_units`, `likelihood`,
            `components`, `class_dropout`, `conditional` and `seed` are read.
        classes: How many there are, that of pictures whose class is not known among them.
    """
    size, channels = settings.size_px, settings.channels
    count, maps, kernel = settings.layers, settings.maps, settings.kernel
    image = keras.Input((size, size, channels), dtype="uint8", name="image")
    class_id = keras.Input((), dtype="int64", name="class_id")

    conditions = _conditions(class_id, classes, count, maps, settings)
    seen = scale_pixels(image)
    vertical = _shift(seen, rows=1)
    vertical = _convolution("vertical_0", vertical, maps, FIRST_KERNEL // 2 + 1, FIRST_KERNEL)
    horizontal = _shift(seen, columns=1)
    horizontal = _convolution("horizontal_0", horizontal, maps, 1, FIRST_KERNEL // 2 + 1)
    gates = []
    for layer in range(1, count + 1):
        above = _convolution(f"vertical_{layer}", vertical, 2 * maps, kernel // 2 + 1, kernel)
        above = above + conditions[layer - 1][0]
        vertical = gate(above)
        left = _convolution(f"horizontal_{layer}", horizontal, 2 * maps, 1, kernel // 2 + 1, False)
        left = left + layers.Dense(2 * maps, name=f"down_{layer}")(above)
        gates.append(gate(left + conditions[layer - 1][1]))
        if layer < count:
            horizontal = horizontal + layers.Dense(maps, name=f"residual_{layer}")(gates[-1])
    likelihood = settings.likelihood
    if likelihood == "auto":
        likelihood = "mixture" if channels == 3 else "softmax"
    head = _mixture_head if likelihood == "mixture" else _softmax_head
    outputs = head(image, layers.Concatenate()(gates), settings)
    return keras.Model({"image": image, "class_id": class_id}, outputs, name="pixelcnn")


def bits_per_dim(image: keras.KerasTensor, outputs: keras.KerasTensor) -> keras.KerasTensor:
    """Computes the negative log-likelihood of each picture in bits per value.

    Args:
        image: Integers `[batch, size, size, channels]`, 0 to 255.
        outputs: The model's, float32: logits `[batch, size, size, channels, 256]`, or parameters
            of mixtures `[batch, size, size, parameters]`.

    Returns:
        float32 `[batch]`.
    """
    if len(outputs.shape) == len(image.shape):
        nats = -mixture.log_likelihood(outputs, image)
        return ops.mean(nats, axis=(1, 2)) / (image.shape[-1] * math.log(2))
    nats = keras.losses.sparse_categorical_crossentropy(image, outputs, from_logits=True)
    return ops.mean(nats, axis=(1, 2, 3)) / math.log(2)


def level_logits(image: keras.KerasTensor, outputs: keras.KerasTensor) -> keras.KerasTensor:
    """Computes the logits of all levels of every value, given the values before it.

    Args:
        image: Integers `[batch, ..., channels]`, 0 to 255.
        outputs: The model's for these pixels; see `bits_per_dim`.

    Returns:
        float32 `[batch, ..., channels, 256]`.
    """
    if len(outputs.shape) == len(image.shape):
        return mixture.all_level_logits(outputs, image)
    return outputs


def scale_pixels(image: keras.KerasTensor) -> keras.KerasTensor:
    """Brings values to -1 to 1, and adds a map of ones by which padding is told from grey.

    Args:
        image: Integers `[..., channels]`, 0 to 255.

    Returns:
        Floats `[..., channels + 1]`.
    """
    values = ops.cast(image, keras.config.floatx()) / 127.5 - 1.0
    return ops.concatenate([values, ops.ones_like(values[..., :1])], axis=-1)


def gate(hidden: keras.KerasTensor) -> keras.KerasTensor:
    """Lets the second half of the maps say how much of the first goes through."""
    values, gates = ops.split(hidden, 2, axis=-1)
    return ops.tanh(values) * ops.sigmoid(gates)


def _shift(maps: keras.KerasTensor, rows: int = 0, columns: int = 0) -> keras.KerasTensor:
    """Moves maps down or to the right; zeros come in, and what leaves is lost."""
    padded = layers.ZeroPadding2D(((rows, 0), (columns, 0)))(maps)
    return layers.Cropping2D(((0, rows), (0, columns)))(padded)


def _convolution(
    name: str, maps: keras.KerasTensor, units: int, rows: int, columns: int, bias: bool = True
) -> keras.KerasTensor:
    """Convolves each place with the rows up to its own; with one row, also the columns."""
    sides = (columns - 1, 0) if rows == 1 else (columns // 2, columns // 2)
    padded = layers.ZeroPadding2D(((rows - 1, 0), sides))(maps)
    return layers.Conv2D(units, (rows, columns), use_bias=bias, name=name)(padded)


def _conditions(
    class_id: keras.KerasTensor, classes: int, count: int, maps: int, settings: Settings
) -> list[tuple[keras.KerasTensor, keras.KerasTensor]]:
    """What the class adds before each layer's gates: `[batch, 1, 1, 2 * maps]` for either stack.

    In training some pictures lose their class, so that the model also knows them without.
    """
    if not settings.conditional:
        class_id = ops.zeros_like(class_id)
    ones = ops.ones_like(ops.cast(class_id, "float32"))
    dropout = layers.Dropout(settings.class_dropout, seed=settings.seed)
    is_kept = ops.cast(dropout(ones) > 0, "int64")
    embedding = layers.Embedding(
        classes, 4 * maps * count, embeddings_initializer="zeros", name="class"
    )(class_id * is_kept)
    parts = ops.split(embedding[:, None, None, :], 2 * count, axis=-1)
    return list(zip(parts[::2], parts[1::2], strict=True))


def _softmax_head(
    image: keras.KerasTensor, gates: keras.KerasTensor, settings: Settings
) -> keras.KerasTensor:
    """Takes a pixel's channels in order, each from the context and from those before it."""
    units, channels = settings.head_units, settings.channels
    context = layers.Dense(units, activation="relu", name="context")(gates)
    hidden = ops.split(layers.Dense(channels * units, name="hidden")(context), channels, axis=-1)
    logits = []
    for channel in range(channels):
        inputs = hidden[channel]
        for before in range(channel):
            table = layers.Embedding(LEVELS, units, name=f"value_{before}_{channel}")
            inputs = inputs + table(image[..., before])
        output = layers.Dense(LEVELS, dtype="float32", name=f"logits_{channel}")
        logits.append(output(ops.relu(inputs)))
    return ops.stack(logits, axis=-2)


def _mixture_head(
    image: keras.KerasTensor, gates: keras.KerasTensor, settings: Settings
) -> keras.KerasTensor:
    """Gives the parameters of each pixel's mixture, from the context alone."""
    units, channels, components = settings.head_units, settings.channels, settings.components
    context = layers.Dense(units, activation="relu", name="context")(gates)
    hidden = layers.Dense(units, activation="relu", name="hidden")(context)
    return layers.Dense(
        mixture.count_parameters(channels, components),
        dtype="float32",
        bias_initializer=lambda shape, dtype=None: ops.convert_to_tensor(
            mixture.initial_bias(channels, components), dtype
        ),
        name="mixture",
    )(hidden)
