"""image_retrain: the model, whole: a bottleneck, or a picture and a backbone, to a class.

The head standardizes what it gets, then has a hidden layer, if asked for, and a softmax. Where the
backbone is to be trained too, it stands before the head, and training sees distorted pictures.
"""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft
from keras import layers, ops

from modules.common.graph.tensors import Tensors
from modules.common.models.backbones import build_backbone, unfreeze
from modules.common.models.pooling import Pooling
from modules.common.training import replicas
from modules.image_retrain.settings import CLASSES, Settings, features, trains_on_pictures

_LEAST_VARIANCE = 1e-3


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Says how many classes there are.

    Returns:
        `bottleneck` float32 `[batch, units]`, or `image` uint8 `[batch, px, px, 3]`, and
        `thumbnail`, which is not used, to logits, float32 `[batch, classes]`.
    """
    classes = transform_output.vocabulary_size_by_name(CLASSES)
    inputs = {
        feature.name: keras.Input(feature.shape, dtype=feature.dtype, name=feature.name)
        for feature in features(settings)
        if feature.name != "label"
    }
    if trains_on_pictures(settings):
        backbone = build_backbone(settings.backbone, settings.weights, settings.seed)
        unfreeze_for(backbone, settings)
        stages = backbone(ops.cast(inputs["image"], "float32"))
        hidden = Pooling(settings.bottleneck_stages, settings.pooling)(stages)
    else:
        hidden = inputs["bottleneck"]
    logits = _head(hidden, classes, settings)
    # The thumbnail is for the baselines; Keras wants every input to be used.
    both = layers.Lambda(lambda pair: pair[0], dtype="float32")([logits, inputs["thumbnail"]])
    model = keras.Model(inputs, both, name="image_retrain")
    smoothing = settings.label_smoothing

    def loss(label: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        # Of a class that is not known, one_hot makes zeros, where Keras' sparse loss would fail.
        wanted = ops.one_hot(ops.cast(ops.reshape(label, (-1,)), "int32"), classes)
        return keras.losses.categorical_crossentropy(
            wanted, logits, from_logits=True, label_smoothing=smoothing
        )

    model.compile(
        optimizer=_optimizer(settings),
        loss=loss,
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


def _optimizer(settings: Settings) -> keras.optimizers.Optimizer:
    """Chooses plain gradient steps where the head is all that is trained, and linear.

    There they end nearer to what a strong penalty would give: of photos of clothes, 2 points more
    were right than after AdamW.
    """
    rate = settings.learning_rate
    decay = settings.weight_decay
    if trains_on_pictures(settings) or settings.hidden_units:
        return keras.optimizers.AdamW(rate, weight_decay=decay)
    return keras.optimizers.SGD(rate, momentum=0.9, weight_decay=decay)


def _head(hidden: keras.KerasTensor, classes: int, settings: Settings) -> keras.KerasTensor:
    """Standardizes, then classifies; in float32 whatever the backbone computes in."""
    seed, dropout = settings.seed, settings.dropout
    if trains_on_pictures(settings):
        # What a backbone in training gives does not stay as it was.
        hidden = layers.BatchNormalization(
            center=False, scale=False, momentum=0.9, dtype="float32"
        )(hidden)
    else:
        hidden = Standardization(dtype="float32")(hidden)
    if settings.hidden_units:
        hidden = layers.Dropout(dropout, seed=seed, dtype="float32")(hidden)
        hidden = layers.Dense(settings.hidden_units, "relu", dtype="float32")(hidden)
    hidden = layers.Dropout(dropout, seed=seed + 1, dtype="float32")(hidden)
    # Begins without an opinion: a random one of 5,000 units takes long to unlearn.
    return layers.Dense(classes, kernel_initializer="zeros", dtype="float32", name="logits")(hidden)


class Standardization(layers.Layer):
    """Takes off the mean and divides by the deviation of all that it was trained on.

    Batch normalization would forget all but the last batches, and add the noise of small ones.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the running sums.

        Args:
            shape: `[batch, units]`.
        """

        def total(name: str, units: tuple[int, ...]) -> keras.Variable:
            return self.add_weight(
                name=name, shape=units, initializer="zeros", trainable=False, dtype="float32"
            )

        units = (int(shape[-1] or 0),)
        self.count, self.mean = total("count", ()), total("mean", units)
        self.squares = total("squares", units)

    def call(self, values: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        """Standardizes, in training after it has taken note of the batch.

        Args:
            values: float32 `[batch, units]`.
            training: Whether the values count.

        Returns:
            float32 `[batch, units]`; gradients pass as through a constant scale.
        """
        if training:
            seen = ops.stop_gradient(values)
            sums = [
                ops.cast(ops.shape(values)[0], "float32"),
                ops.sum(seen, axis=0),
                ops.sum(ops.square(seen), axis=0),
            ]
            batch, total, squares = replicas.sum_over(sums)
            self.count.assign_add(batch)
            share = batch / self.count
            self.mean.assign_add(share * (total / batch - self.mean))
            self.squares.assign_add(share * (squares / batch - self.squares))
        variance = ops.maximum(self.squares - ops.square(self.mean), 0.0)
        return (values - self.mean) / ops.sqrt(variance + _LEAST_VARIANCE)


def unfreeze_for(backbone: keras.Model, settings: Settings) -> None:
    """Makes as much of a pretrained backbone trainable as the settings say."""
    if backbone.name != "tiny":
        unfreeze(backbone, settings.fine_tune_stages)


def distort(features: Tensors, label: tf.Tensor, settings: Settings) -> tuple[Tensors, tf.Tensor]:
    """Crops, scales, mirrors and brightens the pictures of a batch at random.

    Args:
        features: `image`, uint8 `[batch, px, px, 3]`, is changed, where there is one.
        label: Passed on.
        settings: Nothing is changed unless `distortions` says so; `crop_percent` of the side is cut
            off, up to `scale_percent` more by enlarging; brightness changes by up to
            `brightness_percent`; `mirrors` turns half of the pictures.
    """
    if "image" not in features or not settings.distortions:
        return features, label
    image = features["image"]
    count, side = tf.shape(image)[0], image.shape[1]
    percents = [
        getattr(settings, name) / 100
        for name in ("crop_percent", "scale_percent", "brightness_percent")
    ]
    crop, scale, brightness = percents
    share = 1 / ((1 + crop) * tf.random.uniform([count, 1], 1, 1 + scale))
    corner = tf.random.uniform([count, 2]) * (1 - share)
    boxes = tf.concat([corner, corner + share], axis=1)
    pixels = tf.image.crop_and_resize(image, boxes, tf.range(count), [side, side])
    if settings.mirrors:
        turned = tf.random.uniform([count, 1, 1, 1]) < 0.5
        pixels = tf.where(turned, tf.reverse(pixels, [2]), pixels)
    pixels *= tf.random.uniform([count, 1, 1, 1], 1 - brightness, 1 + brightness)
    pixels = tf.cast(tf.round(tf.clip_by_value(pixels, 0.0, 255.0)), tf.uint8)
    return {**features, "image": pixels}, label
