"""image_retrain: folders of pictures to a classifier of them.

Data: a folder of pictures for each class, alone or below `train/`, `validation/` and `test/`;
without data, landscapes of five kinds are drawn.

Model: a backbone that others trained on ImageNet, frozen, and a small head on its bottlenecks,
after TensorFlow's "retrain" example (the idea: J. Donahue et al., "DeCAF", 2013). Transform
computes the bottlenecks once. With `fine_tune_stages`, `distortions` or the backbone `tiny`, which
needs no weights and is the default, the whole network is trained on the pictures. The original
exercise kept one text file of numbers for each picture and each distortion, and chose among its
trials by the pictures that it then reported on.

Gate: accuracy at least 5 points above a logistic regression on a picture's mean colour, which sees
no shapes; not behind a logistic regression on what the head sees, the strongest simple model, by
more than a standard error; and at most 3 points below the last blessed model. An untrained head is
right once in as many times as there are classes.
"""

from __future__ import annotations

from modules.common.declaring.task import Field, Gate, Metric, Serving, Task
from modules.common.pictures.sources import FOLDERS, ImageFolderSource
from modules.image_retrain import example
from modules.image_retrain.settings import Settings, features

DEFAULT_TOP_K = 5

TASK = Task(
    name="image_retrain",
    title="A picture → its class, from folders of examples",
    sources=(
        ImageFolderSource(
            layout="a folder of pictures (png, jpg, gif, bmp, webp, tif) for each class, or such "
            "folders below train/, validation/ and test/",
            labeler="modules.image_retrain.labels.label_from_folder",
            splitter=FOLDERS,
            depths=tuple(range(1, 7)),
            needs_class=True,
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="label",
    settings=Settings,
    metrics=(
        Metric(
            name="accuracy",
            doc="fraction of pictures whose likeliest class is correct",
            baselines=("mean_colour", "linear"),
            gate=Gate(baseline="mean_colour", min_gain=0.05, level_with="linear", max_drop=0.03),
            percent=True,
        ),
        Metric(
            name="top_5_accuracy",
            doc="fraction of pictures whose class is among the five likeliest",
            baselines=("mean_colour", "linear"),
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
                doc="bytes of a PNG, JPEG, GIF or BMP of any size",
            ),
            Field(
                name="top_k",
                dtype="int64",
                at_least=1,
                doc="how many of the likeliest classes to answer with, at most all",
                default=DEFAULT_TOP_K,
            ),
        ),
        outputs=(
            Field(
                name="labels",
                raw="label",
                dtype="string",
                shape=(None,),
                kind="labels",
                doc="the likeliest classes, the likeliest first; empty beyond `top_k`, where "
                "another picture asked for more",
            ),
            Field(
                name="probabilities",
                dtype="float32",
                shape=(None,),
                kind="probabilities",
                of="labels",
                doc="of each of `labels`",
            ),
        ),
        example={"image": [example.JPEG]},
    ),
    slices=("label",),
    classes=("label",),
)
