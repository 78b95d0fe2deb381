"""seq2seq_chatbot: the recurrent model, whole: a question's characters to those of a reply.

Three recurrent layers read the question and its end; three more say the reply, beginning with the
states in which the former ended. The first of them looks at the question by attention, and what it
sees is fed to the layers above, so that with the reply given no attention stands inside a loop:
all but the recurrences are products of large matrices. One table of characters is what is read,
what is said, and what the last layer is compared with.

What fills up the batch is masked wherever it could be seen: by the encoder's recurrences, the
attention and the loss. In the decoder nothing comes after a line's end that matters.

`Stepper` computes the same character by character, from these layers.

Source: D. Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate"
(2015); M.-T. Luong et al., "Effective Approaches to Attention-based Neural Machine Translation"
(2015), for the product; Y. Wu et al., "Google's Neural Machine Translation System" (2016), for
where attention stands; O. Press and L. Wolf, "Using the Output Embedding to Improve Language
Models" (2017).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import keras
import tensorflow as tf
from keras import layers, ops

from modules.seq2seq_chatbot.characters import Characters, OwnPlaces
from modules.seq2seq_chatbot.task import Settings


def build_recurrent(settings: Settings, symbols: int) -> keras.Model:
    """Builds the model; `model.build` says what it takes and gives.

    Args:
        settings: `units`, `layers`, `dropout` and `seed` are read.
        symbols: Characters, with the end and the unknown one.
    """
    units, count = settings.units, settings.layers
    question = keras.Input((None,), dtype="int64", name="question")
    reply = keras.Input((None,), dtype="int64", name="reply")
    table = Characters(symbols, units, name="characters")
    dropped = _dropout(settings)

    read = dropped(table(ops.pad(question, [(0, 0), (0, 1)])))
    is_own = OwnPlaces(name="own_places")(question)
    states = []
    for layer in range(count):
        told, *state = _recurrence(f"encoder_{layer}", units)(read, mask=is_own)
        read = read + dropped(told)
        states.append(state)
    memory = layers.Identity(name="memory")(read)

    said = dropped(table(ops.pad(reply, [(0, 0), (1, 0)])))
    told, *_ = _recurrence("decoder_0", units)(said, initial_state=states[0])
    said = said + dropped(told)
    seen = Attention(name="attention")([said, memory, is_own])
    for layer in range(1, count):
        both = ops.concatenate([said, seen], axis=-1)
        told, *_ = _recurrence(f"decoder_{layer}", units)(both, initial_state=states[layer])
        said = said + dropped(told)
    both = ops.concatenate([said, seen], axis=-1)
    wanted = layers.Dense(units, activation="tanh", name="wanted")(both)
    found = table(dropped(wanted), reply=reply)
    return keras.Model({"question": question, "reply": reply}, found, name="lstm")


class Attention(layers.Layer):
    """Gives every place of the reply a mean of the question's places, by how well they fit."""

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        """Makes the product that says what fits what."""
        asked, looked_at, _ = input_shape
        self.kernel = self.add_weight((asked[-1], looked_at[-1]), "glorot_uniform", name="kernel")

    def shares(self, asking: tf.Tensor, memory: tf.Tensor, is_own: tf.Tensor) -> tf.Tensor:
        """Says how much each place of the question counts.

        Args:
            asking: Floats `[batch, reply, units]`.
            memory: Floats `[batch, question, units]`.
            is_own: bool `[batch, question]`.

        Returns:
            float32 `[batch, reply, question]`, which sum to 1, 0 where a place is not own.
        """
        wanted = ops.matmul(asking, ops.cast(self.kernel, self.compute_dtype))
        fit = ops.cast(ops.matmul(wanted, ops.transpose(memory, (0, 2, 1))), "float32")
        fit = fit / math.sqrt(memory.shape[-1])
        return ops.softmax(ops.where(is_own[:, None], fit, -1e9))

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Takes what `shares` does; gives floats `[batch, reply, units]`."""
        asking, memory, is_own = inputs
        shares = ops.cast(self.shares(asking, memory, is_own), self.compute_dtype)
        return ops.matmul(shares, memory)


def _recurrence(name: str, units: int) -> layers.Layer:
    return layers.LSTM(units, return_sequences=True, return_state=True, name=name)


def _dropout(settings: Settings) -> layers.Layer:
    return layers.Dropout(settings.dropout, seed=settings.seed)


class Asked(NamedTuple):
    """Questions, read.

    Attributes:
        memory: What attention looks at, float32 `[batch, longest + 1, units]`.
        is_own: Which places are a question's own, bool `[batch, longest + 1]`.
        states: In which a reply begins: of each layer two, float32 `[batch, units]`.
    """

    memory: tf.Tensor
    is_own: tf.Tensor
    states: list[list[tf.Tensor]]


class Stepper:
    """The model character by character; see `decoder.Decoder`, which says what comes and goes."""

    def __init__(self, model: keras.Model) -> None:
        """Takes what `build_recurrent` gave apart."""
        named = {layer.name: layer for layer in model.layers}
        count = len([name for name in named if name.startswith("encoder_")])
        encoders = [named[f"encoder_{layer}"].output[1:] for layer in range(count)]
        self._encoder = keras.Model(
            named["question"].output, [named["memory"].output, named["own_places"].output, encoders]
        )
        self._cells = [named[f"decoder_{layer}"].cell for layer in range(count)]
        self._characters, self._attention, self._wanted = (
            named[name] for name in ("characters", "attention", "wanted")
        )

    def read(self, question: tf.Tensor) -> Asked:
        """Reads questions."""
        return Asked(*self._encoder(question, training=False))

    def begin(self, asked: Asked, replies: int | tf.Tensor) -> list[list[tf.Tensor]]:
        """Gives the states of the layers: float32 `[batch, replies, units]`."""
        return [
            [tf.repeat(state[:, None], replies, axis=1) for state in of_layer]
            for of_layer in asked.states
        ]

    def step(
        self, asked: Asked, characters: tf.Tensor, states: list[list[tf.Tensor]]
    ) -> tuple[tf.Tensor, list[list[tf.Tensor]]]:
        """Compares with every character."""
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
        return self._characters(wanted, compares=True), new


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
