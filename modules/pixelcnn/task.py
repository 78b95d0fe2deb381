"""pixelcnn: pictures to new pictures like them.

Data: folders of pictures, by class or flat, or the idx files of MNIST; without data, single digits
are drawn. They are brought to one size, 8 to 64 pixels square, grey or in colour.

Model: the gated PixelCNN of van den Oord et al. (2016): twelve layers of 32 maps, a vertical and a
horizontal stack, a 256-way softmax for every value, conditioned on the class. The seed exercise
divided the pixels by 255 and cast them to integers, so that it learnt to draw zeros; masked its
vertical stack so that it saw the row it was to predict; and ran the whole network for every value
it drew, 12,288 times for one picture.

Gate: at least 0.1 bits per dimension fewer than a histogram of every pixel and channel, fitted on
the training split; uniform noise costs 8, and an untrained model about as much.
"""

from __future__ import annotations

from collections.abc import Mapping

from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task, Value
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.folder_layouts import CLASS_FOLDERS
from modules.common.pictures.sources import FOLDERS, IdxSource, ImageFolderSource

LEVELS = 256


def features(hparams: Mapping[str, Value]) -> tuple[Feature, ...]:
    """Gives the features of the size and the channels that are asked for."""
    size, channels = int(hparams["size_px"]), int(hparams["channels"])
    return (
        Feature(name="image", dtype="uint8", shape=(size, size, channels)),
        Feature(name="class_id", dtype="int64"),
    )


TASK = Task(
    name="pixelcnn",
    title="Pictures → new pictures like them",
    sources=(
        ImageFolderSource(
            layout="pictures (png, jpg, gif, bmp, webp, tif) in a folder, in a folder for each "
            "class, or either below train/ and test/",
            labeler="modules.pixelcnn.labels.label_from_folder",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            class_folders="class_folders",
            min_side_px="min_side_px",
        ),
        IdxSource(label="class"),
        GeneratedSource(
            layout="none: digits are drawn",
            drawer="modules.pixelcnn.sample.drawing.draw",
            count="sample_digits",
            eval_percent=10,
        ),
    ),
    features=features,
    label="image",
    target_is_input=True,
    hparams={
        "seed": 20160616,
        "epochs": 6,
        "batch_size": 32,
        "eval_batch_size": 64,
        "learning_rate": 4e-3,
        "patience": 0,
        "schedule": "cosine",
        "precision": "auto",
        "size_px": 20,
        "channels": 1,
        "conditional": True,
        "class_dropout": 0.1,
        "layers": 12,
        "maps": 32,
        "kernel": 3,
        "head_units": 64,
        "min_side_px": 8,
        "eval_folder": "test",
        "class_folders": "auto",
        "sample_digits": 10_000,
    },
    choices={
        "class_folders": CLASS_FOLDERS,
        "channels": (1, 3),
        "kernel": (3, 5, 7),
        "size_px": tuple(range(8, 65)),
    },
    data_hparams=(
        "seed",
        "size_px",
        "channels",
        "min_side_px",
        "eval_folder",
        "class_folders",
        "sample_digits",
    ),
    smoke={
        "epochs": 14,
        "size_px": 8,
        "layers": 3,
        "maps": 16,
        "head_units": 32,
        "sample_digits": 1500,
        "learning_rate": 5e-3,
    },
    search={
        "learning_rate": (2e-3, 4e-3, 6e-3),
        "head_units": (64, 128),
        "kernel": (3, 5),
    },
    metrics=(
        Metric(
            name="bits_per_dim",
            doc="bits that a value of a held-out picture costs, pixels and channels alike",
            better="lower",
            baselines=("uniform", "histogram"),
            gate=Gate(baseline=("uniform", "histogram"), min_gain=0.1, max_drop=0.05),
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="num_images",
                dtype="int64",
                at_least=1,
                at_most=64,
                doc="how many pictures",
                default=4,
            ),
            Field(
                name="temperature",
                dtype="float32",
                at_least=0,
                step=0.1,
                doc="1 draws as the model says, less draws what is likelier more often, "
                "0 takes the likeliest value each time",
                default=1.0,
            ),
            Field(
                name="seed",
                dtype="int64",
                kind="seed",
                doc="the same seed gives the same pictures, whatever else is asked for",
                default=0,
            ),
            Field(
                name="class",
                dtype="string",
                doc="name of a class of the training data; empty for any",
                default="",
            ),
            Field(
                name="upper_half",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP whose upper half is kept; empty for none",
                default="",
            ),
        ),
        outputs=(
            Field(
                name="images",
                dtype="string",
                shape=(None,),
                kind="pictures",
                doc="PNG bytes; empty beyond `num_images`, where another order is larger",
            ),
        ),
        example={"num_images": [1], "temperature": [1.0], "seed": [7]},
        max_examples=4,
        # Many pictures of 64x64 take minutes.
        timeout_s=600.0,
    ),
    slices=("class",),
    # The example is one picture; 64x64 in colour is the largest.
    max_latency_ms=20_000.0,
)
