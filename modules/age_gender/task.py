"""age_gender: a face to its age group and gender.

Data: Adience as it is published, five tables and a folder of aligned faces, with its official folds
(`--fold`); or folders of `AGE_GENDER_anything.jpg`, as UTKFace is named; without data, faces are
drawn and written in Adience's layout.

Model: the network of Levi & Hassner (2015), as in the seed exercise: 7x7/4 96, 5x5 256, 3x3 384,
two dense layers of 512 with dropout, of crops of 227. One trunk carries both classifiers; a face
with only one label trains the one that it has a label for. The seed looked for duplicates by
comparing all pairs of pictures; here a digest of the pixels finds them.

Gate: age group and gender each better than the most frequent class by 10 and 15 points, which a
network that has learnt nothing cannot reach. Published on Adience, means of the five folds: gender
86.8 %, age 50.7 % exactly and 84.7 % within one group (Levi & Hassner); 96.5 and 68.7 % (MiVOLO).
"""

from __future__ import annotations

from collections.abc import Mapping

from modules.age_gender import example
from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task, Value
from modules.common.pictures.sources import FOLDERS, AdienceSource, ImageFolderSource
from modules.common.runtime.errors import TaskError


def features(hparams: Mapping[str, Value]) -> tuple[Feature, ...]:
    """Gives the features of the size that is asked for."""
    side, crop = int(hparams["image_px"]), int(hparams["crop_px"])
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
            min_side_px="min_side_px",
            needs_colour=True,
        ),
        ImageFolderSource(
            layout="a folder of pictures named AGE_GENDER_anything.jpg (also png, gif, bmp, webp), "
            "the age a number, the gender 0 (male), 1 (female), m or f",
            labeler="modules.age_gender.labels.label_from_name",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            min_side_px="min_side_px",
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="age_gender",
    hparams={
        "seed": 20150611,
        "epochs": 6,
        "batch_size": 32,
        "eval_batch_size": 64,
        "learning_rate": 5e-4,
        "patience": 0,
        "schedule": "cosine",
        "precision": "auto",
        "weight_decay": 1e-4,
        "dropout": 0.2,
        "norm": "batch",
        "width": 1.0,
        "image_px": 256,
        "crop_px": 227,
        "crops": 10,
        "fold": 0,
        "eval_folder": "test",
        "min_side_px": 200,
        "sample_faces": 2400,
    },
    choices={"norm": ("batch", "lrn"), "crops": (1, 10), "fold": (0, 1, 2, 3, 4)},
    data_hparams=("image_px", "fold", "eval_folder", "min_side_px"),
    smoke={
        "epochs": 16,
        "width": 0.25,
        "image_px": 64,
        "crop_px": 56,
        "learning_rate": 2e-3,
        "sample_faces": 1200,
    },
    search={
        "learning_rate": (2e-4, 5e-4, 1e-3),
        "dropout": (0.2, 0.35, 0.5),
        "width": (0.5, 1.0),
    },
    metrics=(
        Metric(
            name="age_accuracy",
            doc="share of faces whose age group is named exactly, of those whose age is known",
            baselines=("majority",),
            gate=Gate(baseline="majority", min_gain=0.1, max_drop=0.03),
            percent=True,
        ),
        Metric(
            name="age_one_off",
            doc="share of faces whose age group, or one beside it, is named",
            baselines=("majority",),
            percent=True,
        ),
        Metric(
            name="gender_accuracy",
            doc="share of faces whose gender is named rightly, of those whose gender is known",
            baselines=("majority",),
            gate=Gate(baseline="majority", min_gain=0.15, max_drop=0.02),
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP of one face with some room around it; its "
                "middle is brought to a square",
            ),
        ),
        outputs=(
            Field(
                name="age_group",
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
            Field(name="gender", dtype="string", kind="label", choices=GENDERS, doc="the likelier"),
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
