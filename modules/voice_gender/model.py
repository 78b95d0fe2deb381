"""voice_gender: the network, z-scores of twenty properties to the logit of female."""

from __future__ import annotations

import keras
import tensorflow_transform as tft

from modules.voice_gender.properties import PROPERTIES
from modules.voice_gender.task import Settings


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the network.

    Source: the original exercise's widths of 512 to 1,024. It put softmax, not ReLU, between its
    layers, and applied it twice at the end.

    Args:
        settings: Resolved settings.
        transform_output: Not used: the properties' number is fixed.

    Returns:
        `{"properties": [batch, 20]}` to logits of female, float32 `[batch]`.
    """
    properties = keras.Input([len(PROPERTIES)], name="properties")
    hidden = properties
    for _ in range(settings.hidden_layers):
        hidden = keras.layers.Dense(settings.hidden_units, activation="relu")(hidden)
        hidden = keras.layers.Dropout(settings.dropout, seed=settings.seed)(hidden)
    logits = keras.layers.Reshape([])(keras.layers.Dense(1)(hidden))
    model = keras.Model({"properties": properties}, logits, name="voice_gender")
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
    )
    return model
