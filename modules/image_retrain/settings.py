"""image_retrain: what may be set, and what settings mean together. No TensorFlow."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature
from modules.common.declaring.training_settings import (
    DropoutSettings,
    TrainingSettings,
    WeightDecaySettings,
)
from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.settings import BackboneSettings
from modules.common.pictures.settings import ClassFolderSettings, PictureSettings
from modules.common.runtime.errors import TaskError

CLASSES = "classes"
"""Name of Transform's vocabulary of class names."""
THUMBNAIL_PX = 8
POOLINGS = {"mean": 1, "mean+max": 2, "quarters": 4}
"""How many values each way to pool makes of a channel."""


class Settings(
    TrainingSettings,
    DropoutSettings,
    WeightDecaySettings,
    BackboneSettings,
    PictureSettings,
    ClassFolderSettings,
):
    """What may be set for image_retrain."""

    seed: int = setting(20151109, reads=DATA | SAMPLE)
    precision: str = setting("auto")
    epochs: int = setting(30, smoke=12)
    min_steps: int = setting(200, smoke=0)
    batch_size: int = setting(64, smoke=32)
    learning_rate: float = setting(1e-3, smoke=3e-3, search=(3e-4, 1e-3, 3e-3))
    schedule: str = setting("cosine")
    weight_decay: float = setting(1e-3)
    label_smoothing: float = setting(
        0.5,
        search=(0.1, 0.3, 0.5),
        at_least=0,
        below=1,
        doc="Fraction of a label that is spread over all classes.",
    )
    temperature: float = setting(
        0.3,
        above=0,
        doc="What logits are divided by: below 1 makes probabilities surer, the order stays.",
    )
    dropout: float = setting(0.0, search=(0.0, 0.5))
    hidden_units: int = setting(
        0, search=(0, 256), at_least=0, doc="Units of the head's hidden layer; 0 for none."
    )
    backbone: str = setting("tiny", reads=DATA)
    weights: str = setting("", reads=DATA)
    input_px: int = setting(
        0,
        at_least=0,
        reads=DATA,
        doc="Side of the square that pictures are brought to, in pixels; 0 for the backbone's own.",
    )
    fit: str = setting(
        "stretch",
        choices=("stretch", "crop"),
        reads=DATA,
        doc="How a picture becomes a square: stretched, or its middle cut out.",
    )
    bottleneck_stages: int = setting(
        3,
        at_least=1,
        reads=DATA,
        doc="Stages of the backbone that make a bottleneck, counted from the last.",
    )
    bottleneck_units: int = setting(
        0,
        at_least=0,
        reads=DATA,
        doc="Length of a bottleneck, where only the file of a frozen graph knows it; 0 where "
        "the backbone does.",
    )
    pooling: str = setting(
        "quarters",
        choices=tuple(POOLINGS),
        reads=DATA,
        doc="How a channel becomes numbers: its mean, mean and maximum, or the means of four "
        "quarters.",
    )
    mirrored: bool = setting(
        True,
        reads=DATA,
        doc="Whether a bottleneck is the mean over the picture and its mirror image.",
    )
    fine_tune_stages: int = setting(
        0,
        at_least=0,
        reads=DATA,
        doc="Stages of the backbone that are trained too, counted from the last.",
    )
    distortions: bool = setting(False, reads=DATA, doc="Whether training distorts pictures.")
    crop_percent: float = setting(
        15.0, at_least=0, doc="Most that a distortion cuts off, in percent."
    )
    scale_percent: float = setting(15.0, at_least=0, doc="Most that it enlarges, in percent.")
    brightness_percent: float = setting(
        15.0, at_least=0, doc="Most that it makes brighter or darker, in percent."
    )
    mirrors: bool = setting(True, doc="Whether it mirrors every other picture.")
    min_side_px: int = setting(200)
    sample_images: int = setting(
        1000,
        smoke=300,
        at_least=1,
        reads=DATA | SAMPLE,
        doc="Landscapes that are drawn, of five kinds.",
    )


def trains_on_pictures(settings: Settings) -> bool:
    """Tells whether the backbone runs in every step of training, and not once, in Transform."""
    return settings.backbone == "tiny" or settings.fine_tune_stages > 0 or settings.distortions


def input_px(settings: Settings) -> int:
    """Gives the side of the square that pictures are brought to, in pixels.

    Raises:
        TaskError: If it is less than the backbone takes.
    """
    spec = BACKBONES[settings.backbone]
    side = settings.input_px or spec.input_px
    if side < spec.min_px:
        raise TaskError(
            f"{spec.name} takes pictures of {spec.min_px} px or more, found input_px={side}"
        )
    return side


def bottleneck_units(settings: Settings) -> int:
    """Gives the length of a bottleneck.

    Raises:
        TaskError: If the backbone does not have as many stages, or its file alone knows how wide
            they are and `bottleneck_units` does not say it.
    """
    spec, stages = BACKBONES[settings.backbone], settings.bottleneck_stages
    if stages < 1 or (spec.stages and stages > len(spec.stages)):
        raise TaskError(
            f"{spec.name} has {len(spec.stages)} stages, found bottleneck_stages={stages}"
        )
    if spec.units:
        return POOLINGS[settings.pooling] * sum(spec.units[-stages:])
    if not settings.bottleneck_units:
        raise TaskError(
            f"how wide the stages of a {spec.name} are, its file alone knows: give the length "
            "of a bottleneck by --set bottleneck_units=N; a wrong one is answered with the right"
        )
    return settings.bottleneck_units


def features(settings: Settings) -> tuple[Feature, ...]:
    """Says what Transform gives: bottlenecks, or pictures where the backbone is to be trained.

    Raises:
        TaskError: If the settings contradict each other.
    """
    side = input_px(settings)
    if trains_on_pictures(settings):
        seen = Feature(name="image", dtype="uint8", shape=(side, side, 3))
    else:
        seen = Feature(name="bottleneck", dtype="float32", shape=(bottleneck_units(settings),))
    return (
        seen,
        Feature(name="thumbnail", dtype="float32", shape=(3 * THUMBNAIL_PX**2,)),
        Feature(name="label", dtype="int64"),
    )
