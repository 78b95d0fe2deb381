"""deep_dream: a picture to its middle square, turned by as many quarters as its bytes say."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack
from modules.common.pictures import images
from modules.deep_dream.rotation import QUARTERS, turn
from modules.deep_dream.task import Settings


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, string `[batch, 1]`.
        custom_config: `settings` holds `image_px`.

    Returns:
        The declared features.
    """
    contents = inputs["image"][:, 0]
    side = restore(Settings, custom_config["settings"]).image_px
    upright = images.decode(contents, side, side, channels=3, fit="crop")
    rotation = tf.strings.to_hash_bucket_fast(contents, QUARTERS)
    return {
        "image": pack(turn(upright, rotation)),  # uint8 [batch, px, px, 3], as bytes
        "rotation": rotation,  # [batch]
    }
