"""seq2seq_chatbot: the model character by character, for those who look for replies.

What is asked is read once. Then every call takes one character of many replies to each question,
and gives how likely each symbol is to come next. Which symbols a reply may have at a place at all
is said in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import tensorflow as tf

from modules.seq2seq_chatbot import recurrent, transformer

LOW = -1e9
"""Log-probability of what is impossible; finite, so that sums and differences are numbers."""

# Of each layer of the decoder what it knows of replies, float32 `[batch, replies, units]`, or
# `[batch, replies, places, units]` where it knows every place.
States = list[list[tf.Tensor]]


class Stepper(Protocol):
    """A model taken apart."""

    def read(self, question: tf.Tensor) -> Any:
        """Reads questions, as often as a batch has them: int64 `[batch, longest]`."""

    def begin(self, asked: Any, replies: int | tf.Tensor) -> States:
        """Gives the states in which so many replies to each question begin."""

    def step(self, asked: Any, characters: tf.Tensor, states: States) -> tuple[tf.Tensor, States]:
        """Gives logits of what comes after `characters`, and the states after them."""


def of_any_size(state: Any) -> Any:
    """Shapes of a loop's state whose batch, replies and places, where states have them, grow."""

    def any_size(values: tf.Tensor) -> tf.TensorShape:
        unknown = 3 if values.shape.rank == 4 else 2
        return tf.TensorShape([None] * unknown + values.shape[unknown:])[: values.shape.rank]

    return tf.nest.map_structure(any_size, state)


_STEPPERS: dict[str, Callable[[keras.Model], Stepper]] = {
    "lstm": recurrent.Stepper,
    "transformer": transformer.Stepper,
}


class Decoder:
    """Reads questions, and says how likely each next character of a reply is."""

    def __init__(self, model: keras.Model, symbols: Sequence[str]) -> None:
        """Takes the model apart.

        Args:
            model: What `modules.seq2seq_chatbot.model.build` gave, trained.
            symbols: What each id stands for, as `features.symbols_of` gives them.
        """
        self._stepper: Stepper = _STEPPERS[model.name](model)
        self.symbols = symbols

    def ask(self, question: tf.Tensor, replies: int | tf.Tensor) -> tuple[Any, States]:
        """Reads questions.

        Args:
            question: int64 `[batch, longest]`, 0 after the end.
            replies: How many replies to each are looked for.

        Returns:
            The questions read, and the states in which a reply begins.
        """
        asked = self._stepper.read(question)
        return asked, self._stepper.begin(asked, replies)

    def step(self, asked: Any, characters: tf.Tensor, states: States) -> tuple[tf.Tensor, States]:
        """Says how likely each character is to come next.

        Args:
            asked: The questions.
            characters: The last of each reply, integers `[batch, replies]`; `END` before the first.
            states: Of the decoder, before those characters.

        Returns:
            Log-probabilities, float32 `[batch, replies, symbols]`; and the states after.
        """
        logits, after = self._stepper.step(asked, characters, states)
        return tf.nn.log_softmax(logits), after
