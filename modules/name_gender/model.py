"""name_gender: the network over characters, the half of the model that is trained in epochs.

Each character is an embedding, scaled and shifted by learned vectors of its position: so the same
character can weigh little as a surname and much as the last one. Convolutions of width 3, 4 and 5
read the sequence; each filter's strongest answer, padding excluded, goes to one logit.
"""

from __future__ import annotations

import keras
import tensorflow_transform as tft

from modules.common.text.in_graph import PADDING_ID, RESERVED_IDS
from modules.name_gender.features import VOCABULARY
from modules.name_gender.task import MAX_CHARS, Settings

_WIDTHS = (3, 4, 5)
# Lower than any activation, so that padding never wins the max.
_NEVER = -1e9


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Gives the size of the vocabulary.

    Returns:
        `characters` int64 `[batch, MAX_CHARS]` to the logit of `male`, `[batch]`.
    """
    ids = transform_output.vocabulary_size_by_name(VOCABULARY) + RESERVED_IDS
    units = settings.embedding_units
    characters = keras.Input((MAX_CHARS,), dtype="int64", name="characters")
    there = keras.ops.cast(characters != PADDING_ID, "float32")[..., None]  # [batch, chars, 1]
    position = keras.ops.arange(MAX_CHARS, dtype="int64") + keras.ops.zeros_like(characters)

    embedded = keras.layers.Embedding(ids, units)(characters)
    scale = keras.layers.Embedding(MAX_CHARS, units)(position)
    shift = keras.layers.Embedding(MAX_CHARS, units)(position)
    sequence = embedded * (1 + scale) + shift  # [batch, chars, units]
    sequence = keras.layers.SpatialDropout1D(settings.embedding_dropout)(sequence)
    sequence = sequence * there

    strongest = []
    for width in _WIDTHS:
        answers = keras.layers.Conv1D(settings.filters, width, padding="same", activation="relu")(
            sequence
        )
        answers = keras.ops.where(there > 0, answers, _NEVER)
        strongest.append(keras.ops.maximum(keras.ops.max(answers, axis=1), 0.0))
    hidden = keras.layers.Concatenate()(strongest)  # [batch, 3 * filters]
    hidden = keras.layers.Dropout(settings.dropout)(hidden)
    logit = keras.layers.Dense(1)(hidden)[:, 0]

    model = keras.Model({"characters": characters}, logit)
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    return model
