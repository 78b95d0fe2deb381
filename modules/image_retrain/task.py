"""image_retrain: folders of pictures to a classifier of them.

Data: a folder of pictures for each class, alone or below `train/`, `validation/` and `test/`;
without data, landscapes of five kinds are drawn.

Model: a backbone that others trained on ImageNet, frozen, and a small head on its bottlenecks,
after TensorFlow's "retrain" example (the idea: J. Donahue et al., "DeCAF", 2013). Transform
computes the bottlenecks once. With `fine_tune_stages`, `distortions` or the backbone `tiny`, which
needs no weights and is the default, the whole network is trained on the pictures. The seed exercise
kept one text file of numbers for each picture and each distortion, and chose among its trials by
the pictures that it then reported on.

Gate: accuracy at least 5 points above a logistic regression on a picture's mean colour, which sees
no shapes, and at most 3 points below the last blessed model. An untrained head is right once in as
many times as there are classes.
"""

from __future__ import annotations

from modules.common.declaring.task import Field, Gate, Metric, Serving, Task
from modules.common.models.backbone_specs import BACKBONES
from modules.common.pictures.folder_layouts import CLASS_FOLDERS
from modules.common.pictures.sources import FOLDERS, ImageFolderSource
from modules.image_retrain import example
from modules.image_retrain.settings import POOLINGS, features

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
            class_folders="class_folders",
            needs_class=True,
            min_side_px="min_side_px",
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="label",
    hparams={
        "seed": 20151109,
        "epochs": 30,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "patience": 0,
        "schedule": "cosine",
        "precision": "auto",
        "weight_decay": 1e-3,
        "label_smoothing": 0.3,
        "temperature": 0.4,
        "dropout": 0.0,
        "hidden_units": 0,
        "backbone": "tiny",
        "weights": "",
        "input_px": 0,
        "fit": "stretch",
        "bottleneck_stages": 3,
        "bottleneck_units": 0,
        "pooling": "quarters",
        "mirrored": True,
        "fine_tune_stages": 0,
        "distortions": False,
        "crop_percent": 15.0,
        "scale_percent": 15.0,
        "brightness_percent": 15.0,
        "mirrors": True,
        "min_side_px": 200,
        "eval_folder": "test",
        "class_folders": "auto",
        "sample_images": 1000,
    },
    choices={
        "backbone": tuple(BACKBONES),
        "fit": ("stretch", "crop"),
        "pooling": tuple(POOLINGS),
        "class_folders": CLASS_FOLDERS,
    },
    data_hparams=(
        "seed",
        "backbone",
        "weights",
        "input_px",
        "fit",
        "bottleneck_stages",
        "bottleneck_units",
        "pooling",
        "mirrored",
        "fine_tune_stages",
        "distortions",
        "min_side_px",
        "eval_folder",
        "class_folders",
        "sample_images",
    ),
    file_hparams=("weights",),
    smoke={"epochs": 12, "batch_size": 32, "learning_rate": 3e-3, "sample_images": 300},
    search={
        "learning_rate": (3e-4, 1e-3, 3e-3),
        "dropout": (0.0, 0.5),
        "label_smoothing": (0.1, 0.3),
        "hidden_units": (0, 256),
    },
    metrics=(
        Metric(
            name="accuracy",
            doc="share of pictures whose likeliest class is right",
            baselines=("mean_colour", "linear"),
            gate=Gate(baseline="mean_colour", min_gain=0.05, max_drop=0.03),
            percent=True,
        ),
        Metric(
            name="top_5_accuracy",
            doc="share of pictures whose class is among the five likeliest",
            baselines=("mean_colour", "linear"),
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP of any size",
            ),
            Field(
                name="top_k",
                dtype="int64",
                at_least=1,
                doc="how many of the likeliest classes to answer with",
                default=DEFAULT_TOP_K,
            ),
        ),
        outputs=(
            Field(
                name="labels",
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
