"""image_retrain: what is kept of a picture: its bottleneck, and a thumbnail for the baselines."""

from __future__ import annotations

import keras
import tensorflow as tf

from modules.common.models.pooling import pool
from modules.common.runtime.errors import TaskError
from modules.image_retrain.settings import THUMBNAIL_PX, Settings, bottleneck_units


def deepest(stages: dict[str, tf.Tensor], settings: Settings) -> list[tf.Tensor]:
    """Chooses the stages whose feature maps make the bottleneck."""
    return list(stages.values())[-settings.bottleneck_stages :]


def bottleneck(backbone: keras.Model, pixels: tf.Tensor, settings: Settings) -> tf.Tensor:
    """Computes bottlenecks with a frozen backbone.

    Args:
        backbone: What `build_backbone` gave.
        pixels: uint8 `[batch, h, w, 3]`.
        settings: `mirrored`, `bottleneck_stages` and `pooling` are read.

    Returns:
        float32 `[batch, units]`: square roots, with the sign kept, which brings the few large
        values nearer to the many small ones; the mean of the picture's and its mirror image's,
        where `mirrored` says so.

    Raises:
        TaskError: If it is not as long as the settings say.

    Source: of the roots, F. Perronnin et al., "Improving the Fisher Kernel for Large-Scale Image
        Classification" (2010).
    """
    image, units = tf.cast(pixels, tf.float32), bottleneck_units(settings)
    seen = [image, tf.reverse(image, [2])] if settings.mirrored else [image]
    values = [
        pool(deepest(backbone(view, training=False), settings), settings.pooling) for view in seen
    ]
    found = values[0].shape[-1]
    if found != units:
        raise TaskError(
            f"bottlenecks of this {backbone.name} are {found} long, found bottleneck_units={units}:"
            f" --set bottleneck_units={found}"
        )
    roots = [tf.sign(each) * tf.sqrt(tf.abs(each)) for each in values]
    return tf.add_n(roots) / len(roots)


def thumbnail(pixels: tf.Tensor) -> tf.Tensor:
    """Shrinks pictures to 8x8 means of their colours.

    Args:
        pixels: uint8 `[batch, h, w, 3]`.

    Returns:
        float32 `[batch, 192]`, row by row, 0 to 1.
    """
    small = tf.image.resize(pixels, [THUMBNAIL_PX, THUMBNAIL_PX], method="area")
    return tf.reshape(small, [-1, 3 * THUMBNAIL_PX**2]) / 255
