"""pixelcnn: pictures to new pictures like them.

Data: folders of pictures, by class or flat, or the idx files of MNIST; without data, single digits
are drawn. They are brought to one size, 8 to 64 pixels square, grey or in colour.

Model: the gated PixelCNN of van den Oord et al. (2016): twelve layers of 32 maps, a vertical and a
horizontal stack, a 256-way softmax for every value, conditioned on the class. The original exercise
divided the pixels by 255 and cast them to integers, so that it learnt to draw zeros; masked its
vertical stack so that it saw the row it was to predict; and ran the whole network for every value
it drew, 12,288 times for one picture.

Gate: at least 0.1 bits per dimension fewer than a histogram of every pixel and channel, fitted on
the training split; uniform noise costs 8, and an untrained model about as much.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.settings import ClassFolderSettings, PictureSettings
from modules.common.pictures.sources import FOLDERS, IdxSource, ImageFolderSource

LEVELS = 256


class Settings(TrainingSettings, PictureSettings, ClassFolderSettings):
    """What may be set for pixelcnn."""

    seed: int = setting(20160616, reads=DATA | SAMPLE)
    precision: str = setting("auto")
    epochs: int = setting(6, smoke=14)
    batch_size: int = setting(32)
    eval_batch_size: int = setting(64)
    learning_rate: float = setting(4e-3, smoke=5e-3, search=(2e-3, 4e-3, 6e-3))
    schedule: str = setting("cosine")
    size_px: int = setting(
        20,
        smoke=8,
        choices=tuple(range(8, 65)),
        reads=DATA | SAMPLE,
        doc="Side of the pictures that are learnt and drawn, in pixels; time grows with its "
        "square.",
    )
    channels: int = setting(
        1,
        choices=(1, 3),
        reads=DATA | SAMPLE,
        doc="Channels of them: grey, or red, green and blue.",
    )
    conditional: bool = setting(True, doc="Whether classes count.")
    class_dropout: float = setting(
        0.1, at_least=0, below=1, doc="Fraction of the pictures that lose their class in training."
    )
    layers: int = setting(
        12,
        smoke=3,
        at_least=1,
        doc="Layers of both stacks; the model sees 4 + layers * (kernel // 2) pixels far.",
    )
    maps: int = setting(32, smoke=16, at_least=1, doc="Maps of each layer.")
    kernel: int = setting(
        3, search=(3, 5), choices=(3, 5, 7), doc="Side of the convolutions, in pixels."
    )
    head_units: int = setting(64, smoke=32, search=(64, 128), at_least=1, doc="Units of the head.")
    likelihood: str = setting(
        "auto",
        choices=("auto", "softmax", "mixture"),
        doc="How the levels of a value are told: by a probability for each of 256, or by a "
        "mixture of logistic distributions over all; auto takes the mixture for colour.",
    )
    components: int = setting(10, at_least=1, doc="Of mixture: logistic distributions of a pixel.")
    min_side_px: int = setting(8)
    sample_digits: int = setting(
        10_000, smoke=1500, at_least=1, reads=DATA | SAMPLE, doc="Digits that are drawn."
    )


def features(settings: Settings) -> tuple[Feature, ...]:
    """Gives the features of the size and the channels that are asked for."""
    size, channels = settings.size_px, settings.channels
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
    settings=Settings,
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
                raw="class",
                dtype="string",
                doc="name of a class of the training data; empty for any",
                default="",
            ),
            Field(
                name="upper_half",
                raw="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP whose middle square's upper half is kept; "
                "empty for none",
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
