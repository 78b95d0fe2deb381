"""pixelcnn: a picture to its pixels, the name of its class to an id."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack
from modules.common.pictures import images
from modules.pixelcnn.task import Settings

VOCABULARY = "classes"


def class_names(transform_output: tft.TFTransformOutput) -> tuple[str, ...]:
    """Gives the names of the classes that the training split has; those of ids 1 and more."""
    _, nothing = tft.analyzers.get_empy_vocabulary_dummy_value(tf.string)
    names = transform_output.vocabulary_by_name(VOCABULARY)
    return tuple(name.decode("utf-8", "replace") for name in names if name != nothing)


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, and `class`, the class's name or nothing,
            string `[batch, 1]` each.
        custom_config: `settings` holds `size_px` and `channels`.

    Returns:
        The declared features.
    """
    settings = restore(Settings, custom_config["settings"])
    size, channels = settings.size_px, settings.channels
    pixels = images.decode(inputs["image"][:, 0], size, size, channels, fit="crop")
    name = inputs["class"][:, 0]
    return {
        "image": pack(pixels),  # uint8 [batch, size, size, channels], as bytes
        # int64 [batch], 0 where there is no class, or one that training never saw
        "class_id": 1
        + tf.where(
            name == "",
            tf.constant(-1, tf.int64),
            tft.compute_and_apply_vocabulary(name, vocab_filename=VOCABULARY, default_value=-1),
        ),
    }
