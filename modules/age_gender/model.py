"""age_gender: the model, whole: a face to the odds of eight age groups and two genders.

Three convolutions, two dense layers, and one classifier for each of the two questions: the network
of Levi & Hassner, whose two networks, one for age and one for gender, share their trunk here.

With `backbone` another network takes their place, `tiny`, or one that others trained and that stays
as it is, whose deepest maps the classifiers read.

Source: G. Levi & T. Hassner, "Age and Gender Classification Using Convolutional Neural Networks"
(2015). As there: kernels, strides, poolings, the order of pooling and normalization. Otherwise:
`norm=batch` normalizes by the batch, not by neighbouring maps; the first weights are He's, not of
one fixed deviation; AdamW takes the place of plain gradient descent; and a fifth of the dense units
is dropped, not half, with which a few hundred steps teach nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from keras import layers, ops

from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.age_gender.task import LEVI_HASSNER, Settings
from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import build_backbone
from modules.common.models.batch_norm import BatchNormalization
from modules.common.models.pooling import Pooling
from modules.common.runtime.errors import TaskError

AGES = len(AGE_GROUPS)
HEADS = {"age_accuracy": slice(0, AGES), "gender_accuracy": slice(AGES, AGES + len(GENDERS))}
"""Which of the logits answer which question, in the order of the label."""

_MAPS = (96, 256, 384)
_DENSE_UNITS = 512
_MOMENTUM = 0.9
# Of a backbone that is not the paper's, counted from the last.
_STAGES = 3


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used: sizes and classes do not depend on the data.

    Returns:
        `image` uint8 `[batch, side, side, 3]`, `crop_px` or larger, of which the middle is seen,
        to logits, float32 `[batch, 10]`: eight age groups, then two genders.

    Raises:
        TaskError: If the backbone takes larger pictures, or needs weights.
        DataError: If its weights are not there.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    pixels = ops.cast(Middle(settings.crop_px)(image), "float32")
    trunk = _levi_hassner if settings.backbone == LEVI_HASSNER else _pooled_backbone
    hidden = trunk(pixels, settings)
    logits = layers.Dense(AGES + len(GENDERS), dtype="float32")(hidden)

    model = keras.Model({"image": image}, logits, name="age_gender")
    model.compile(
        optimizer=keras.optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay
        ),
        loss=masked_loss(settings),
        metrics=[HeadAccuracy(column, name) for column, name in enumerate(HEADS)],
    )
    return model


def _levi_hassner(pixels: keras.KerasTensor, settings: Settings) -> keras.KerasTensor:
    """Applies the network of the paper, up to the units that its classifiers read."""
    norm, width = settings.norm, settings.width
    first, second, third = (max(8, round(width * maps)) for maps in _MAPS)
    units = max(16, round(width * _DENSE_UNITS))
    hidden = pixels / 127.5 - 1  # [227, 227]
    hidden = _convolution(hidden, first, 7, 4, "valid", norm)  # [56, 56]
    hidden = _pool(hidden, norm)  # [28, 28]
    hidden = _convolution(hidden, second, 5, 1, "same", norm)
    hidden = _pool(hidden, norm)  # [14, 14]
    hidden = _convolution(hidden, third, 3, 1, "same", norm)
    hidden = layers.MaxPooling2D(3, 2, padding="same")(hidden)  # [7, 7]
    hidden = layers.Flatten()(hidden)
    for number in (1, 2):
        hidden = layers.Dense(units, activation="relu", kernel_initializer="he_normal")(hidden)
        hidden = layers.Dropout(settings.dropout, seed=settings.seed + number)(hidden)
    return hidden


def _pooled_backbone(pixels: keras.KerasTensor, settings: Settings) -> keras.KerasTensor:
    """Applies another network, and pools its deepest stages over the quarters of the face."""
    least = BACKBONES[settings.backbone].min_px
    if settings.crop_px < least:
        raise TaskError(
            f"crop_px: {settings.backbone} takes {least} or more, found {settings.crop_px}"
        )
    backbone = build_backbone(settings.backbone, settings.weights, settings.seed)
    hidden = Pooling(_STAGES, "quarters")(backbone(pixels))
    hidden = layers.BatchNormalization(
        center=False, scale=False, momentum=_MOMENTUM, dtype="float32"
    )(hidden)
    return layers.Dropout(settings.dropout, seed=settings.seed, dtype="float32")(hidden)


def _convolution(
    hidden: keras.KerasTensor, maps: int, kernel: int, stride: int, padding: str, norm: str
) -> keras.KerasTensor:
    """A convolution with ReLU, normalized by the batch before it where that is asked for."""
    by_batch = norm == "batch"
    hidden = layers.Conv2D(
        maps, kernel, stride, padding, use_bias=not by_batch, kernel_initializer="he_normal"
    )(hidden)
    if by_batch:
        hidden = BatchNormalization(momentum=_MOMENTUM)(hidden)
    return layers.ReLU()(hidden)


def _pool(hidden: keras.KerasTensor, norm: str) -> keras.KerasTensor:
    """The largest of 3x3 at every second place, then normalized across maps as in the paper."""
    hidden = layers.MaxPooling2D(3, 2, padding="same")(hidden)
    return LocalResponse()(hidden) if norm == "lrn" else hidden


class Middle(layers.Layer):
    """The middle of pictures: training gives crops of this size, all else whole pictures."""

    def __init__(self, size_px: int) -> None:
        """Says how large a part.

        Args:
            size_px: Side of the part, at most that of the pictures.
        """
        super().__init__(dtype="uint8")
        self._size_px = size_px

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Takes the part of `[batch, height, width, channels]`."""
        size = self._size_px
        top, left = ((ops.shape(pixels)[axis] - size) // 2 for axis in (1, 2))
        return pixels[:, top : top + size, left : left + size]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the part."""
        return (input_shape[0], self._size_px, self._size_px, input_shape[-1])


class LocalResponse(layers.Layer):
    """Divides each value by a norm of itself and its neighbours in the two maps on each side.

    `x / (1 + alpha / 5 * sum of five squares) ** 0.75`, alpha 1e-4. Caffe divides alpha by the
    number of maps, TensorFlow's function does not.

    Source: Krizhevsky, Sutskever & Hinton (2012), section 3.3, with the constants that Levi &
    Hassner state.
    """

    _RADIUS = 2
    _ALPHA = 1e-4
    _BETA = 0.75

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Normalizes `[batch, height, width, maps]`; in float32 whatever the layer's precision."""
        normalized = tf.nn.local_response_normalization(
            tf.cast(values, tf.float32),
            depth_radius=self._RADIUS,
            bias=1.0,
            alpha=self._ALPHA / (2 * self._RADIUS + 1),
            beta=self._BETA,
        )
        return tf.cast(normalized, values.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The same shape."""
        return input_shape


def masked_loss(settings: Settings) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Makes the loss: cross-entropy of both answers, where the right one is known.

    Args:
        settings: `label_smoothing` of a gender goes to the other, of an age to the groups beside.

    Returns:
        Integers `[batch, 2]`, age group and gender, -1 where unknown, and logits float32
        `[batch, 10]`, to float32 `[batch]`, in nats.
    """
    tables = [_smooth_over_neighbours(part.stop - part.start, settings) for part in HEADS.values()]

    def loss(label: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        losses = []
        for column, (part, table) in enumerate(zip(HEADS.values(), tables, strict=True)):
            right = ops.cast(label[:, column], "int32")
            wanted = ops.take(ops.convert_to_tensor(table), ops.maximum(right, 0), axis=0)
            cost = ops.categorical_crossentropy(wanted, logits[:, part], from_logits=True)
            losses.append(ops.where(right >= 0, cost, 0.0))
        return sum(losses)

    return loss


def _smooth_over_neighbours(classes: int, settings: Settings) -> np.ndarray:
    """What is wanted for each class in a row of classes, float32 `[classes, classes]`."""
    place = np.arange(classes)
    is_beside = np.abs(place - place[:, None]) == 1
    share = is_beside / is_beside.sum(axis=1, keepdims=True)
    smoothing = settings.label_smoothing
    return ((1 - smoothing) * np.eye(classes) + smoothing * share).astype(np.float32)


class HeadAccuracy(keras.metrics.Mean):
    """Share of right answers to one of the questions, among the examples whose answer is known."""

    def __init__(self, column: int, name: str) -> None:
        """Chooses the question.

        Args:
            column: Of the label.
            name: Of the metric, a key of `HEADS`.
        """
        super().__init__(name)
        self._column = column

    def update_state(
        self,
        label: keras.KerasTensor,
        logits: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> None:
        """Counts a batch; see `masked_loss` for the shapes."""
        right = ops.cast(label[:, self._column], "int32")
        answer = ops.cast(ops.argmax(logits[:, HEADS[self.name]], axis=-1), "int32")
        super().update_state(ops.equal(answer, right), ops.cast(right >= 0, "float32"))
