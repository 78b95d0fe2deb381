"""colorization: a picture to its middle square; and how often each colour occurs in training."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.colorization import bins, colour
from modules.colorization.task import Settings
from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack
from modules.common.pictures import images

_VOCABULARY = "chroma_bins"
# Of the pixels, every eighth along both sides is counted: neighbours are alike.
_COUNTED_EVERY = 8


def chroma_shares(transform_output: tft.TFTransformOutput) -> Any:
    """Gives how often each bin of `modules.colorization.bins` occurs; see `bins.shares`."""
    return bins.shares(transform_output.vocabulary_by_name(_VOCABULARY))


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, string `[batch, 1]`.
        custom_config: `settings` holds `image_px`.

    Returns:
        The declared features.
    """
    side = restore(Settings, custom_config["settings"]).image_px
    pixels = images.decode(inputs["image"][:, 0], side, side, channels=3, fit="crop")
    counted = pixels[:, ::_COUNTED_EVERY, ::_COUNTED_EVERY]
    found = bins.nearest(colour.chroma(counted))
    tft.vocabulary(
        tf.strings.as_string(tf.reshape(found, [-1])),
        vocab_filename=_VOCABULARY,
        store_frequency=True,
        name=_VOCABULARY,
    )
    return {"image": pack(pixels)}  # uint8 [batch, px, px, 3], as bytes
