"""A small convolutional network that a pipeline trains on its own pictures."""

from __future__ import annotations

import keras
from keras import layers

from modules.common.models.batch_norm import BatchNormalization

_FILTERS = (16, 32, 64, 128)


def tiny(image: keras.KerasTensor, seed: int) -> dict[str, keras.KerasTensor]:
    """Applies the network: four convolutions, each halving the size, with batch normalization.

    Args:
        image: Red, green and blue, float32 `[batch, h, w, 3]` in 0..255.
        seed: Of the first weights.

    Returns:
        `conv1` to `conv4`: feature maps with 16, 32, 64 and 128 channels, not negative.
    """
    hidden = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    stages = {}
    for number, filters in enumerate(_FILTERS, start=1):
        hidden = layers.Conv2D(
            filters,
            3,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed + number),
        )(hidden)
        hidden = BatchNormalization(momentum=0.9)(hidden)
        hidden = layers.ReLU(name=f"conv{number}")(hidden)
        stages[f"conv{number}"] = hidden
    return stages
