"""captcha_ocr: a captcha to its text.

Data: a folder of `TEXT.png` or `TEXT_anything.png`, 1 to 6 characters of digits, of digits and
capitals (36), or of all letters (62); without data, the `captcha` package draws them.

Model: the seed exercise's small convolutions with batch normalization, and CTC over the columns;
`--set head=position` has a softmax for each position in its place, as the seed had, which needs
many times the pictures to find where the characters are. The seed fixed four characters, treated
them as independent yes-or-no questions (a sigmoid over all), gave each position a dense layer of
its own over the whole picture, and reported 0.6325 per character, on digits, after 2,000 steps.

Gate: at least 95 % of the texts read whole, which the most frequent character of each position
does for next to none, and at most a point below the last blessed model.
"""

from __future__ import annotations

from modules.captcha_ocr import example
from modules.captcha_ocr.charsets import CHARSETS, MAX_CHARS
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.name_labels import NAME_CHECKS
from modules.common.pictures.sources import FOLDERS, ImageFolderSource

HEIGHT_PX, WIDTH_PX = 60, 160

TASK = Task(
    name="captcha_ocr",
    title="A captcha → its text",
    sources=(
        ImageFolderSource(
            layout="a folder of pictures named after their text, TEXT.png or TEXT_anything.png "
            f"(also jpg, gif, bmp, webp), 1 to {MAX_CHARS} characters of the charset",
            labeler="modules.captcha_ocr.labels.label_from_name",
            splitter=FOLDERS,
            depths=tuple(range(6)),
            named_after="text",
            drops_duplicates=True,
        ),
        GeneratedSource(
            layout="none: captchas are drawn",
            drawer="modules.captcha_ocr.sample.drawing.draw",
            count="sample_captchas",
            eval_percent=10,
        ),
    ),
    features=(
        Feature(name="image", dtype="uint8", shape=(HEIGHT_PX, WIDTH_PX, 1)),
        Feature(name="characters", dtype="int64", shape=(MAX_CHARS,)),
    ),
    label="characters",
    hparams={
        "seed": 20170101,
        "epochs": 6,
        "batch_size": 64,
        "learning_rate": 3e-3,
        "patience": 0,
        "schedule": "cosine",
        "precision": "auto",
        "weight_decay": 1e-4,
        "dropout": 0.1,
        "filters": 16,
        "head": "ctc",
        "charset": "alnum36",
        "min_chars": 4,
        "max_chars": 4,
        "eval_folder": "test",
        "names": "checked",
        "sample_captchas": 40_000,
    },
    choices={"head": ("ctc", "position"), "charset": tuple(CHARSETS), "names": NAME_CHECKS},
    data_hparams=(
        "seed",
        "charset",
        "min_chars",
        "max_chars",
        "eval_folder",
        "names",
        "sample_captchas",
    ),
    smoke={
        "epochs": 6,
        "batch_size": 32,
        "filters": 12,
        "charset": "digits",
        "min_chars": 2,
        "max_chars": 2,
        "sample_captchas": 2000,
    },
    search={
        "learning_rate": (1e-3, 3e-3, 6e-3),
        "dropout": (0.0, 0.1, 0.3),
        "filters": (12, 16, 24),
    },
    metrics=(
        Metric(
            name="text_accuracy",
            doc="share of captchas whose text is read whole",
            baselines=("constant",),
            gate=Gate(baseline="constant", floor=0.95, max_drop=0.01),
            percent=True,
        ),
        Metric(
            name="char_accuracy",
            doc="share of characters that are read rightly, each in its place",
            baselines=("constant",),
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP, grey or in colour; brought to "
                f"{HEIGHT_PX}x{WIDTH_PX}",
            ),
        ),
        outputs=(
            Field(name="text", dtype="string", doc="as read"),
            Field(
                name="confidence",
                dtype="float32",
                kind="probability",
                of="text",
                doc="of the whole text",
            ),
            Field(
                name="character_confidences",
                dtype="float32",
                shape=(MAX_CHARS,),
                kind="probabilities",
                of="text",
                doc="of each character of `text`",
            ),
        ),
        example={"image": [example.PNG]},
    ),
    slices=("length",),
)
