"""id_number_ocr: a strip with an 18-character identity number to the number.

Data: a folder of `NUMBER.png`; without data, strips of 32x256 are drawn, of valid numbers
(GB 11643, check character included) meant to be nobody's, in thirteen typefaces, turned, blurred,
noisy, on patterned paper. `difficulty` says how much.

Model: the seed exercise's four convolutions with batch normalization and a softmax per position.
The seed drew its batch normalization's scale anew as constants, so it never learned them, and
every position had a classifier of its own over the whole picture. Here one classifier serves all
positions; a softmax over the columns says where each is.

The check character tells nearly every wrong reading, and mends it where one character is in doubt.

Gate: at least 95 % of the numbers read whole, which the most frequent character of each position
does for none, and at most a point below the last blessed model.
"""

from __future__ import annotations

from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.name_labels import NAME_CHECKS
from modules.common.pictures.sources import FOLDERS, ImageFolderSource
from modules.id_number_ocr import example
from modules.id_number_ocr.numbers import NUMBER_CHARS

HEIGHT_PX = 32
WIDTH_PX = 256

TASK = Task(
    name="id_number_ocr",
    title="A strip with an 18-character identity number → the number",
    sources=(
        ImageFolderSource(
            layout="a folder of pictures of one number each, NUMBER.png or NUMBER_anything.png "
            "(also jpg, gif, bmp, webp)",
            labeler="modules.id_number_ocr.labels.label_from_name",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            named_after="number",
            drops_duplicates=True,
        ),
        GeneratedSource(
            layout="none: strips are drawn",
            drawer="modules.id_number_ocr.sample.drawing.draw",
            count="sample_strips",
            eval_percent=10,
        ),
    ),
    features=(
        Feature(name="image", dtype="uint8", shape=(HEIGHT_PX, WIDTH_PX, 1)),
        Feature(name="characters", dtype="int64", shape=(NUMBER_CHARS,)),
    ),
    label="characters",
    hparams={
        "seed": 20170101,
        "epochs": 12,
        "batch_size": 64,
        "learning_rate": 3e-3,
        "patience": 0,
        "schedule": "cosine",
        "precision": "auto",
        "weight_decay": 1e-4,
        "dropout": 0.1,
        "filters": 16,
        "sample_strips": 60_000,
        "difficulty": 1.0,
        "typefaces": "",
        "without_typeface": "",
        "font": "",
        "eval_folder": "test",
        "names": "checked",
    },
    choices={"names": NAME_CHECKS},
    file_hparams=("font",),
    data_hparams=(
        "seed",
        "sample_strips",
        "difficulty",
        "typefaces",
        "without_typeface",
        "eval_folder",
        "names",
        "font",
    ),
    smoke={
        "epochs": 10,
        "batch_size": 32,
        "filters": 8,
        "sample_strips": 2_000,
        "difficulty": 0.1,
        "typefaces": "DejaVuSansMono",
    },
    search={
        "learning_rate": (1e-3, 3e-3, 6e-3),
        "dropout": (0.0, 0.1, 0.3),
        "filters": (12, 16, 24),
    },
    metrics=(
        Metric(
            name="number_accuracy",
            doc="share of numbers that are read whole, before repair",
            baselines=("constant",),
            gate=Gate(baseline="constant", floor=0.95, max_drop=0.01),
            percent=True,
        ),
        Metric(
            name="char_accuracy",
            doc="share of characters that are read rightly",
            baselines=("constant",),
            percent=True,
        ),
        Metric(
            name="repaired_accuracy",
            doc="share of numbers that are right after repair by the check character",
            percent=True,
        ),
        Metric(
            name="errors_caught",
            doc="share of wrong readings whose check character disagrees",
            percent=True,
        ),
        Metric(
            name="errors_mended",
            doc="share of wrong readings that the repair puts right",
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP of one line, the number; brought to 32x256",
            ),
        ),
        outputs=(
            Field(name="number", dtype="string", doc="as read: 17 digits and a digit or X"),
            Field(
                name="confidence",
                dtype="float32",
                kind="probability",
                of="number",
                doc="of the whole number",
            ),
            Field(
                name="checksum_ok",
                dtype="bool",
                doc="whether its check character agrees with its digits",
            ),
            Field(
                name="repaired_number",
                dtype="string",
                doc="where the check character disagrees, the likeliest number one character "
                "away; else `number`",
            ),
            Field(
                name="birth_date",
                dtype="string",
                kind="date",
                doc="of `repaired_number`, YYYY-MM-DD; empty where it is no date from 1800 to 2099",
            ),
            Field(
                name="gender",
                dtype="string",
                kind="label",
                choices=("female", "male"),
                doc="of `repaired_number`",
            ),
            Field(
                name="character_confidences",
                dtype="float32",
                shape=(NUMBER_CHARS,),
                kind="probabilities",
                of="number",
                doc="of each character of `number`",
            ),
        ),
        example={"image": [example.PNG]},
    ),
    slices=("typeface",),
)
