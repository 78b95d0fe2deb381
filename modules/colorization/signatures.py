"""colorization: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from modules.colorization import colour, usual
from modules.colorization.model import chroma_planes
from modules.colorization.task import Settings
from modules.common.export.saved_model import Servable
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.models.backbone_specs import BACKBONES
from modules.common.pictures import images
from modules.common.training.input_pipeline import Split

_SCORED_AT_ONCE = 8
_AVERAGED_AT_ONCE = 64
# Of a large picture, so that memory holds no more than a few of them as floats.
_ROWS_AT_ONCE = 128
_MIN_PX = 32


class ColorizationServable(Servable):
    """Answers a picture with one in colour."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Finds the least side, and traces what colours one picture."""
        self._min_px = max(_MIN_PX, BACKBONES[self.settings.backbone].min_px)
        # One traced function, so that all signatures compute by the same operations.
        self._coloured = tf.function(self._colour_one, autograph=False)

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the mean chroma, of all and by brightness and place; see `Servable.fit_baselines`.

        Returns:
            `mean`: float32 `[2]`; `usual`: as `usual.fit` gives it.
        """
        pictures = (batch for _, batch in train.batches(_AVERAGED_AT_ONCE))
        mean, table = usual.fit(pictures)
        return {"mean": mean, "usual": table}

    def answer(self, raw: Tensors) -> Tensors:
        """Colours pictures.

        Args:
            raw: `image`, encoded pictures of any size, grey or in colour, string `[batch]`.

        Returns:
            The task's serving outputs.
        """
        pictures, colourfulness = tf.map_fn(
            self._coloured,
            raw["image"],
            fn_output_signature=(tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.float32)),
            parallel_iterations=1,
        )
        return {"image": pictures, "colourfulness": colourfulness}

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Colours the pictures of examples, as `answer` does."""
        return self.answer({"image": tf.reshape(raw["image"], [-1])})

    def score(self, raw: Tensors) -> Tensors:
        """Scores pictures made of the true luma and the model's, or a baseline's, chroma."""
        features = {"image": self.transform(raw)["image"]}
        return in_chunks(self._scores, features, _SCORED_AT_ONCE)

    def chroma(self, pictures: tf.Tensor) -> tf.Tensor:
        """Gives the chroma that the model tells from the luma of pictures.

        Args:
            pictures: uint8 `[batch, h, w, 3]`, h and w at least what the backbone takes.

        Returns:
            float32 `[batch, h, w, 2]`.
        """
        output = self.model({"image": pictures}, training=False)
        return chroma_planes(output, tf.shape(pictures)[1:3], self.settings)

    def _scores(self, features: Tensors) -> Tensors:
        true = features["image"]
        luma, true_chroma = colour.luma(true), colour.chroma(true)
        told = {
            "score": self.chroma(true),
            "grey": tf.zeros([2]),
            "mean": tf.convert_to_tensor(self.baselines["mean"]),
            "usual": usual.look_up(luma, tf.convert_to_tensor(self.baselines["usual"])),
        }
        scores: Tensors = {}
        for name, chroma in told.items():
            made = colour.join(luma, chroma + tf.zeros_like(true_chroma))
            error = (tf.cast(made, tf.float32) - tf.cast(true, tf.float32)) / 255.0
            chroma_error = colour.chroma(made) - true_chroma
            scores[f"psnr__{name}"] = tf.reduce_sum(tf.square(error), axis=[1, 2, 3])
            scores[f"chroma_rmse__{name}"] = tf.reduce_sum(tf.square(chroma_error), axis=[1, 2, 3])
            if name == "score":
                scores["colourfulness__score"] = colour.colourfulness(made)
        pixels = tf.reduce_sum(tf.ones_like(luma), axis=[1, 2, 3])
        return {
            **scores,
            "psnr__weight": 3 * pixels,
            "chroma_rmse__weight": 2 * pixels,
            "colourfulness__truth": colour.colourfulness(true),
            "colourfulness__weight": tf.ones_like(pixels),
        }

    def _colour_one(self, content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Colours one picture: its bytes to PNG bytes, and how colourful it is."""
        pixels = images.decode_one(content, channels=3)
        rows = {"pixels": pixels}
        grey = in_chunks(lambda part: {"grey": colour.grey(part["pixels"])}, rows, _ROWS_AT_ONCE)[
            "grey"
        ]
        size = self._reduce(tf.shape(pixels)[:2])
        reduced = tf.repeat(images.resize(grey, size), 3, axis=-1)
        chroma = self.chroma(reduced[None])[0]
        # Enlarged along the rows now, a few columns of which are few numbers, and by part below.
        width = tf.shape(pixels)[1]
        wide = tf.image.resize(chroma, tf.stack([size[0], width]))

        def join(part: Tensors) -> Tensors:
            planes = rows_between(wide, part["row"])
            made = colour.join(colour.luma(part["pixels"]), planes)
            return {"pixels": made, "sums": colour.opponent_sums(made)}

        height = tf.shape(pixels)[0]
        rows["row"] = row_places(height, size[0])
        made = in_chunks(join, rows, _ROWS_AT_ONCE)
        count = tf.cast(height, tf.float64) * tf.cast(width, tf.float64)
        sums = tf.reduce_sum(made["sums"], axis=0)
        return tf.io.encode_png(made["pixels"]), colour.colourfulness_of_sums(sums, count)

    def _reduce(self, size: tf.Tensor) -> tf.Tensor:
        """Gives the size that chroma is told at: not too large, and no smaller than can be.

        Args:
            size: Height and width, int32 `[2]`.
        """
        longest = tf.reduce_max(size)
        most = tf.minimum(longest, self.settings.max_px)
        scaled = tf.cast(size, tf.float64) * tf.cast(most / longest, tf.float64)
        return tf.maximum(tf.cast(tf.round(scaled), tf.int32), self._min_px)


def row_places(height: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Says where the rows of a picture lie among those of a smaller one.

    Args:
        height: Rows of the picture.
        rows: Of the other.

    Returns:
        float32 `[height]`, 0 to rows - 1: both pictures' borders lie on each other, as in
        `tf.image.resize`.
    """
    scale = tf.cast(rows, tf.float32) / tf.cast(height, tf.float32)
    places = (tf.range(tf.cast(height, tf.float32)) + 0.5) * scale - 0.5
    return tf.clip_by_value(places, 0.0, tf.cast(rows - 1, tf.float32))


def rows_between(picture: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Gives rows at places between those that there are, linearly.

    Args:
        picture: float32 `[rows, width, channels]`.
        places: float32 `[n]`, 0 to rows - 1.

    Returns:
        float32 `[n, width, channels]`.
    """
    above = tf.cast(tf.floor(places), tf.int32)
    below = tf.minimum(above + 1, tf.shape(picture)[0] - 1)
    share = (places - tf.floor(places))[:, None, None]
    return tf.gather(picture, above) * (1 - share) + tf.gather(picture, below) * share
