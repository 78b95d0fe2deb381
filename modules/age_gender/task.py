"""age_gender: a face to its age group and gender.

Data: Adience as it is published, five tables and a folder of aligned faces, with its official folds
(`--fold`); or folders of `AGE_GENDER_anything.jpg`, as UTKFace is named; without data, faces are
drawn and written in Adience's layout.

Model: the network of Levi & Hassner (2015), as in the original exercise: 7x7/4 96, 5x5 256, 3x3
384, two dense layers of 512 with dropout; or another backbone. One trunk carries both classifiers;
a face with only one label trains the one that it has a label for. Its answers are joined with those
of a kernel machine on histograms of oriented gradients, so that a few hundred faces are enough. The
original looked for duplicates by comparing all pairs of pictures; here a digest of the pixels finds
them.

Gate: age group and gender each better than the most frequent class by 10 and 15 points, and not
behind a linear support vector machine on histograms of oriented gradients by more than a standard
error; and the network alone 10 points ahead of the most frequent class, which one that has learnt
nothing cannot be. Published on Adience, means of the five folds: gender 86.8 %, age 50.7 % exactly
and 84.7 % within one group (Levi & Hassner); 96.5 and 68.7 % (MiVOLO).
"""

from __future__ import annotations

from modules.age_gender import example
from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import (
    DropoutSettings,
    TrainingSettings,
    WeightDecaySettings,
)
from modules.common.models.settings import BackboneSettings
from modules.common.pictures.settings import FoldSettings
from modules.common.pictures.sources import FOLDERS, AdienceSource, ImageFolderSource
from modules.common.runtime.errors import TaskError

LEVI_HASSNER = "levi_hassner"


class Settings(
    TrainingSettings, DropoutSettings, WeightDecaySettings, BackboneSettings, FoldSettings
):
    """What may be set for age_gender."""

    seed: int = setting(20150611)
    precision: str = setting("auto")
    epochs: int = setting(6, smoke=16)
    min_steps: int = setting(1000, smoke=0)
    batch_size: int = setting(32)
    eval_batch_size: int = setting(64)
    learning_rate: float = setting(1e-3, smoke=2e-3, search=(5e-4, 1e-3, 2e-3))
    schedule: str = setting("cosine")
    weight_decay: float = setting(1e-4)
    dropout: float = setting(0.2, search=(0.2, 0.35, 0.5))
    backbone: str = setting(
        LEVI_HASSNER,
        choices=(LEVI_HASSNER, "tiny", "squeezenet", "mobilenet_v2", "inception_v3"),
        doc="Network that sees the face: that of the paper; tiny, which is trained too; or one "
        "that others trained, of which the classifiers alone are.",
    )
    norm: str = setting(
        "batch",
        choices=("batch", "lrn"),
        doc="How hidden values are normalized: by the batch, or by neighbouring maps as in "
        "the paper.",
    )
    width: float = setting(
        0.5,
        smoke=0.25,
        search=(0.5, 1.0),
        above=0,
        doc="Maps and units, as a fraction of the published ones.",
    )
    image_px: int = setting(
        64, at_least=1, reads=DATA, doc="Side of the face that is stored, in pixels."
    )
    crop_px: int = setting(56, at_least=1, doc="Side of what the network sees of it, in pixels.")
    label_smoothing: float = setting(
        0.05,
        at_least=0,
        below=1,
        doc="Fraction of a label that goes to the age groups beside it, or to the other gender.",
    )
    turn_degrees: float = setting(
        5.0, at_least=0, doc="Most that training turns a face by, in degrees."
    )
    scale_percent: float = setting(
        5.0, at_least=0, doc="Most that it enlarges or shrinks a face, in percent."
    )
    light_percent: float = setting(
        10.0,
        at_least=0,
        at_most=100,
        doc="Most that it changes brightness and contrast, each, in percent.",
    )
    cover_percent: float = setting(
        0.0,
        at_least=0,
        at_most=100,
        doc="Longest side of a rectangle that it makes grey in every other face, in percent.",
    )
    crops: int = setting(
        10,
        choices=(1, 10),
        doc="Parts of a face whose answers are averaged: 10, or 1 for the middle alone, ten "
        "times as quick.",
    )
    min_side_px: int = setting(200)
    sample_faces: int = setting(
        2400, smoke=1200, at_least=1, reads=SAMPLE, doc="Faces that are drawn."
    )


def features(settings: Settings) -> tuple[Feature, ...]:
    """Gives the features of the size that is asked for."""
    side, crop = settings.image_px, settings.crop_px
    if not 32 <= crop <= side:
        raise TaskError(f"expected 32 <= crop_px <= image_px, found {crop} and {side}")
    return (
        Feature(name="image", dtype="uint8", shape=(side, side, 3)),
        Feature(name="age_gender", dtype="int64", shape=(2,)),
    )


TASK = Task(
    name="age_gender",
    title="A face → its age group and gender",
    sources=(
        AdienceSource(
            labeler="modules.age_gender.labels.label_from_row",
            needs_colour=True,
        ),
        ImageFolderSource(
            layout="a folder of pictures named AGE_GENDER_anything.jpg (also png, gif, bmp, webp), "
            "the age a number, the gender 0 (male), 1 (female), m or f",
            labeler="modules.age_gender.labels.label_from_name",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="age_gender",
    settings=Settings,
    metrics=(
        Metric(
            name="age_accuracy",
            doc="fraction of faces of known age whose age group is predicted correctly",
            baselines=("majority", "svm", "machine"),
            gate=Gate(baseline="majority", min_gain=0.1, level_with="svm", max_drop=0.03),
            percent=True,
        ),
        Metric(
            name="age_one_off",
            doc="fraction of those whose age group, or an adjacent one, is predicted",
            baselines=("majority", "svm", "machine"),
            percent=True,
        ),
        Metric(
            name="gender_accuracy",
            doc="fraction of faces of known gender whose gender is predicted correctly",
            baselines=("majority", "svm", "machine"),
            gate=Gate(baseline="majority", min_gain=0.15, level_with="svm", max_drop=0.02),
            percent=True,
        ),
        Metric(
            name="network_age_accuracy",
            doc="age_accuracy of the network alone, without the machine, which would hide one that "
            "learned nothing",
            baselines=("majority",),
            gate=Gate(baseline="majority", min_gain=0.1),
            percent=True,
        ),
        Metric(
            name="network_gender_accuracy",
            doc="gender_accuracy of the network alone",
            baselines=("majority",),
            gate=Gate(baseline="majority", min_gain=0.1),
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                raw="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP of one face with some room around it; its "
                "middle is brought to a square",
            ),
        ),
        outputs=(
            Field(
                name="age_group",
                raw="age_group",
                dtype="string",
                kind="label",
                choices=AGE_GROUPS,
                unit="years",
                doc="the likeliest age group, in years",
            ),
            Field(
                name="age_probabilities",
                dtype="float32",
                shape=(len(AGE_GROUPS),),
                kind="probabilities",
                of="age_group",
                choices=AGE_GROUPS,
                doc="of the eight groups, youngest first; their sum is 1",
            ),
            Field(
                name="gender",
                raw="gender",
                dtype="string",
                kind="label",
                choices=GENDERS,
                doc="the likelier",
            ),
            Field(
                name="gender_probability",
                dtype="float32",
                kind="probability",
                of="gender",
                at_least=0.5,
                at_most=1,
                doc="of that gender",
            ),
        ),
        example={"image": [example.JPEG]},
    ),
    slices=("gender", "age_group"),
    classes=("gender", "age_group"),
    # Several in a hundred of Adience's rows have neither label.
    quarantine_limit=0.1,
)
