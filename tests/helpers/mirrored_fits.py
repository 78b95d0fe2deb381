"""Fits small models in one process and over logical devices: `mirrored_fits.py DEVICES`.

A process of its own, since the devices have to be set before TensorFlow does anything. Prints JSON:
by the model's name, how far its weights went, how far apart those of the two fits are at most, the
same of its training loss, and of its loss on held-out examples.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from modules.common.runtime.stack import prepare_environment

prepare_environment()

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from modules.common.models.batch_norm import BatchNormalization  # noqa: E402
from modules.common.training import strategies  # noqa: E402
from modules.common.training.distribution import Distribution  # noqa: E402

_ROWS, _LENGTH, _BATCH = 53, 6, 8
_EPOCHS = 3


def clipped() -> keras.Model:
    """A loss of scalars, which Keras does not scale; gradients that are clipped; an embedding."""
    ids = keras.Input((_LENGTH,), dtype="int64", name="ids")
    hidden = keras.layers.Embedding(11, 5)(ids)
    logit = keras.layers.Dense(1)(keras.layers.Flatten()(hidden))[:, 0]
    model = keras.Model({"ids": ids}, logit)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02, global_clipnorm=0.05), loss)
    return model


def normalized() -> keras.Model:
    """Batch normalization, with a mask and without."""
    ids = keras.Input((_LENGTH,), dtype="int64", name="ids")
    hidden = keras.layers.Dense(4)(keras.ops.one_hot(ids, 11))
    hidden = keras.layers.BatchNormalization(momentum=0.5)(hidden, mask=ids > 2)
    hidden = keras.layers.Dense(4, "relu")(keras.layers.Flatten()(hidden))
    hidden = keras.layers.BatchNormalization(momentum=0.5)(hidden)
    model = keras.Model({"ids": ids}, keras.layers.Dense(1)(hidden)[:, 0])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.LogCosh())
    return model


def fused() -> keras.Model:
    """Our batch normalization, which one process trains by the fused operation."""
    ids = keras.Input((_LENGTH,), dtype="int64", name="ids")
    hidden = keras.layers.Conv1D(4, 3, padding="same")(keras.ops.one_hot(ids, 11))
    hidden = BatchNormalization(momentum=0.5)(hidden)
    hidden = keras.layers.Flatten()(keras.layers.ReLU()(hidden))
    model = keras.Model({"ids": ids}, keras.layers.Dense(1)(hidden)[:, 0])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.LogCosh())
    return model


MODELS: dict[str, Callable[[], keras.Model]] = {
    made.__name__: made for made in (clipped, normalized, fused)
}


def fit(make: Callable[[], keras.Model], strategy: str) -> tuple[list[np.ndarray], dict]:
    """Fits a model on batches of which the last of an epoch does not divide.

    Args:
        make: Makes it.
        strategy: As `Distribution` has it.

    Returns:
        The weights, and the losses by epoch.
    """
    draw = np.random.default_rng(3)
    ids = draw.integers(0, 11, (_ROWS, _LENGTH))
    label = (ids.sum(axis=1) > ids.mean() * _LENGTH).astype(np.float32)
    batches = tf.data.Dataset.from_tensor_slices(({"ids": ids}, label)).batch(_BATCH)
    where = strategies.make(Distribution(strategy=strategy))
    keras.utils.set_random_seed(1)
    with where.scope():
        model = make()
    before = model.get_weights()
    with strategies.fitting(where):
        train, held_out = strategies.spread(model, batches, batches.take(3), where)
        history = model.fit(
            train,
            validation_data=held_out,
            epochs=_EPOCHS,
            verbose=0,
        ).history
    return model.get_weights(), {**history, "moved": widest(before, model.get_weights())}


def widest(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """How far apart two models' weights are at most."""
    return max(float(np.abs(a - b).max()) for a, b in zip(some, others, strict=True))


def main(devices: int) -> None:
    """Compares both fits of each model, and prints what is said above."""
    [cpu] = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration()] * devices
    tf.config.set_logical_device_configuration(cpu, parts)
    told = {}
    for name, make in MODELS.items():
        alone, seen = fit(make, "none")
        spread, found = fit(make, "mirrored")
        told[name] = {
            "moved": seen["moved"],
            "weights": widest(alone, spread),
            "loss": float(np.abs(np.subtract(seen["loss"], found["loss"])).max()),
            "val_loss": float(np.abs(np.subtract(seen["val_loss"], found["val_loss"])).max()),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
