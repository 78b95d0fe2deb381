"""captcha_ocr: the model, whole: pixels of a captcha to the characters of its text.

Four small convolutions leave twenty columns of features. Two heads can read them. `ctc` lets each
column know of the others, names a character or a blank in each, and sums over every way to spread
the text over the columns, so it needs no positions at all. `position` says for each of six
positions where to look, and what is there; what is beyond the text is padding.
"""

from __future__ import annotations

import keras
import tensorflow_transform as tft
from keras import layers, ops

from modules.captcha_ocr.charsets import MAX_CHARS, symbols
from modules.captcha_ocr.task import HEIGHT_PX, WIDTH_PX, Settings
from modules.common.models import ctc, ocr


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used: sizes and characters do not depend on the data.

    Returns:
        `image` uint8 `[batch, 60, 160, 1]` to logits, float32: `[batch, 20, symbols]` of the
        columns, or `[batch, 6, symbols]` of the positions; symbol 0 is blank or padding.
    """
    head = settings.head
    filters, dropout = settings.filters, settings.dropout
    classes, seed = len(symbols(settings.charset)), settings.seed
    image = keras.Input((HEIGHT_PX, WIDTH_PX, 1), dtype="uint8", name="image")

    hidden = ocr.convolution(ocr.standardize(image), filters, 5, (2, 2))  # [30, 80]
    hidden = layers.MaxPooling2D(2)(ocr.convolution(hidden, 2 * filters, 3))  # [15, 40]
    hidden = ocr.convolution(hidden, 4 * filters, 3)
    hidden = layers.MaxPooling2D(2, padding="same")(hidden)  # [8, 20]
    hidden = ocr.convolution(hidden, 8 * filters, 3)
    columns = ocr.columns(hidden, 12 * filters, dropout, seed)  # [20, units]

    if head == "position":
        logits = ocr.read_positions(columns, MAX_CHARS, classes, dropout, seed + 1)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    else:
        context = look_around(columns, settings)
        logits = layers.Dense(classes, dtype="float32")(context)
        loss = keras.losses.CTC()

    def text_accuracy(ids: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        return ocr.all_right(ids, read(logits, head)[0])

    def char_accuracy(ids: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        answers = ops.cast(read(logits, head)[0], ids.dtype)
        is_there = ops.cast(ids != 0, "float32")
        is_right = ops.cast(ops.equal(ids, answers), "float32") * is_there
        return ops.sum(is_right, -1) / ops.maximum(ops.sum(is_there, -1), 1)

    model = keras.Model({"image": image}, logits, name="captcha_ocr")
    model.compile(
        optimizer=keras.optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay
        ),
        loss=loss,
        metrics=[
            keras.metrics.MeanMetricWrapper(text_accuracy, name="text_accuracy"),
            keras.metrics.MeanMetricWrapper(char_accuracy, name="char_accuracy"),
        ],
    )
    return model


def look_around(columns: keras.KerasTensor, settings: Settings) -> keras.KerasTensor:
    """Lets each column know of the others.

    CTC may settle on naming a character in a column that does not see it, most often the last one
    at the picture's edge, where nothing else is to be said; it then guesses, for good. With
    `recurrent`, what stands in the picture reaches every column, so that there is no such place.

    Args:
        columns: `[batch, 20, units]`.
        settings: `context` and `filters` are read.

    Returns:
        `[batch, 20, 12 * filters]`.
    """
    units = 12 * settings.filters
    if settings.context == "conv":
        return ocr.normalize(layers.Conv1D(units, 3, padding="same", use_bias=False)(columns))
    near = layers.Conv1D(units // 2, 3, padding="same", use_bias=False)(columns)
    # In float32, since what a recurrent layer remembers is added up over the columns.
    passing = layers.GRU(units // 4, return_sequences=True, dtype="float32")
    far = layers.Bidirectional(passing, dtype="float32")(columns)
    return ocr.normalize(layers.Concatenate()([near, far]))


def read(logits: keras.KerasTensor, head: str) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Reads the likeliest text off the logits.

    Args:
        logits: What the model gave.
        head: `ctc` or `position`.

    Returns:
        Ids, int32 `[batch, 6]`, 0 after the text; and the probability of each, float32
        `[batch, 6]`: the largest of its columns, or that of its position.
    """
    probabilities = ops.softmax(logits, axis=-1)
    if head == "ctc":
        return ctc.collapse(probabilities, MAX_CHARS)
    ids = ops.cast(ops.argmax(probabilities, axis=-1), "int32")
    return ids, ops.max(probabilities, axis=-1)
