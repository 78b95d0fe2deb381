"""colorization: the model, whole: the luma of a picture to its two chroma planes.

A backbone sees the grey picture. From its deepest feature maps upwards, what is known so far is
enlarged to the size of the next stage and added to what that stage says, so that every pixel knows
of the whole and of its surroundings: a hypercolumn, as a residual encoder. All is convolution, so
any size goes in.

The head has two kinds. `regression` tells the two chroma planes, at half the size. `classification`
tells how likely each colour of a grid is, at a quarter, and the annealed mean is taken.

Source: R. Dahl, "Automatic Colorization" (2016), the original exercise's model; for the head and
its loss R. Zhang et al., "Colorful Image Colorization" (2016).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from keras import layers

from modules.colorization import bins, colour
from modules.colorization.features import chroma_shares
from modules.colorization.task import Settings, loss_of
from modules.common.models.backbones import build_backbone
from modules.common.models.batch_norm import BatchNormalization

SIDE_MULTIPLE = 32
"""Pictures are filled up to a multiple of this, by reflection."""
# How much smaller than the picture the head's answer is.
REDUCTIONS = {"regression": 2, "classification": 4}
# Grey levels of chroma that the regression's outputs count in.
_CHROMA_UNIT = 32.0
# Distance of colours, in these units, from which on it counts itself and not its square: few vivid
# pictures would else colour all others.
_SMOOTH_BELOW = 0.3
_PROBE_PX = 224

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Gives how often the colours occur.

    Returns:
        `image`, uint8 `[batch, h, w, 3]` of any h and w of at least 32, of which only the luma is
        read, to what `chroma_planes` reads: float32 `[batch, h', w', outputs]`.
    """
    shares = chroma_shares(transform_output)
    model = build(settings, shares)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay
        ),
        loss=make_loss(settings, shares),
    )
    return model


def build(settings: Settings, shares: np.ndarray) -> keras.Model:
    """Builds the model.

    Args:
        settings: `backbone`, `weights`, `seed`, `maps`, `dropout` and `loss` are read.
        shares: How often the bins of the grid occur, float32 `[bins]`; the model begins there.
    """
    loss, seed = loss_of(settings), settings.seed
    backbone = build_backbone(settings.backbone, settings.weights, seed)
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    grey = GreyPicture(name="grey")(image)
    stages = backbone(grey)
    names = one_stage_a_size(backbone)
    maps = [settings.maps * 2**stage for stage in reversed(range(len(names)))]

    told = {name: _adapt(stages[name], width) for name, width in zip(names, maps, strict=True)}
    hidden = layers.ReLU()(told[names[0]])
    for name, width in zip(names[1:], maps[1:], strict=True):
        below = Resized()([_adapt(hidden, width), stages[name]])
        hidden = layers.ReLU()(below + told[name])
        hidden = layers.Conv2D(width, 3, padding="same", use_bias=False)(hidden)
        hidden = layers.ReLU()(BatchNormalization(momentum=0.9)(hidden))
    hidden = Resized(REDUCTIONS[loss])([hidden, grey])
    # Only here, since batch normalization after it would find other variances in use.
    hidden = layers.SpatialDropout2D(settings.dropout, seed=seed)(hidden)
    return keras.Model({"image": image}, _head(hidden, loss, shares), name="colorization")


def one_stage_a_size(backbone: keras.Model) -> list[str]:
    """Chooses the feature maps that are read: the last of each size, deep to shallow."""
    maps = backbone(np.zeros((1, _PROBE_PX, _PROBE_PX, 3), np.float32), training=False)
    last = {int(found.shape[1]): name for name, found in maps.items() if len(found.shape) == 4}
    return [last[size] for size in sorted(last)]


def make_loss(settings: Settings, shares: np.ndarray) -> Loss:
    """Makes the loss.

    Args:
        settings: `loss` and `uniform_share` are read.
        shares: How often the bins of the grid occur, float32 `[bins]`.

    Returns:
        Function of the pictures, uint8 `[batch, h, w, 3]`, and the model's output, to float32
        `[batch, h', w']`.
    """
    reduction = REDUCTIONS[loss_of(settings)]

    def compute_wanted(image: tf.Tensor) -> tf.Tensor:
        return tf.nn.avg_pool2d(colour.chroma(pad(image)), reduction, reduction, "VALID")

    def regression(image: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        square = tf.reduce_sum(tf.square((compute_wanted(image) - output) / _CHROMA_UNIT), axis=-1)
        # The root has no slope at 0; there the square is taken.
        is_small = square < _SMOOTH_BELOW**2
        distance = tf.sqrt(tf.where(is_small, tf.ones_like(square), square))
        return tf.where(is_small, square, _SMOOTH_BELOW * (2 * distance - _SMOOTH_BELOW))

    def classification(image: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        truth = bins.share_out(compute_wanted(image))
        counts = tf.tensordot(truth, tf.constant(weights), axes=1)
        return counts * tf.nn.softmax_cross_entropy_with_logits(truth, output)

    weights = bins.rebalancing(shares, settings.uniform_share)
    return regression if loss_of(settings) == "regression" else classification


def chroma_planes(output: tf.Tensor, size: tf.Tensor, settings: Settings) -> tf.Tensor:
    """Gives the chroma planes that the model's output stands for.

    Args:
        output: What the model gave.
        size: Height and width of the pictures that it was given, int32 `[2]`.
        settings: `loss` and `temperature` are read.

    Returns:
        float32 `[batch, *size, 2]`.
    """
    loss = loss_of(settings)
    if loss == "classification":
        output = bins.compute_annealed_mean(output, settings.temperature)
    planes = tf.image.resize(output, tf.shape(output)[1:3] * REDUCTIONS[loss])
    return planes[:, : size[0], : size[1]]


def pad(pictures: tf.Tensor) -> tf.Tensor:
    """Fills pictures up to multiples of 32, to the right and below, by reflection.

    Args:
        pictures: `[batch, h, w, channels]`, h and w at least 32.
    """
    missing = -tf.shape(pictures)[1:3] % SIDE_MULTIPLE
    paddings = tf.reshape(tf.stack([0, 0, 0, missing[0], 0, missing[1], 0, 0]), [4, 2])
    return tf.pad(pictures, paddings, "REFLECT")


class GreyPicture(layers.Layer):
    """The grey picture of pictures in colour, as three equal channels, filled up by `pad`."""

    def call(self, image: tf.Tensor) -> tf.Tensor:
        """Takes uint8 `[batch, h, w, 3]`; gives whole numbers 0 to 255, `[batch, h', w', 3]`."""
        return tf.repeat(tf.cast(pad(colour.grey(image)), self.compute_dtype), 3, axis=-1)

    def compute_output_spec(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor((None, None, None, 3), self.compute_dtype)


class Resized(layers.Layer):
    """Brings feature maps to the size of others, bilinearly."""

    def __init__(self, reduction: int = 1) -> None:
        """Says how many times smaller than the others."""
        super().__init__()
        self._reduction = reduction

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Takes the maps `[batch, h, w, c]` and the others; gives `[batch, h', w', c]`."""
        maps, others = inputs
        resized = tf.image.resize(maps, tf.shape(others)[1:3] // self._reduction)
        return tf.cast(resized, self.compute_dtype)

    def compute_output_spec(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor((None, None, None, inputs[0].shape[-1]), self.compute_dtype)


def _adapt(maps: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """Brings feature maps to a number of channels, and to one scale."""
    maps = layers.Conv2D(width, 1, use_bias=False)(maps)
    return BatchNormalization(momentum=0.9)(maps)


def _head(maps: keras.KerasTensor, loss: str, shares: np.ndarray) -> keras.KerasTensor:
    """Gives chroma, or logits of the bins; before training those of the mean picture."""
    if loss == "regression":
        begin = shares @ bins.grid()[0] / _CHROMA_UNIT
    else:
        begin = np.log(shares)
    output = layers.Conv2D(
        len(begin),
        1,
        kernel_initializer="zeros",
        bias_initializer=lambda shape, dtype=None: keras.ops.convert_to_tensor(begin, dtype),
        dtype="float32",
        name=f"{loss}_head",
    )(maps)
    return output * _CHROMA_UNIT if loss == "regression" else output
