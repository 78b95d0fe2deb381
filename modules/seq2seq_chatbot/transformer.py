"""seq2seq_chatbot: the Transformer, whole: attention alone reads the question and says the reply.

Layers of the encoder let every place of the question look at all others; layers of the decoder let
every place of the reply look at those before it, and at the question. One table of characters is
what is read, what is said, and what the last layer is compared with.

What fills up the batch is masked wherever attention could see it: behind the question. What fills
up the reply comes after it, where no place of its own looks.

`Stepper` computes the same character by character, and keeps the keys and values of what was said,
so that a character costs one step.

Source: A. Vaswani et al., "Attention Is All You Need" (2017); the layers name where they differ.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf
from keras import layers, ops

from modules.common.runtime.errors import SettingError
from modules.seq2seq_chatbot.characters import Characters, OwnPlaces
from modules.seq2seq_chatbot.task import Settings
from modules.seq2seq_chatbot.transformer_layers import DecoderLayer, Distances, EncoderLayer


def build_transformer(settings: Settings, symbols: int) -> keras.Model:
    """Builds the model; `model.build` says what it takes and gives.

    Args:
        settings: `units`, `layers`, `heads`, `dropout` and `seed` are read.
        symbols: Characters, with the end and the unknown one.

    Raises:
        SettingError: If the heads do not divide the units.
    """
    if settings.units % settings.heads:
        raise SettingError(
            f"heads: expected a divisor of units, {settings.units}, found {settings.heads}"
        )
    question = keras.Input((None,), dtype="int64", name="question")
    reply = keras.Input((None,), dtype="int64", name="reply")
    table = Characters(symbols, settings.units, name="characters")
    dropped = layers.Dropout(settings.dropout, seed=settings.seed)
    is_own = OwnPlaces(name="own_places")(question)

    read = dropped(table(ops.pad(question, [(0, 0), (0, 1)])))
    distances = Distances(settings.heads, name="encoder_distances")(read)
    for layer in range(settings.layers):
        read = EncoderLayer(settings, name=f"encoder_{layer}")(read, distances, is_own)
    memory = layers.LayerNormalization(name="memory")(read)

    said = dropped(table(ops.pad(reply, [(0, 0), (1, 0)])))
    distances = Distances(settings.heads, looks_back=True, name="decoder_distances")(said)
    for layer in range(settings.layers):
        said = DecoderLayer(settings, name=f"decoder_{layer}")(said, distances, memory, is_own)
    wanted = layers.LayerNormalization(name="wanted")(said)
    found = table(dropped(wanted), reply=reply)
    return keras.Model({"question": question, "reply": reply}, found, name="transformer")


class Asked(NamedTuple):
    """Questions, read.

    Attributes:
        looked_at: Of each layer of the decoder, keys and values of the questions' places, float32
            `[batch, longest + 1, units]`.
        is_own: Which places are a question's own, bool `[batch, longest + 1]`.
    """

    looked_at: list[tuple[tf.Tensor, tf.Tensor]]
    is_own: tf.Tensor


class Stepper:
    """The model character by character; see `decoder.Decoder`, which says what comes and goes."""

    def __init__(self, model: keras.Model) -> None:
        """Takes what `build_transformer` gave apart."""
        named = {layer.name: layer for layer in model.layers}
        self._encoder = keras.Model(
            named["question"].output, [named["memory"].output, named["own_places"].output]
        )
        self._layers = [layer for layer in model.layers if isinstance(layer, DecoderLayer)]
        self._characters, self._wanted, self._distances = (
            named[name] for name in ("characters", "wanted", "decoder_distances")
        )

    def read(self, question: tf.Tensor) -> Asked:
        """Reads questions."""
        memory, is_own = self._encoder(question, training=False)
        return Asked([layer.look_at_question(memory) for layer in self._layers], is_own)

    def begin(self, asked: Asked, replies: int | tf.Tensor) -> list[list[tf.Tensor]]:
        """Gives keys and values of no place: float32 `[batch, replies, 0, units]`."""
        keys = asked.looked_at[0][0]
        nothing = tf.zeros(tf.stack([tf.shape(keys)[0], replies, 0, keys.shape[-1]]))
        return [[nothing, nothing] for _ in self._layers]

    def step(
        self, asked: Asked, characters: tf.Tensor, states: list[list[tf.Tensor]]
    ) -> tuple[tf.Tensor, list[list[tf.Tensor]]]:
        """Compares with every character."""
        place = tf.shape(states[0][0])[2]
        distances = self._distances.between(place[None], tf.range(place + 1))
        said, after = self._characters(characters), []
        for layer, before, looked_at in zip(self._layers, states, asked.looked_at, strict=True):
            said, new = layer.step(said, distances, before, looked_at, asked.is_own)
            after.append(new)
        return self._characters(self._wanted(said), compares=True), after
