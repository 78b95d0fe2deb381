"""captcha_ocr: a captcha to its text.

Data: a folder of `TEXT.png` or `TEXT_anything.png`, 1 to 6 characters of digits, of digits and
capitals (36), or of all letters (62); without data, the `captcha` package draws them.

Model: the original exercise's small convolutions with batch normalization, and CTC over the
columns; `--set head=position` has a softmax for each position in its place, as the original had,
which needs many times the pictures to find where the characters are. The original fixed four
characters, treated them as independent yes-or-no questions (a sigmoid over all), gave each position
a dense layer of its own over the whole picture, and reported 0.6325 per character, on digits, after
2,000 steps.

Gate: at least 95 % of the texts read whole, which the most frequent character of each position
does for next to none, and at most a point below the last blessed model.
"""

from __future__ import annotations

from modules.captcha_ocr import example
from modules.captcha_ocr.charsets import CHARSETS, MAX_CHARS
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
from modules.common.runtime.errors import SettingError

HEIGHT_PX, WIDTH_PX = 60, 160


class Settings(VariationSettings, DropoutSettings, WeightDecaySettings, NamedPictureSettings):
    """What may be set for captcha_ocr."""

    seed: int = setting(20170101, reads=DATA | SAMPLE)
    precision: str = setting("auto")
    epochs: int = setting(6)
    min_steps: int = setting(500, smoke=0)
    batch_size: int = setting(64, smoke=32)
    learning_rate: float = setting(3e-3, search=(1e-3, 3e-3, 6e-3))
    schedule: str = setting("cosine")
    weight_decay: float = setting(1e-4)
    dropout: float = setting(0.1, search=(0.0, 0.1, 0.3))
    variation: float = setting(1.0, smoke=0.0)
    filters: int = setting(
        16,
        smoke=12,
        search=(12, 16, 24),
        at_least=1,
        doc="Filters of the first convolution; the others have 2, 4 and 8 times as many.",
    )
    head: str = setting(
        "ctc",
        choices=("ctc", "position"),
        doc="How characters are told: ctc over the columns, or a softmax for each position.",
    )
    context: str = setting(
        "recurrent",
        choices=("conv", "recurrent"),
        doc="What a column knows of the others, for ctc: its neighbours alone, or all of them, by "
        "a recurrent layer in both directions.",
    )
    charset: str = setting(
        "alnum36",
        smoke="digits",
        choices=tuple(CHARSETS),
        reads=DATA | SAMPLE,
        doc="Characters that a captcha is made of.",
    )
    min_chars: int = setting(
        4,
        smoke=2,
        at_least=1,
        at_most=MAX_CHARS,
        reads=DATA | SAMPLE,
        doc="Characters of the shortest captcha that is drawn; folders may hold any.",
    )
    max_chars: int = setting(
        4,
        smoke=2,
        at_least=1,
        at_most=MAX_CHARS,
        reads=DATA | SAMPLE,
        doc="Characters of the longest captcha that is drawn.",
    )
    sample_captchas: int = setting(
        40_000, smoke=2000, at_least=1, reads=DATA | SAMPLE, doc="Captchas that are drawn."
    )

    def check_together(self) -> None:
        """Refuses a shortest captcha that is longer than the longest."""
        if self.min_chars > self.max_chars:
            raise SettingError(
                f"min_chars takes no more than max_chars, {self.max_chars}, found {self.min_chars}"
            )


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
    settings=Settings,
    metrics=(
        Metric(
            name="text_accuracy",
            doc="fraction of captchas whose whole text is read correctly",
            baselines=("constant",),
            gate=Gate(baseline="constant", floor=0.95, max_drop=0.01),
            percent=True,
        ),
        Metric(
            name="char_accuracy",
            doc="fraction of characters that are read correctly, each in its place",
            baselines=("constant",),
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
                doc="bytes of a PNG, JPEG, GIF or BMP, grey or in colour; brought to "
                f"{HEIGHT_PX}x{WIDTH_PX}",
            ),
        ),
        outputs=(
            Field(name="text", raw="text", dtype="string", doc="as read"),
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
