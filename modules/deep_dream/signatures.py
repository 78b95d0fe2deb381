"""deep_dream: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export import optional_inputs
from modules.common.export.saved_model import Servable, trace
from modules.common.graph.checks import check
from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.models.backbone_specs import BACKBONES
from modules.common.models.backbones import choose_stages
from modules.common.pictures import images
from modules.common.training.input_pipeline import Split
from modules.deep_dream import dream, gain
from modules.deep_dream.layers import choose_layers, parse_layers
from modules.deep_dream.model import backbone_of
from modules.deep_dream.orders import recipe
from modules.deep_dream.rotation import QUARTERS, turn
from modules.deep_dream.task import STEP, Settings

_CHUNK = 16


class DeepDreamServable(Servable):
    """Answers a picture with a dreamt one."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Finds the layers, and traces what dreams one picture."""
        backbone = backbone_of(self.model, self.settings)
        self._layers = [(name, int(maps.shape[-1])) for name, maps in backbone.output.items()]
        self._usual = parse_layers(choose_layers(self.settings), [name for name, _ in self._layers])
        self._min_px = BACKBONES[self.settings.backbone].min_px
        named = [
            name for (name, _), weight in zip(self._layers, self._usual, strict=True) if weight
        ]
        self._whole, self._part = backbone, choose_stages(backbone, named)
        # One traced function, so that all signatures compute by the same operations.
        self._dreamt = tf.function(self._dream_one, autograph=False)

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits the constant answer; see `Servable.fit_baselines`.

        Returns:
            `constant`: the most frequent quarter turn, int64 scalar.
        """
        counts = np.bincount(train["rotation"], minlength=QUARTERS)
        return {"constant": np.asarray(counts.argmax())}

    def answer(self, raw: Tensors) -> Tensors:
        """Dreams pictures.

        Args:
            raw: The task's serving inputs, `[batch, ...]` each.

        Returns:
            The task's serving outputs. A picture of fewer steps than another of its batch repeats
            its last objective.
        """
        recipes = recipe(raw, self._layers, self._usual)
        longest = tf.reduce_max(tf.concat([[0], recipes.octaves * recipes.iterations], axis=0))

        def dreamt() -> tuple[tf.Tensor, tf.Tensor]:
            return tf.map_fn(
                lambda one: self._dreamt(one[0], dream.Recipe(*one[1:]), longest),
                (raw["image"], *recipes),
                fn_output_signature=(
                    tf.TensorSpec([], tf.string),
                    tf.TensorSpec([None], tf.float32),
                ),
                parallel_iterations=1,
            )

        # No rows of unknown length cannot be put together.
        pictures, objectives = tf.cond(
            longest > 0, dreamt, lambda: (tf.zeros([0], tf.string), tf.zeros([0, 0]))
        )
        return {"image": pictures, "objective": objectives}

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Dreams the pictures of examples, as `answer` does where nothing else is said."""
        entries = self.task.serving.inputs
        defaults = {
            entry.name: optional_inputs.default_tensor(entry)
            for entry in entries
            if entry.default is not None
        }
        inputs = {"image": tf.reshape(raw["image"], [-1]), **defaults}
        return self.answer(optional_inputs.spread(inputs, entries))

    def score(self, raw: Tensors) -> Tensors:
        """Scores the quarter turn that is told, and what dreaming does to the objective."""
        features = self.transform(raw)
        given = {name: features[name] for name in ("image", "rotation")}
        return in_chunks(self._scores, given, _CHUNK)

    def _scores(self, features: Tensors) -> Tensors:
        rotation = features["rotation"]
        logits = self.model({"image": features["image"]}, training=False)
        scores: Tensors = {"rotation_accuracy__weight": tf.ones_like(logits[:, 0])}
        for name, told in (
            ("score", tf.argmax(logits, axis=-1)),
            ("constant", self.baselines["constant"]),
        ):
            scores[f"rotation_accuracy__{name}"] = tf.cast(told == rotation, tf.float32)
        upright = tf.cast(turn(features["image"], -rotation), tf.float32)
        ratios = gain.log_ratios(self._usual_rise(), upright, self.settings.eval_iterations, STEP)
        return {
            **scores,
            "objective_gain__score": ratios["dream"],
            "objective_gain__noise": ratios["noise"],
            "objective_gain__weight": tf.ones_like(logits[:, 0]),
        }

    def _dream_one(
        self, content: tf.Tensor, recipe: dream.Recipe, longest: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Dreams one picture: its bytes to PNG bytes, and the objective `[longest]`."""
        pixels = images.decode_one(content, channels=3)
        side = tf.reduce_min(tf.shape(pixels)[:2])
        too_small = tf.strings.join(
            [
                f"image: expected at least {self._min_px} pixels on the shorter side, found ",
                tf.strings.as_string(side),
            ]
        )
        pixels = check(pixels, side >= self._min_px, too_small)
        dreamt, objectives = dream.dream(
            self._rise_of(recipe.layer_weights, recipe.channel),
            tf.cast(pixels, tf.float32),
            recipe,
            self._min_px,
        )
        missing = tf.cast(longest, tf.int32) - tf.shape(objectives)[0]
        objectives = tf.concat([objectives, tf.fill([missing], objectives[-1])], axis=0)
        return tf.io.encode_png(tf.cast(tf.round(dreamt), tf.uint8)), objectives

    def _rise_of(self, layer_weights: tf.Tensor, channel: tf.Tensor) -> dream.RiseOf:
        """Gives objective and gradient, by as much of the backbone as the weights usually need."""
        is_usual = np.array(self._usual) != 0
        whole = _rise_by(self._whole, layer_weights, channel)
        if is_usual.all():
            return whole
        part = _rise_by(self._part, tf.boolean_mask(layer_weights, is_usual), channel)
        is_other = tf.reduce_any(tf.boolean_mask(layer_weights, ~is_usual) != 0)
        return lambda pictures: tf.cond(is_other, lambda: whole(pictures), lambda: part(pictures))

    def _usual_rise(self) -> dream.RiseOf:
        """Gives objective and gradient of the usual dream."""
        weights = tf.constant([weight for weight in self._usual if weight])
        return _rise_by(self._part, weights, tf.constant(-1))

    def extra_signatures(self) -> dict[str, Any]:
        """Gives `layers`, which names the layers of the dream in the model's metadata.

        Returns:
            A signature without inputs, whose outputs are named after the layers: int64 `[2]`, the
            place in `layer_weights` and the number of channels.
        """

        def layers() -> Tensors:
            return {
                name: tf.constant([place, channels], tf.int64)
                for place, (name, channels) in enumerate(self._layers)
            }

        return {"layers": trace(layers)}


def _rise_by(network: keras.Model, layer_weights: tf.Tensor, channel: tf.Tensor) -> dream.RiseOf:
    """Gives objective and gradient of the maps of a network, a weight for each."""
    return lambda pictures: dream.rise(
        lambda seen: network(seen, training=False), pictures, layer_weights, channel
    )
