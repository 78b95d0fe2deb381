"""colorization: a grey photo to a coloured one.

Data: folders of pictures in colour, flat or by class, below `train/` and `test/` or not; labels are
not read: the model learns from pictures what their grey ones looked like. Without data, landscapes
are drawn.

Model: a hypercolumn residual encoder over a backbone (Dahl, 2016), to chroma, or to a distribution
over quantized chroma whose rare colours count more (Zhang et al., 2016). The original exercise had
a VGG16 file of half a gigabyte at hand, coloured pictures of 224 pixels only, and cut the channels
off at their bounds, which changed the luma that it was given.

Gate: on held-out pictures, made of the true luma and the model's chroma, the peak signal-to-noise
ratio is at least 0.1 dB better than without colour, and than with the training split's mean colour,
where an untrained model begins; behind that with the mean colour of pixels as bright at the same
place by a standard error at most; and at most 0.5 dB below the last blessed model.
"""

from __future__ import annotations

from modules.colorization import example
from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import (
    DropoutSettings,
    TrainingSettings,
    WeightDecaySettings,
)
from modules.common.models.settings import BackboneSettings
from modules.common.pictures.settings import PictureSettings
from modules.common.pictures.sources import FOLDERS, ImageFolderSource


class Settings(
    TrainingSettings, DropoutSettings, WeightDecaySettings, BackboneSettings, PictureSettings
):
    """What may be set for colorization."""

    seed: int = setting(20161114)
    precision: str = setting("auto")
    epochs: int = setting(12, smoke=9)
    batch_size: int = setting(16)
    eval_batch_size: int = setting(16)
    learning_rate: float = setting(2e-3, search=(1e-3, 2e-3, 4e-3))
    schedule: str = setting("cosine")
    weight_decay: float = setting(1e-3)
    dropout: float = setting(0.3, search=(0.0, 0.2, 0.5))
    maps: int = setting(
        32,
        smoke=8,
        search=(16, 32, 64),
        at_least=1,
        doc="Channels at the shallowest stage; each deeper one has twice as many.",
    )
    loss: str = setting(
        "auto",
        choices=("auto", "regression", "classification"),
        doc="How colours are told: by their values, or as probabilities of bins; auto takes "
        "classification with a backbone that others trained.",
    )
    uniform_share: float = setting(
        0.99,
        at_least=0,
        at_most=1,
        doc="Of classification: how even rare and frequent colours count; 1 rebalances nothing.",
    )
    temperature: float = setting(
        0.8,
        above=0,
        doc="Of classification: 1 answers the mean of the colours, towards 0 the likeliest.",
    )
    image_px: int = setting(
        256,
        smoke=64,
        at_least=1,
        reads=DATA,
        doc="Side of the middle square that is kept of a picture, in pixels.",
    )
    crop_px: int = setting(
        224,
        smoke=64,
        at_least=1,
        doc="Side of the random part of it that training sees, in pixels.",
    )
    max_px: int = setting(
        320,
        at_least=1,
        doc="Longer side of the copy that a request's colours are told on, in pixels.",
    )
    min_side_px: int = setting(200)
    sample_pictures: int = setting(
        1000, smoke=300, at_least=1, reads=SAMPLE, doc="Landscapes that are drawn."
    )


def features(settings: Settings) -> tuple[Feature, ...]:
    """Gives the features of the size that is asked for."""
    side = settings.image_px
    return (Feature(name="image", dtype="uint8", shape=(side, side, 3)),)


def loss_of(settings: Settings) -> str:
    """Says which loss it is: `regression`, or `classification`.

    By features that know what things look like, classification tells colours better; with a
    network that begins from nothing it takes far more steps.
    """
    if settings.loss != "auto":
        return settings.loss
    return "regression" if settings.backbone == "tiny" else "classification"


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
            needs_colour=True,
            drops_duplicates=True,
        ),
    ),
    features=features,
    label="image",
    target_is_input=True,
    settings=Settings,
    metrics=(
        Metric(
            name="psnr",
            doc="peak signal-to-noise ratio in dB, over red, green and blue of all held-out "
            "pictures, of the true luma with the model's chroma",
            link="psnr",
            baselines=("grey", "mean", "usual"),
            gate=Gate(baseline=("grey", "mean"), min_gain=0.1, level_with="usual", max_drop=0.5),
        ),
        Metric(
            name="chroma_rmse",
            doc="root of the mean squared error of both chroma planes, in grey levels",
            better="lower",
            link="sqrt",
            baselines=("grey", "mean", "usual"),
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
                raw="image",
                dtype="string",
                kind="picture",
                doc="bytes of a PNG, JPEG, GIF or BMP, grey or in colour, of any size; of colour "
                "only the luma is read",
            ),
        ),
        outputs=(
            Field(
                name="image",
                raw="image",
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
