"""image_retrain: a picture to its bottleneck, or to its pixels; a class name to its number.

Bottlenecks are computed here, once: training reads them as transformed examples, and another head
or another learning rate asks for none of them again.
"""

from __future__ import annotations

from typing import Any, cast

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Hparams, Tensors, pack
from modules.common.models.backbones import build_backbone
from modules.common.pictures import images
from modules.image_retrain.bottlenecks import bottleneck, thumbnail
from modules.image_retrain.settings import CLASSES, input_px, trains_on_pictures

_PICTURES_AT_ONCE = 16


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `image`, encoded pictures of any size, and `label`, string `[batch, 1]` each.
        custom_config: `hparams`, of which those that the task calls data settings.

    Returns:
        The declared features; the label is -1 for a class that is not in the training split.
    """
    hparams = custom_config["hparams"]
    label = tft.compute_and_apply_vocabulary(inputs["label"][:, 0], vocab_filename=CLASSES)
    if trains_on_pictures(hparams):
        pixels = _pixels(inputs["image"][:, 0], hparams)  # uint8 [batch, px, px, 3]
        return {
            "image": pack(pixels),  # as bytes
            "thumbnail": thumbnail(pixels),  # [batch, 192]
            "label": label,  # [batch]
        }
    backbone = tft.make_and_track_object(
        lambda: build_backbone(
            str(hparams["backbone"]), str(hparams["weights"]), int(hparams["seed"])
        ),
        name="backbone",
    )

    def seen(batch: Tensors) -> Tensors:
        pixels = _pixels(batch["contents"], hparams)
        return {
            "bottleneck": bottleneck(backbone, pixels, hparams),  # [batch, units]
            "thumbnail": thumbnail(pixels),  # [batch, 192]
        }

    found = in_chunks(seen, {"contents": inputs["image"][:, 0]}, _PICTURES_AT_ONCE)
    return {**found, "label": label}


def _pixels(contents: tf.Tensor, hparams: Hparams) -> tf.Tensor:
    side = input_px(hparams)
    fit = cast(images.Fit, hparams["fit"])
    return images.decode(contents, side, side, channels=3, fit=fit)
