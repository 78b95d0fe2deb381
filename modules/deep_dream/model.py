"""deep_dream: the model, whole: a backbone, and a head that tells by how much a picture is turned.

The dream needs the backbone alone. The head is there so that it is known to see something: a
backbone without weights is trained with it, on no labels but the quarter turns; of one that others
trained only the head is fitted, on the layers that are dreamt of.
"""

from __future__ import annotations

import keras
import tensorflow_transform as tft
from keras import layers, ops

from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import build_backbone
from modules.common.runtime.errors import TaskError
from modules.deep_dream.layers import choose_layers, parse_layers
from modules.deep_dream.rotation import QUARTERS
from modules.deep_dream.task import Settings

# Maps are brought to this many cells a side: where things are tells what is up.
_GRID = 4


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used: nothing depends on the data.

    Returns:
        `image` uint8 `[batch, px, px, 3]` to logits of the quarter turns, float32 `[batch, 4]`.

    Raises:
        TaskError: If the backbone has no such layers, or cannot be built so.
        DataError: If its weights are not there.
    """
    side, seed = settings.image_px, settings.seed
    least = BACKBONES[settings.backbone].min_px
    if side < least:
        raise TaskError(f"image_px: {settings.backbone} takes {least} or more, found {side}")
    backbone = build_backbone(settings.backbone, settings.weights, seed)
    image = keras.Input((side, side, 3), dtype="uint8", name="image")
    maps = backbone(ops.cast(image, "float32"))
    weights = parse_layers(choose_layers(settings), list(maps))
    seen = [values for values, weight in zip(maps.values(), weights, strict=True) if weight]
    if weights[-1] == 0:
        # What is trained here is trained to its end.
        seen.append(list(maps.values())[-1])
    cells = [
        ops.image.resize(ops.cast(values, "float32"), (_GRID, _GRID), antialias=True)
        for values in seen
    ]
    hidden = layers.Flatten()(ops.concatenate(cells, axis=-1))
    hidden = layers.BatchNormalization(momentum=0.9)(hidden)
    hidden = layers.Dropout(settings.dropout, seed=seed)(hidden)
    logits = layers.Dense(
        QUARTERS,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
        name="rotation",
    )(hidden)
    model = keras.Model({"image": image}, logits, name="deep_dream")
    model.compile(
        optimizer=keras.optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


def backbone_of(model: keras.Model, settings: Settings) -> keras.Model:
    """Finds the backbone in a model.

    Args:
        model: What `build_model` gave.
        settings: `backbone` names it.

    Returns:
        float32 `[batch, h, w, 3]`, 0 to 255, to its feature maps by name.
    """
    return model.get_layer(settings.backbone)
