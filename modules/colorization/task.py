"""colorization: a grey photo to a coloured one.

Data: folders of pictures in colour, flat or by class, below `train/` and `test/` or not; labels are
not read: the model learns from pictures what their grey ones looked like. Without data, landscapes
are drawn.

Model: a hypercolumn residual encoder over a backbone (Dahl, 2016), to chroma, or to a distribution
over quantized chroma whose rare colours count more (Zhang et al., 2016). The seed exercise had a
VGG16 file of half a gigabyte at hand, coloured pictures of 224 pixels only, and cut the channels
off at their bounds, which changed the luma that it was given.

Gate: on held-out pictures, made of the true luma and the model's chroma, the peak signal-to-noise
ratio is at least 0.1 dB better than without colour, and than with the training split's mean colour,
where an untrained model begins; and at most 0.5 dB below the last blessed model.
"""

from __future__ import annotations

from collections.abc import Mapping

from modules.colorization import example
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task, Value
from modules.common.models.backbone_specs import BACKBONES
from modules.common.pictures.sources import FOLDERS, ImageFolderSource


def features(hparams: Mapping[str, Value]) -> tuple[Feature, ...]:
    """Gives the features of the size that is asked for."""
    side = int(hparams["image_px"])
    return (Feature(name="image", dtype="uint8", shape=(side, side, 3)),)


TASK = Task(
    name="colorization",
    title="A grey photo → a coloured one",
    sources=(
        ImageFolderSource(
            layout="pictures in colour (png, jpg, gif, bmp, webp, tif) in a folder, in a folder "
            "for each class, or either below train/ and test/",
            labeler="modules.common.pictures.image_layouts.no_label",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            min_side_px="min_side_px",
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="image",
    target_is_input=True,
    hparams={
        "seed": 20161114,
        "epochs": 12,
        "batch_size": 16,
        "eval_batch_size": 16,
        "learning_rate": 2e-3,
        "patience": 0,
        "schedule": "cosine",
        "precision": "auto",
        "weight_decay": 1e-3,
        "dropout": 0.3,
        "backbone": "tiny",
        "weights": "",
        "maps": 32,
        "loss": "regression",
        "uniform_share": 0.99,
        "temperature": 0.8,
        "image_px": 256,
        "crop_px": 224,
        "max_px": 320,
        "min_side_px": 200,
        "eval_folder": "test",
        "sample_pictures": 1000,
    },
    choices={
        "backbone": tuple(BACKBONES),
        "loss": ("regression", "classification"),
    },
    data_hparams=("image_px", "min_side_px", "eval_folder"),
    file_hparams=("weights",),
    smoke={
        "epochs": 6,
        "maps": 8,
        "image_px": 64,
        "crop_px": 64,
        "sample_pictures": 300,
    },
    search={
        "learning_rate": (1e-3, 2e-3, 4e-3),
        "maps": (16, 32, 64),
        "dropout": (0.0, 0.2, 0.5),
    },
    metrics=(
        Metric(
            name="psnr",
            doc="peak signal-to-noise ratio in dB, over red, green and blue of all held-out "
            "pictures, of the true luma with the model's chroma",
            link="psnr",
            baselines=("grey", "mean"),
            gate=Gate(baseline=("grey", "mean"), min_gain=0.1, max_drop=0.5),
        ),
        Metric(
            name="chroma_rmse",
            doc="root of the mean squared error of both chroma planes, in grey levels",
            better="lower",
            link="sqrt",
            baselines=("grey", "mean"),
        ),
        Metric(
            name="colourfulness",
            doc="Hasler and Suesstrunk's measure, mean over the pictures: 15 slightly, 33 "
            "moderately, 59 quite colourful; beside it that of the true pictures",
            baselines=("truth",),
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP, grey or in colour, of any size; of colour "
                "only the luma is read",
            ),
        ),
        outputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="PNG bytes, as large, with the same luma",
            ),
            Field(
                name="colourfulness",
                dtype="float32",
                doc="of the answer, 0 for grey",
                # Hasler & Suesstrunk (2003).
                bands=(
                    (0, "hardly colourful"),
                    (15, "slightly colourful"),
                    (33, "moderately colourful"),
                    (45, "averagely colourful"),
                    (59, "quite colourful"),
                    (82, "highly colourful"),
                    (109, "extremely colourful"),
                ),
            ),
        ),
        example={"image": [example.picture()]},
        max_examples=32,
        # A picture of 16 million pixels takes some seconds.
        timeout_s=120.0,
    ),
    max_latency_ms=2000.0,
)
