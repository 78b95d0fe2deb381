"""id_number_ocr: a strip with an 18-character identity number to the number.

Data: a folder of `NUMBER.png`; without data, strips of 32x256 are drawn, of valid numbers
(GB 11643, check character included) meant to be nobody's, in thirteen typefaces, turned, blurred,
noisy, on patterned paper. `difficulty` says how much.

Model: the original exercise's four convolutions with batch normalization and a softmax per
position. The original drew its batch normalization's scale anew as constants, so it never learned
them, and every position had a classifier of its own over the whole picture. Here one classifier
serves all positions; a softmax over the columns says where each is.

The check character tells nearly every wrong reading, and mends it where one character is in doubt.

Gate: at least 95 % of the numbers read whole, which the most frequent character of each position
does for none, and at most a point below the last blessed model.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import (
    DropoutSettings,
    VariationSettings,
    WeightDecaySettings,
)
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.settings import NamedPictureSettings
from modules.common.pictures.sources import FOLDERS, ImageFolderSource
from modules.id_number_ocr import example
from modules.id_number_ocr.numbers import NUMBER_CHARS

HEIGHT_PX = 32
WIDTH_PX = 256


class Settings(VariationSettings, DropoutSettings, WeightDecaySettings, NamedPictureSettings):
    """What may be set for id_number_ocr."""

    seed: int = setting(20170101, reads=DATA | SAMPLE)
    precision: str = setting("auto")
    epochs: int = setting(12, smoke=10)
    min_steps: int = setting(2000, smoke=0)
    batch_size: int = setting(64, smoke=32)
    learning_rate: float = setting(3e-3, search=(1e-3, 3e-3, 6e-3))
    schedule: str = setting("cosine")
    weight_decay: float = setting(1e-4)
    dropout: float = setting(0.1, search=(0.0, 0.1, 0.3))
    filters: int = setting(
        16,
        smoke=8,
        search=(12, 16, 24),
        at_least=1,
        doc="Filters of the first convolution; the others have 2, 4 and 8 times as many.",
    )
    variation: float = setting(1.0, smoke=0.0)
    sample_strips: int = setting(
        60_000, smoke=2_000, at_least=1, reads=DATA | SAMPLE, doc="Strips that are drawn."
    )
    difficulty: float = setting(
        1.0,
        smoke=0.1,
        at_least=0,
        reads=DATA | SAMPLE,
        doc="How worn, bent and noisy the strips are: 0 clean, 1 as photographed.",
    )
    typefaces: str = setting(
        "",
        smoke="DejaVuSansMono",
        reads=DATA | SAMPLE,
        doc="Names of the typefaces that are drawn, parted by commas; empty for all.",
    )
    without_typeface: str = setting("", reads=DATA | SAMPLE, doc="A typeface that is not drawn.")
    font: str = setting(
        "",
        is_file=True,
        reads=DATA | SAMPLE,
        doc="Path of a TrueType or OpenType file; a third of the strips are drawn in it, or "
        "as many as in any other where `typefaces` names it.",
    )


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
    settings=Settings,
    metrics=(
        Metric(
            name="number_accuracy",
            doc="fraction of numbers that are read correctly as a whole, before repair",
            baselines=("constant",),
            gate=Gate(baseline="constant", floor=0.95, max_drop=0.01),
            percent=True,
        ),
        Metric(
            name="char_accuracy",
            doc="fraction of characters that are read correctly",
            baselines=("constant",),
            percent=True,
        ),
        Metric(
            name="repaired_accuracy",
            doc="fraction of numbers that are correct after repair by the check character",
            percent=True,
        ),
        Metric(
            name="errors_caught",
            doc="fraction of wrong readings whose check character disagrees",
            percent=True,
        ),
        Metric(
            name="errors_mended",
            doc="fraction of wrong readings that the repair corrects",
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
                doc="bytes of a PNG, JPEG, GIF or BMP of one line, the number; brought to 32x256",
            ),
        ),
        outputs=(
            Field(
                name="number",
                raw="number",
                dtype="string",
                doc="as read: 17 digits and a digit or X",
            ),
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
