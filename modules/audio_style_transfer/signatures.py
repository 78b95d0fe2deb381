"""audio_style_transfer: what is exported, and the scores that metrics are made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.audio_style_transfer import orders, transfer
from modules.audio_style_transfer.features import samples_of
from modules.audio_style_transfer.network import Losses, Network
from modules.audio_style_transfer.noise import noise_like
from modules.audio_style_transfer.task import CONTENT_WEIGHT, ITERATIONS, TASK, Settings
from modules.common.export.saved_model import Servable
from modules.common.graph.tensors import Baselines, Tensors
from modules.common.sound import wav
from modules.common.training import precision
from modules.common.training.input_pipeline import Split

# What the ratios are of: these scores are 1.
_BEFORE = ("weight", "content")
_STYLE_CLIP = ("weight", "style")
_SCORES = tuple(
    f"{metric.name}__{what}"
    for metric in TASK.metrics
    for what in ("score", "weight", *metric.baselines)
)
_INPUTS = (
    tf.TensorSpec([None], tf.float32),
    tf.TensorSpec([None], tf.float32),
    tf.TensorSpec([], tf.float32),
    tf.TensorSpec([], tf.int32),
)
_OUTPUTS = (
    tf.TensorSpec([], tf.string),
    tf.TensorSpec([], tf.float32),
    tf.TensorSpec([], tf.float32),
)


class AudioStyleTransferServable(Servable):
    """Answers two recordings with one."""

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Traces what answers for one pair of recordings."""
        self._sizes = transfer.Sizes.of(self.settings)
        self._rate_hz = self.settings.sample_rate_hz
        is_mixed = precision.training_policy(self.settings) == "mixed_bfloat16"
        self._dtype = tf.bfloat16 if is_mixed else tf.float32
        # One traced function, so that all signatures compute by the same operations.
        self._changed = tf.function(self._change_one, _INPUTS, autograph=False)

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Chooses the style of the evaluation; see `Servable.fit_baselines`.

        Returns:
            `style`: the loudest excerpt of the training split, float32 `[n]`.
        """
        excerpts = train["excerpt"]
        loudest = np.argmax(np.square(excerpts, dtype=np.float64).mean(axis=1))
        return {"style": excerpts[loudest]}

    def answer(self, raw: Tensors) -> Tensors:
        """Changes recordings.

        Args:
            raw: The task's serving inputs, `[batch, ...]` each.

        Returns:
            The task's serving outputs.
        """
        iterations = tf.cast(raw["iterations"], tf.int32)

        def one(given: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
            content, style = (
                orders.read_recording(
                    name,
                    contents,
                    self._rate_hz,
                    self._sizes.hop,
                    self.settings.max_seconds,
                )
                for name, contents in (("content", given[0]), ("style", given[1]))
            )
            return self._as_wav(content, style, *given[2:])

        return self._map_over(
            one, (raw["content"], raw["style"], raw["content_weight"], iterations)
        )

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Changes the clips of examples to the style that evaluation takes, with what is usual."""
        clips = tf.reshape(raw["pcm"], [-1])

        def one(given: tuple[tf.Tensor]) -> tuple[tf.Tensor, ...]:
            return self._as_wav(
                samples_of(given[0]),
                self.baselines["style"],
                tf.constant(CONTENT_WEIGHT),
                tf.constant(ITERATIONS),
            )

        return self._map_over(one, (clips,))

    def score(self, raw: Tensors) -> Tensors:
        """Scores the excerpts in the style of another, and what noise would get."""
        network = self._network()
        style = tf.convert_to_tensor(self.baselines["style"])
        target = transfer.style_of(network, self._sizes, style)
        noise = noise_like(style, self._sizes.n_fft, self._sizes.hop)

        weight = tf.constant(CONTENT_WEIGHT)
        iterations = tf.constant(self.settings.eval_iterations)

        def of_one(content: tf.Tensor) -> Tensors:
            _, *answer = self._changed(content, style, weight, iterations)
            found = {
                name: transfer.measure_losses(network, self._sizes, sound, target, content)
                for name, sound in (("content", content), ("style", style), ("noise", noise))
            }
            found["score"] = Losses(*answer)
            scores = {f"style_ratio__{name}": found[name].style for name in ("score", "noise")}
            scores |= {f"style_ratio__{name}": found["content"].style for name in _BEFORE}
            scores |= {f"content_ratio__{name}": found[name].content for name in ("score", "noise")}
            scores |= {f"content_ratio__{name}": found["style"].content for name in _STYLE_CLIP}
            return scores

        # One after the other: a thousand excerpts come at once.
        return tf.map_fn(
            of_one,
            self.transform({"pcm": raw["pcm"]})["excerpt"],
            fn_output_signature=dict.fromkeys(_SCORES, tf.TensorSpec([], tf.float32)),
            parallel_iterations=1,
        )

    def _network(self) -> Network:
        return self.model.get_layer("filters").network(self._dtype)

    def _change_one(
        self,
        content: tf.Tensor,
        style: tf.Tensor,
        content_weight: tf.Tensor,
        iterations: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Changes one sound, float32 `[n]`: to another, and both losses."""
        network, sizes = self._network(), self._sizes
        target = transfer.style_of(network, sizes, style)
        answer = transfer.apply_style(network, sizes, content, target, content_weight, iterations)
        return answer, *transfer.measure_losses(network, sizes, answer, target, content)

    def _as_wav(self, *given: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Changes one sound; what is beyond full scale is turned down as a whole."""
        answer, style_loss, content_loss = self._changed(*given)
        level = tf.maximum(tf.reduce_max(tf.abs(answer)), 1.0)
        return wav.encode(answer / level, self._rate_hz), style_loss, content_loss

    @staticmethod
    def _map_over(one: Callable, given: tuple[tf.Tensor, ...]) -> Tensors:
        contents, style_loss, content_loss = tf.map_fn(
            one, given, fn_output_signature=_OUTPUTS, parallel_iterations=1
        )
        return {"wav": contents, "style_loss": style_loss, "content_loss": content_loss}
