"""A PixelCNN small enough to try everything on, with weights that make every path matter."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from modules.pixelcnn.model import build
from modules.pixelcnn.task import TASK, Settings

CLASSES = 3


def tiny_settings(**changes: Any) -> Settings:
    tiny = {"size_px": 8, "layers": 3, "maps": 8, "head_units": 16, "likelihood": "softmax"}
    return TASK.resolve({**tiny, **changes})


def tiny_model(classes: int = CLASSES, **changes: Any) -> keras.Model:
    """A model with random weights, biases and embeddings too, whose answers are far from even."""
    keras.utils.set_random_seed(1)
    model = build(tiny_settings(**changes), classes)
    rng = np.random.default_rng(5)
    for weights in model.trainable_weights:
        shape = tuple(weights.shape)
        scale = 0.5 if len(shape) < 2 or "embedding" in weights.path else 1.5 / fan_in(shape)
        weights.assign(rng.normal(size=shape) * scale)
    return model


def fan_in(shape: tuple[int, ...]) -> float:
    return float(np.sqrt(np.prod(shape[:-1])))
