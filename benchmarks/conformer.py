"""A Conformer with CTC, beside which `asr_models.py` holds chinese_asr's network.

Source: A. Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition"
(2020). Where places stand is told by distances, a number for each head and distance, in place of
the source's sinusoids; frames come every 30 ms, so that none are put together first.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from modules.chinese_asr.framing import CEPSTRA
from modules.chinese_asr.model import BlankBeyond, Kept, OwnFrames, blank_first
from modules.chinese_asr.task import Settings
from modules.seq2seq_chatbot.transformer_layers import Attention, Distances

_HEADS = 4
_WIDTH = 15
_IMPOSSIBLE = -1e9


class ShiftedProducts(layers.Layer):
    """A convolution of each channel by itself, as a sum over its places.

    `DepthwiseConv1D` takes a hundred times as long to train on a processor.
    """

    def __init__(self, width: int, name: str | None = None) -> None:
        """Says how many places, an odd number, a convolution sees."""
        super().__init__(name=name)
        self._width = width

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the kernel."""
        self.kernel = self.add_weight((self._width, shape[-1]), "glorot_uniform", name="kernel")

    def call(self, hidden: tf.Tensor) -> tf.Tensor:
        """Takes and gives floats `[batch, places, channels]`."""
        half = self._width // 2
        padded = tf.pad(hidden, [(0, 0), (half, half), (0, 0)])
        places = tf.shape(hidden)[1]
        terms = [padded[:, i : i + places] * self.kernel[i] for i in range(self._width)]
        return tf.add_n(terms)


class Fits(layers.Layer):
    """How well frames fit by distance, and that none fits to what lies beyond the end."""

    def __init__(self) -> None:
        """Makes the distances."""
        super().__init__(dtype="float32", autocast=False)
        self._distances = Distances(_HEADS)

    def build(self, *_: object) -> None:
        """Makes the distances' numbers."""
        self._distances.build((None, None, None))

    def call(self, hidden: tf.Tensor, is_own: tf.Tensor) -> tf.Tensor:
        """Gives float32 `[batch, heads, frames, frames]`."""
        beyond = tf.where(is_own, 0.0, _IMPOSSIBLE)
        return self._distances(hidden) + beyond[:, None, None]

    def compute_output_spec(
        self, hidden: keras.KerasTensor, is_own: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(
            (hidden.shape[0], _HEADS, hidden.shape[1], hidden.shape[1]), "float32"
        )


class SelfAttention(layers.Layer):
    """Attention of all frames to all."""

    def __init__(self, units: int, name: str | None = None) -> None:
        """Says how long a vector is."""
        super().__init__(name=name, autocast=False)
        self._attention = Attention(units, _HEADS, "attention")

    def build(self, *_: object) -> None:
        """Makes the four products."""
        self._attention.build((None, None, None))

    def call(self, hidden: tf.Tensor, fit: tf.Tensor) -> tf.Tensor:
        """Takes floats `[batch, frames, units]` and what `Fits` gave; gives the former."""
        keys, values = self._attention.look_at(hidden)
        return self._attention(hidden, keys, values, fit)

    def compute_output_spec(
        self, hidden: keras.KerasTensor, fit: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(hidden.shape, self.compute_dtype)


def build(settings: Settings, classes: int, units: int, blocks: int) -> keras.Model:
    """Builds the model: `frames` and `n_frames` to logits, as chinese_asr's own.

    Args:
        settings: `dropout` is read.
        classes: Characters, with the blank and the unknown one.
        units: Of every layer.
        blocks: How many.
    """
    frames = keras.Input((None, CEPSTRA), name="frames")
    n_frames = keras.Input((), dtype="int64", name="n_frames")
    is_own = OwnFrames()([frames, n_frames])
    hidden = Kept()([layers.Conv1D(units, 3, padding="same")(frames), is_own])
    fit = Fits()(hidden, is_own)
    for _ in range(blocks):
        hidden += 0.5 * _think(hidden, units, settings.dropout)
        seen = SelfAttention(units)(layers.LayerNormalization()(hidden), fit)
        hidden += layers.Dropout(settings.dropout)(seen)
        hidden += _convolve(hidden, is_own, units, settings.dropout)
        hidden += 0.5 * _think(hidden, units, settings.dropout)
        hidden = layers.LayerNormalization()(hidden)
    first = keras.initializers.Constant(blank_first(classes))
    logits = layers.Dense(classes, dtype="float32", bias_initializer=first)(hidden)
    logits = BlankBeyond(dtype="float32")([logits, is_own])
    return keras.Model({"frames": frames, "n_frames": n_frames}, logits, name="conformer")


def _think(hidden: keras.KerasTensor, units: int, dropout: float) -> keras.KerasTensor:
    inner = layers.Dense(4 * units, "silu")(layers.LayerNormalization()(hidden))
    return layers.Dropout(dropout)(layers.Dense(units)(layers.Dropout(dropout)(inner)))


def _convolve(
    hidden: keras.KerasTensor, is_own: keras.KerasTensor, units: int, dropout: float
) -> keras.KerasTensor:
    both = layers.Dense(2 * units)(layers.LayerNormalization()(hidden))
    told = both[..., :units] * layers.Activation("sigmoid")(both[..., units:])
    told = ShiftedProducts(_WIDTH)(Kept()([told, is_own]))
    told = layers.BatchNormalization(momentum=0.98)(told, mask=is_own)
    told = layers.Dense(units)(layers.Activation("silu")(told))
    return layers.Dropout(dropout)(told)
