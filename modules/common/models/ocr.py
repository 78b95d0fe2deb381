"""Keras blocks of models that read a line of characters in a picture."""

from __future__ import annotations

import keras
from keras import layers, ops

from modules.common.models.batch_norm import BatchNormalization

# Grey levels: what varies less than this is noise, not ink.
_LEAST_CONTRAST = 8.0
_MOMENTUM = 0.9


def standardize(image: keras.KerasTensor) -> keras.KerasTensor:
    """Gives each picture mean 0 and deviation 1, since ink and paper are of any grey.

    Args:
        image: uint8 `[batch, height, width, channels]`.

    Returns:
        float32 of the same shape.
    """
    pixels = ops.cast(image, "float32")
    mean = ops.mean(pixels, axis=(1, 2, 3), keepdims=True)
    deviation = ops.std(pixels, axis=(1, 2, 3), keepdims=True)
    return (pixels - mean) / (deviation + _LEAST_CONTRAST)


def normalize(hidden: keras.KerasTensor) -> keras.KerasTensor:
    """Batch normalization and ReLU."""
    return layers.ReLU()(BatchNormalization(momentum=_MOMENTUM)(hidden))


def convolution(
    hidden: keras.KerasTensor, filters: int, kernel: int, strides: tuple[int, int] = (1, 1)
) -> keras.KerasTensor:
    """A convolution with batch normalization and ReLU, `same` padding."""
    layer = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)
    return normalize(layer(hidden))


def columns(hidden: keras.KerasTensor, units: int, dropout: float, seed: int) -> keras.KerasTensor:
    """Makes one vector of each column of a picture's features.

    Args:
        hidden: `[batch, height, width, channels]`.
        units: Size of a vector.
        dropout: Share of the units that are dropped in training.
        seed: Of the dropout.

    Returns:
        `[batch, width, units]`.
    """
    _, height, width, channels = hidden.shape
    upright = ops.reshape(ops.transpose(hidden, (0, 2, 1, 3)), (-1, width, height * channels))
    vectors = normalize(layers.Dense(units, use_bias=False)(upright))
    return layers.Dropout(dropout, seed=seed)(vectors)


def read_positions(
    vectors: keras.KerasTensor, positions: int, symbols: int, dropout: float, seed: int
) -> keras.KerasTensor:
    """Reads a fixed number of characters off the columns.

    Where the characters stand differs from picture to picture. For each position a softmax over
    the columns, computed from all of them together, says where to look, and one classifier for all
    positions reads what is there. A dense layer from every column to every position would hold ten
    times the weights, and learn each character anew for each position.

    Args:
        vectors: What `columns` gave, `[batch, width, units]`.
        positions: Characters to read.
        symbols: Classes of a character.
        dropout: Share of the units that are dropped in training.
        seed: Of the dropout.

    Returns:
        Logits, float32 `[batch, positions, symbols]`.
    """
    _, width, units = vectors.shape
    outline = layers.Flatten()(layers.Dense(units // 6, activation="relu")(vectors))
    outline = layers.Dense(4 * units // 3, activation="relu")(outline)
    where = layers.Reshape((positions, width))(layers.Dense(positions * width)(outline))
    glimpses = ops.matmul(ops.softmax(where, axis=-1), vectors)  # [batch, positions, units]
    glimpses = layers.Dense(units, activation="relu")(glimpses)
    glimpses = layers.Dropout(dropout, seed=seed)(glimpses)
    return layers.Dense(symbols, dtype="float32")(glimpses)


def all_right(ids: keras.KerasTensor, answers: keras.KerasTensor) -> keras.KerasTensor:
    """Tells which texts are read whole.

    Args:
        ids: Integers `[batch, length]`.
        answers: Integers of the same shape.

    Returns:
        float32 `[batch]`, 1 where every character is right.
    """
    is_right = ops.equal(ops.cast(ids, "int32"), ops.cast(answers, "int32"))
    return ops.cast(ops.all(is_right, axis=-1), "float32")
