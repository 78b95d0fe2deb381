"""image_retrain: what the hyperparameters mean together. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

from modules.common.declaring.task import Feature, Value
from modules.common.models.backbone_specs import BACKBONES
from modules.common.runtime.errors import TaskError

CLASSES = "classes"
"""Name of Transform's vocabulary of class names."""
THUMBNAIL_PX = 8
POOLINGS = {"mean": 1, "mean+max": 2, "quarters": 4}
"""How many values each way to pool makes of a channel."""


def trains_on_pictures(hparams: Mapping[str, Value]) -> bool:
    """Tells whether the backbone runs in every step of training, and not once, in Transform."""
    return (
        hparams["backbone"] == "tiny"
        or int(hparams["fine_tune_stages"]) > 0
        or bool(hparams["distortions"])
    )


def input_px(hparams: Mapping[str, Value]) -> int:
    """Gives the side of the square that pictures are brought to, in pixels.

    Raises:
        TaskError: If it is less than the backbone takes.
    """
    spec = BACKBONES[str(hparams["backbone"])]
    side = int(hparams["input_px"]) or spec.input_px
    if side < spec.min_px:
        raise TaskError(
            f"{spec.name} takes pictures of {spec.min_px} px or more, found input_px={side}"
        )
    return side


def bottleneck_units(hparams: Mapping[str, Value]) -> int:
    """Gives the length of a bottleneck.

    Raises:
        TaskError: If the backbone does not have as many stages, or its file alone knows how wide
            they are and `bottleneck_units` does not say it.
    """
    spec, stages = BACKBONES[str(hparams["backbone"])], int(hparams["bottleneck_stages"])
    if stages < 1 or (spec.stages and stages > len(spec.stages)):
        raise TaskError(
            f"{spec.name} has {len(spec.stages)} stages, found bottleneck_stages={stages}"
        )
    if spec.units:
        return POOLINGS[str(hparams["pooling"])] * sum(spec.units[-stages:])
    if not int(hparams["bottleneck_units"]):
        raise TaskError(
            f"how wide the stages of a {spec.name} are, its file alone knows: give the length "
            "of a bottleneck by --set bottleneck_units=N; a wrong one is answered with the right"
        )
    return int(hparams["bottleneck_units"])


def features(hparams: Mapping[str, Value]) -> tuple[Feature, ...]:
    """Says what Transform gives: bottlenecks, or pictures where the backbone is to be trained.

    Raises:
        TaskError: If the hyperparameters contradict each other.
    """
    side = input_px(hparams)
    if trains_on_pictures(hparams):
        seen = Feature(name="image", dtype="uint8", shape=(side, side, 3))
    else:
        seen = Feature(name="bottleneck", dtype="float32", shape=(bottleneck_units(hparams),))
    return (
        seen,
        Feature(name="thumbnail", dtype="float32", shape=(3 * THUMBNAIL_PX**2,)),
        Feature(name="label", dtype="int64"),
    )
