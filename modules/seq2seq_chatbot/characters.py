"""seq2seq_chatbot: characters as vectors, and which places of a line are its own."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from modules.seq2seq_chatbot.costs import costs

END = 0
"""What comes after a line's last character, and before its first."""


def own_places(line: tf.Tensor) -> tf.Tensor:
    """Tells the places of a line's characters and its end from what fills up the batch.

    Args:
        line: Integers `[batch, longest]`, 0 after the end.

    Returns:
        bool `[batch, longest + 1]`.
    """
    return tf.pad(line != 0, [(0, 0), (1, 0)], constant_values=True)


class OwnPlaces(layers.Layer):
    """`own_places` as a layer."""

    def call(self, line: tf.Tensor) -> tf.Tensor:
        """Takes integers `[batch, longest]`; gives bool `[batch, longest + 1]`."""
        return own_places(line)

    def compute_output_spec(self, line: keras.KerasTensor) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor((line.shape[0], None), "bool")


class Characters(layers.Layer):
    """A vector for each character: what is read, and what the outcome is compared with."""

    def __init__(self, symbols: int, units: int, name: str) -> None:
        """Says how many there are, and how long a vector is."""
        super().__init__(name=name)
        self._symbols, self._units = symbols, units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the vectors, and how likely each character is where nothing is known.

        Characters come in the order of their frequency, which by Zipf's law falls as their rank
        rises: a model that knows this much from the start begins to learn at once.
        """
        by_rank = -np.log(np.arange(self._symbols, dtype=np.float32) + 2)
        self.vectors = self.add_weight(
            (self._symbols, self._units),
            keras.initializers.RandomNormal(stddev=self._units**-0.5),
            name="vectors",
        )
        self.bias = self.add_weight(
            (self._symbols,),
            lambda shape, dtype: ops.convert_to_tensor(by_rank, dtype),
            name="bias",
        )

    def call(
        self, inputs: tf.Tensor, reply: tf.Tensor | None = None, compares: bool = False
    ) -> tf.Tensor:
        """Looks vectors up, or compares with them all.

        Args:
            inputs: Ids, integers `[...]`, to look up; or floats `[..., units]` to compare.
            reply: Ids `[batch, longest]`, of which is told what they cost; then `inputs` are
                `[batch, longest + 1, units]`.
            compares: Whether to compare where no reply is given.

        Returns:
            Floats `[..., units]`; or costs as `build_model` has them; or logits, float32
            `[..., symbols]`.
        """
        vectors = ops.cast(self.vectors, self.compute_dtype)
        bias = ops.cast(self.bias, "float32")
        if reply is not None:
            places = tf.where(own_places(reply))
            ended = tf.pad(reply, [(0, 0), (0, 1)], constant_values=END)
            found = costs(tf.gather_nd(inputs, places), vectors, bias, tf.gather_nd(ended, places))
            return tf.scatter_nd(places, found, tf.shape(ended, tf.int64))
        if compares:
            return ops.cast(ops.matmul(inputs, ops.transpose(vectors)), "float32") + bias
        return ops.take(vectors, inputs, axis=0) * math.sqrt(self._units)

    def compute_output_spec(
        self,
        inputs: keras.KerasTensor,
        reply: keras.KerasTensor | None = None,
        compares: bool = False,
    ) -> keras.KerasTensor:
        """Says what `call` gives."""
        if reply is not None:
            return keras.KerasTensor(inputs.shape[:-1], "float32")
        if compares:
            return keras.KerasTensor((*inputs.shape[:-1], self._symbols), "float32")
        return keras.KerasTensor((*inputs.shape, self._units), self.compute_dtype)
