"""pixelcnn: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export.saved_model import Servable
from modules.common.graph.checks import check_each
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.pictures import images
from modules.common.training.input_pipeline import Split
from modules.pixelcnn import histogram, sampling
from modules.pixelcnn.features import class_names
from modules.pixelcnn.model import bits_per_dim
from modules.pixelcnn.noise import noise_of_row
from modules.pixelcnn.task import Settings

# Always as many, so that a picture is computed the same whatever else is asked for.
_DRAWN_AT_ONCE = 16
_SCORED_AT_ONCE = 16
_CLASSES_NAMED = 30


class PixelcnnServable(Servable):
    """Answers an order with pictures."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Reads the classes' names."""
        self._classes = class_names(transform_output) if self.settings.conditional else ()

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the histogram of every pixel and channel; see `Servable.fit_baselines`.

        Returns:
            `histogram`: float32 `[size, size, channels, 256]`, bits.
        """
        return {"histogram": histogram.fit(train["image"])}

    def answer(self, raw: Tensors) -> Tensors:
        """Answers orders of pictures.

        Args:
            raw: The task's serving inputs, `[batch]` each.

        Returns:
            `images`: PNG bytes, string `[batch, most images]`, empty where fewer were ordered.

        Raises:
            tf.errors.InvalidArgumentError: For a class or picture that cannot be.
        """
        count, temperature = raw["num_images"], raw["temperature"]
        known, known_rows = self._upper_halves(raw["upper_half"])
        order = tf.repeat(tf.range(tf.size(count)), count)
        of_order = {
            "class_id": self._class_ids(raw["class"]),
            "seed": raw["seed"],
            "temperature": temperature,
            "known": known,
            "known_rows": known_rows,
        }
        inputs = {name: tf.gather(values, order) for name, values in of_order.items()}
        first = tf.gather(tf.cumsum(count, exclusive=True), order)
        inputs["number"] = tf.range(tf.size(order, tf.int64)) - first
        pixels = in_chunks(self._draw, inputs, _DRAWN_AT_ONCE, fills_up=True)["image"]
        encoded = tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)
        return {"images": tf.RaggedTensor.from_row_lengths(encoded, count).to_tensor("")}

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers pictures with `bits_per_dim`, float32 `[batch]`: how likely the model finds them.

        Args:
            raw: `image` and `class`.
        """
        return {"bits_per_dim": self._bits_per_dim(self.transform(raw))}

    def score(self, raw: Tensors) -> Tensors:
        """Scores pictures: the bits that their values cost, by the model and by the baselines."""
        features = self.transform(raw)
        pixels = features["image"]
        dims = tf.fill([tf.shape(pixels)[0]], float(pixels[0].shape.num_elements()))
        return {
            "bits_per_dim__score": self._bits_per_dim(features) * dims,
            "bits_per_dim__weight": dims,
            "bits_per_dim__uniform": 8 * dims,
            "bits_per_dim__histogram": histogram.bits(self.baselines["histogram"], pixels),
        }

    def _bits_per_dim(self, features: Tensors) -> tf.Tensor:
        def of(features: Tensors) -> Tensors:
            outputs = self.model(features, training=False)
            return {"bits_per_dim": bits_per_dim(features["image"], outputs)}

        inputs = {name: features[name] for name in ("image", "class_id")}
        return in_chunks(of, inputs, _SCORED_AT_ONCE)["bits_per_dim"]

    def _draw(self, inputs: Tensors) -> Tensors:
        noise = noise_of_row(
            *(inputs[name] for name in ("seed", "number", "temperature", "known", "known_rows"))
        )
        return {"image": sampling.sample(self.model, inputs["class_id"], noise)}

    def _class_ids(self, names: tf.Tensor) -> tf.Tensor:
        """Looks up names of classes, of which the empty one is any: int64 `[batch]`."""
        found = names[:, None] == tf.constant(["", *self._classes])
        is_known = tf.reduce_any(found, axis=1)
        printable = tf.strings.unicode_transcode(names, "UTF-8", "UTF-8")
        expected = f"class: expected {self._name_classes()}"
        with tf.control_dependencies([check_each(expected, printable, is_known)]):
            # As Transform numbers them, 0 being none.
            return tf.argmax(tf.cast(found, tf.int32), axis=1)

    def _name_classes(self) -> str:
        if not self._classes:
            return "no name, as this model knows no classes"
        named = ", ".join(sorted(self._classes)[:_CLASSES_NAMED])
        others = len(self._classes) - _CLASSES_NAMED
        return f"one of {named}" + (f" and {others} others" if others > 0 else "")

    def _upper_halves(self, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Decodes the pictures to complete.

        Returns:
            uint8 `[batch, size, size, channels]`, zeros where there is none; and how many rows of
            each are kept, int32 `[batch]`.
        """
        size, channels = self.settings.size_px, self.settings.channels
        is_there = contents != ""
        rows = tf.where(is_there)
        pixels = images.decode(tf.gather_nd(contents, rows), size, size, channels, fit="crop")
        shape = tf.concat([tf.size(contents, tf.int64)[None], [size, size, channels]], axis=0)
        known = tf.ensure_shape(tf.scatter_nd(rows, pixels, shape), [None, size, size, channels])
        return known, tf.where(is_there, size // 2, 0)
