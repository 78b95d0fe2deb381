"""deep_dream: a picture to a dreamt picture.

Data: folders of pictures, flat or by class, below `train/` and `test/` or not; labels are not
read. Without data, landscapes are drawn.

Model: a backbone, frozen where others trained it, and the ascent of A. Mordvintsev, C. Olah &
M. Tyka, "Inceptionism" (2015): octaves, steps normalized by the mean gradient, tiles that begin
anywhere. The original exercise did this in a session of its own with inception5h; here it is in the
served graph. The model is checked, or where there are no weights trained, by telling how many
quarters a picture was turned by, as S. Gidaris et al. (2018) do, which needs no labels.

Gate: the quarter turns are told better than by always saying the most frequent one, by 15 points;
and on held-out pictures the logarithm of the objective's ratio, after over before the dream, is at
least 0.3 larger than that of random noise of the same size.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import (
    DropoutSettings,
    TrainingSettings,
    WeightDecaySettings,
)
from modules.common.models.settings import BackboneSettings
from modules.common.pictures.settings import PictureSettings
from modules.common.pictures.sources import FOLDERS, ImageFolderSource
from modules.deep_dream import example

STEP = 1.5
"""Of a request that says none, and of the evaluation, in grey levels."""


class Settings(
    TrainingSettings, DropoutSettings, WeightDecaySettings, BackboneSettings, PictureSettings
):
    """What may be set for deep_dream."""

    seed: int = setting(20150618)
    precision: str = setting("auto")
    epochs: int = setting(12, smoke=5)
    batch_size: int = setting(32)
    eval_batch_size: int = setting(32)
    learning_rate: float = setting(2e-3, search=(1e-3, 2e-3, 4e-3))
    schedule: str = setting("cosine")
    weight_decay: float = setting(1e-3)
    dropout: float = setting(0.3, search=(0.0, 0.3, 0.5))
    layers: str = setting(
        "",
        doc="Layers to dream of where a request names none, name=weight,name=weight; empty "
        "for the backbone's usual ones.",
    )
    image_px: int = setting(
        128,
        smoke=64,
        at_least=1,
        reads=DATA,
        doc="Side of the squares that the head sees and the evaluation dreams, in pixels.",
    )
    min_side_px: int = setting(200)
    eval_iterations: int = setting(
        5, smoke=3, at_least=0, doc="Steps of the dreams in the evaluation."
    )
    sample_pictures: int = setting(
        1000, smoke=400, at_least=1, reads=SAMPLE, doc="Landscapes that are drawn."
    )


def features(settings: Settings) -> tuple[Feature, ...]:
    """Gives the features of the size that is asked for."""
    side = settings.image_px
    return (
        Feature(name="image", dtype="uint8", shape=(side, side, 3)),
        Feature(name="rotation", dtype="int64"),
    )


TASK = Task(
    name="deep_dream",
    title="A picture → a dreamt picture",
    sources=(
        ImageFolderSource(
            layout="pictures in colour (png, jpg, gif, bmp, webp, tif) in a folder, in a folder "
            "for each class, or either below train/ and test/",
            labeler="modules.common.pictures.image_layouts.no_label",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="rotation",
    settings=Settings,
    metrics=(
        Metric(
            name="rotation_accuracy",
            doc="fraction of held-out images whose rotation is predicted correctly",
            baselines=("constant",),
            gate=Gate(baseline="constant", min_gain=0.15),
            percent=True,
        ),
        Metric(
            name="objective_gain",
            doc="mean natural logarithm of the objective after a short dream over that before, of "
            "held-out pictures; noise changes them as much",
            baselines=("noise",),
            gate=Gate(baseline="noise", min_gain=0.3),
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                raw="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP, at least as large as the backbone takes: "
                "32 pixels a side, 75 for inception_v3",
            ),
            Field(
                name="layers",
                dtype="string",
                doc="which layers to dream of, name=weight,name; a weight that is not said is 1; "
                "empty for layer_weights",
                default="",
            ),
            Field(
                name="layer_weights",
                dtype="float32",
                shape=(None,),
                doc="a weight for each layer, in the order of the signature `layers`; empty for "
                "those that the model was exported with",
                default=[],
            ),
            Field(
                name="channel",
                dtype="int64",
                doc="the one channel of the layers that is dreamt of; -1 for all",
                default=-1,
            ),
            Field(
                name="octaves",
                dtype="int64",
                at_least=1,
                at_most=10,
                doc="how many sizes the picture is dreamt at",
                default=4,
                staged=True,
            ),
            Field(
                name="octave_scale",
                dtype="float32",
                above=1,
                at_most=3,
                step=0.1,
                doc="how much larger each is than the one before",
                default=1.4,
            ),
            Field(
                name="iterations",
                dtype="int64",
                at_least=1,
                at_most=100,
                doc="steps at each size",
                default=10,
            ),
            Field(
                name="step",
                dtype="float32",
                above=0,
                at_most=100,
                step=0.5,
                unit="grey levels",
                doc="mean change of a pixel by a step, in grey levels",
                default=STEP,
            ),
            Field(
                name="seed",
                dtype="int64",
                kind="seed",
                doc="of the places where tiles begin; the same seed gives the same picture",
                default=0,
            ),
        ),
        outputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="PNG bytes, as large as the picture",
            ),
            Field(
                name="objective",
                dtype="float32",
                shape=(None,),
                doc="as each step found it, octaves x iterations, small size to large; the last "
                "repeats where another picture of the request takes more steps",
            ),
        ),
        example={
            "image": [example.picture()],
            "octaves": [2],
            "iterations": [2],
        },
        max_examples=4,
        # A large photograph takes minutes.
        timeout_s=3600.0,
    ),
)
