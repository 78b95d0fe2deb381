"""seq2seq_chatbot: the model, whole: the characters of a reply from those of the question.

Three recurrent layers read the question and its end; three more say the reply, beginning with the
states in which the former ended. The first of them looks at the question by attention, and what it
sees is fed to the layers above, so that with the reply given no attention stands inside a loop:
all but the recurrences are products of large matrices. One table of characters is what is read,
what is said, and what the last layer is compared with.

What fills up the batch is masked wherever it could be seen: by the encoder's recurrences, the
attention and the loss. In the decoder nothing comes after a line's end that matters.

`modules.seq2seq_chatbot.decoder` computes the same character by character, from these layers.

Source: D. Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate"
(2015); M.-T. Luong et al., "Effective Approaches to Attention-based Neural Machine Translation"
(2015), for the product; Y. Wu et al., "Google's Neural Machine Translation System" (2016), for
where attention stands; O. Press and L. Wolf, "Using the Output Embedding to Improve Language
Models" (2017).
"""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from keras import layers, ops

from modules.seq2seq_chatbot.costs import costs
from modules.seq2seq_chatbot.features import VOCABULARY
from modules.seq2seq_chatbot.task import Settings

END = 0
"""What comes after a line's last character, and before its first."""


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Gives the vocabulary.

    Returns:
        `question` and `reply`, int64 `[batch, longest of each]`, 0 after the line, to what each
        character of the reply costs given those before it, and its end: nats, float32
        `[batch, longest reply + 1]`, 0 beyond the end.
    """
    model = build(settings, transform_output.vocabulary_size_by_name(VOCABULARY) + 2)
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip_norm),
        loss=nats,
        metrics=[Perplexity()],
        # Every batch has a length of its own.
        jit_compile=False,
    )
    return model


def build(settings: Settings, symbols: int) -> keras.Model:
    """Builds the model.

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
    return keras.Model({"question": question, "reply": reply}, found, name="seq2seq_chatbot")


def nats(reply: tf.Tensor, by_place: tf.Tensor) -> tf.Tensor:
    """Negative log-likelihood of each reply, its end included, float32 `[batch]`.

    A reply's sum, not its mean: every character counts alike, be it of a long reply or a short.

    Args:
        reply: Ids `[batch, longest]`, 0 after the end; not looked at.
        by_place: What the model gives.
    """
    return tf.reduce_sum(by_place, axis=1)


class Perplexity(keras.metrics.Mean):
    """Exponential of the mean negative log-likelihood of a character, to watch the fit by."""

    def __init__(self, name: str = "perplexity") -> None:
        """Names the metric."""
        super().__init__(name)

    def update_state(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        """Takes replies and what their characters cost."""
        # Of values with more than one dimension Keras takes the means of the rows.
        super().update_state(
            tf.reshape(y_pred, [-1]), sample_weight=tf.reshape(own_places(y_true), [-1])
        )

    def result(self) -> tf.Tensor:
        """The perplexity so far."""
        return ops.exp(super().result())


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
