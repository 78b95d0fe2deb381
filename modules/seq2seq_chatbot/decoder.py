"""seq2seq_chatbot: the model character by character, for those who look for replies.

What is asked is read once. Then every call takes one character of many replies to each question,
with the states in which the decoder's layers were left by those before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from modules.seq2seq_chatbot.model import END

LOW = -1e9
"""Log-probability of what is impossible; finite, so that sums and differences are numbers."""

# Of each layer of the decoder its states, float32 `[batch, replies, units]`.
States = list[list[tf.Tensor]]


class Asked(NamedTuple):
    """Questions, read.

    Attributes:
        memory: What attention looks at, float32 `[batch, longest + 1, units]`.
        is_own: Which places are a question's own, bool `[batch, longest + 1]`.
    """

    memory: tf.Tensor
    is_own: tf.Tensor


def of_any_size(state: Any) -> Any:
    """Shapes of a loop's state whose first two dimensions, batch and replies, are not known."""
    return tf.nest.map_structure(
        lambda values: tf.TensorShape([None, None, *values.shape[2:]][: values.shape.rank]), state
    )


class Decoder:
    """Reads questions, and says how likely each next character of a reply is."""

    def __init__(self, model: keras.Model, symbols: Sequence[str]) -> None:
        """Takes the model apart.

        Args:
            model: What `modules.seq2seq_chatbot.model.build` gave, trained.
            symbols: What each id stands for, as `features.symbols_of` gives them.
        """
        named = {layer.name: layer for layer in model.layers}
        self._layers = len([name for name in named if name.startswith("encoder_")])
        encoders = [named[f"encoder_{layer}"].output[1:] for layer in range(self._layers)]
        self._encoder = keras.Model(
            named["question"].output, [named["memory"].output, named["own_places"].output, encoders]
        )
        self._cells = [named[f"decoder_{layer}"].cell for layer in range(self._layers)]
        self._characters, self._attention, self._wanted = (
            named[name] for name in ("characters", "attention", "wanted")
        )
        is_said = np.array([symbol != "" for symbol in symbols])
        self._begins = np.array([symbol.strip() != "" for symbol in symbols])
        self._goes_on = is_said | (np.arange(len(symbols)) == END)
        self._ends = np.arange(len(symbols)) == END

    def ask(self, question: tf.Tensor, replies: int | tf.Tensor) -> tuple[Asked, States]:
        """Reads questions.

        Args:
            question: int64 `[batch, longest]`, 0 after the end.
            replies: How many replies to each are looked for.

        Returns:
            The questions read, and the states in which a reply begins.
        """
        memory, is_own, states = self._encoder(question, training=False)
        repeated = [
            [tf.repeat(state[:, None], replies, axis=1) for state in of_layer]
            for of_layer in states
        ]
        return Asked(memory, is_own), repeated

    def step(self, asked: Asked, characters: tf.Tensor, states: States) -> tuple[tf.Tensor, States]:
        """Says how likely each character is to come next.

        Args:
            asked: The questions.
            characters: The last of each reply, integers `[batch, replies]`; `END` before the first.
            states: Of the decoder, before those characters.

        Returns:
            Log-probabilities, float32 `[batch, replies, symbols]`; and the states after.
        """
        first, *above = self._cells
        said = self._characters(characters)
        told, after = _tell_apart(first, said, states[0])
        said, new = said + told, [after]
        seen = self._attention([said, asked.memory, asked.is_own])
        for cell, before in zip(above, states[1:], strict=True):
            told, after = _tell_apart(cell, tf.concat([said, seen], axis=-1), before)
            said += told
            new.append(after)
        wanted = self._wanted(tf.concat([said, seen], axis=-1))
        return tf.nn.log_softmax(self._characters(wanted, compares=True)), new

    def may_be_said(self, place: tf.Tensor, max_chars: int) -> tf.Tensor:
        """Tells which symbols a reply may have at a place.

        No reply is empty, begins with a space, has the unknown character, or is longer than
        `max_chars`.

        Args:
            place: Counted from 0, integer scalar.
            max_chars: Characters that a reply may have.

        Returns:
            bool `[symbols]`.
        """
        allowed = tf.where(place == 0, self._begins, self._goes_on)
        return tf.where(place >= max_chars, self._ends, allowed)


def _tell_apart(
    cell: keras.layers.Layer, inputs: tf.Tensor, states: list[tf.Tensor]
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Runs one cell over `[batch, replies, ...]`."""
    shape = tf.shape(inputs)[:2]
    flat = [tf.reshape(values, [-1, values.shape[-1]]) for values in (inputs, *states)]
    told, after = cell(flat[0], flat[1:], training=False)

    def whole(values: tf.Tensor) -> tf.Tensor:
        return tf.reshape(values, [shape[0], shape[1], values.shape[-1]])

    return whole(told), [whole(values) for values in after]
