"""id_number_ocr: the model, whole: pixels of a strip to the characters of its number.

Four convolutions with batch normalization leave 64 columns of features. For each of the 18
positions a softmax over the columns says where to look, and one classifier reads what is there.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow_transform as tft
from keras import ops

from modules.common.models import ocr
from modules.id_number_ocr.numbers import CHARACTERS, NUMBER_CHARS
from modules.id_number_ocr.task import HEIGHT_PX, WIDTH_PX, Settings

_IMPOSSIBLE = -1e4


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used: sizes and characters do not depend on the data.

    Returns:
        `image` uint8 `[batch, 32, 256, 1]` to logits, float32 `[batch, 18, 11]`.
    """
    filters, dropout = settings.filters, settings.dropout
    seed = settings.seed
    image = keras.Input((HEIGHT_PX, WIDTH_PX, 1), dtype="uint8", name="image")

    # A digit is about ten pixels wide, and twice as high: its width is halved later.
    hidden = ocr.convolution(ocr.standardize(image), filters, 5, (2, 1))  # [16, 256]
    hidden = ocr.convolution(hidden, 2 * filters, 3, (2, 2))  # [8, 128]
    hidden = ocr.convolution(hidden, 4 * filters, 3, (2, 2))  # [4, 64]
    hidden = ocr.convolution(hidden, 8 * filters, 3, (2, 1))  # [2, 64]
    columns = ocr.columns(hidden, 12 * filters, dropout, seed)  # [64, units]
    logits = ocr.read_positions(columns, NUMBER_CHARS, len(CHARACTERS), dropout, seed + 1)

    model = keras.Model({"image": image}, logits + _form(), name="id_number_ocr")
    model.compile(
        optimizer=keras.optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.MeanMetricWrapper(_number_accuracy, name="number_accuracy"),
            keras.metrics.SparseCategoricalAccuracy(name="char_accuracy"),
        ],
    )
    return model


def _number_accuracy(ids: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    return ocr.all_right(ids, ops.argmax(logits, axis=-1))


def _form() -> np.ndarray:
    """What is added to the logits, float32 `[18, 11]`: an `X` stands at the end alone."""
    form = np.zeros([NUMBER_CHARS, len(CHARACTERS)], np.float32)
    form[:-1, CHARACTERS.index("X")] = _IMPOSSIBLE
    return form
