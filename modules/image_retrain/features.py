"""image_retrain: a picture to its bottleneck, or to its pixels; a class name to its number.

Bottlenecks are computed here, once: training reads them as transformed examples, and another head
or another learning rate asks for none of them again.
"""

from __future__ import annotations

from typing import Any, cast

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.settings import restore
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Tensors, pack
from modules.common.models.backbones import build_backbone
from modules.common.pictures import images
from modules.image_retrain.bottlenecks import bottleneck, thumbnail
from modules.image_retrain.settings import CLASSES, Settings, input_px, trains_on_pictures

_PICTURES_AT_ONCE = 16


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, and `label`, string `[batch, 1]` each.
        custom_config: `settings`, of which those that the task calls data settings.

    Returns:
        The declared features; the label is -1 for a class that is not in the training split.
    """
    settings = restore(Settings, custom_config["settings"])
    label = tft.compute_and_apply_vocabulary(inputs["label"][:, 0], vocab_filename=CLASSES)
    if trains_on_pictures(settings):
        pixels = _pixels(inputs["image"][:, 0], settings)  # uint8 [batch, px, px, 3]
        return {
            "image": pack(pixels),  # as bytes
            "thumbnail": thumbnail(pixels),  # [batch, 192]
            "label": label,  # [batch]
        }
    backbone = tft.make_and_track_object(
        lambda: build_backbone(settings.backbone, settings.weights, settings.seed),
        name="backbone",
    )

    def read_seen(batch: Tensors) -> Tensors:
        pixels = _pixels(batch["contents"], settings)
        return {
            "bottleneck": bottleneck(backbone, pixels, settings),  # [batch, units]
            "thumbnail": thumbnail(pixels),  # [batch, 192]
        }

    found = in_chunks(read_seen, {"contents": inputs["image"][:, 0]}, _PICTURES_AT_ONCE)
    return {**found, "label": label}


def _pixels(contents: tf.Tensor, settings: Settings) -> tf.Tensor:
    side = input_px(settings)
    fit = cast(images.Fit, settings.fit)
    return images.decode(contents, side, side, channels=3, fit=fit)
