"""seq2seq_chatbot: the Transformer's layers.

Normalization stands before what it is for, so that values pass unchanged from the first layer to
the last. Where a place stands is told by distances: of each a number that is learnt is added to how
well two places fit, and all that are further than `FURTHEST` are one, so that a question may be
longer than any that was seen.

Source: A. Vaswani et al., "Attention Is All You Need" (2017); R. Xiong et al., "On Layer
Normalization in the Transformer Architecture" (2020), for where it stands; P. Shaw et al.,
"Self-Attention with Relative Position Representations" (2018), for distances that end somewhere,
and C. Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer" (2020), for distances as numbers that all layers share.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf
from keras import layers, ops

from modules.seq2seq_chatbot.task import Settings

FURTHEST = 32
"""Places further apart than so many are as far apart as so many."""
_IMPOSSIBLE = -1e9


class Distances(layers.Layer):
    """How much places fit for how far they are apart, by what each head has learnt."""

    def __init__(self, heads: int, looks_back: bool = False, name: str | None = None) -> None:
        """Says for how many heads, and whether no place sees what comes after it."""
        super().__init__(name=name, dtype="float32", autocast=False)
        self._heads, self._looks_back = heads, looks_back

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes a number for each head and distance."""
        self.table = self.add_weight(
            (2 * FURTHEST + 1, self._heads), "zeros", name="table", dtype="float32"
        )

    def call(self, line: tf.Tensor) -> tf.Tensor:
        """Takes floats `[batch, places, units]`; gives float32 `[1, heads, places, places]`."""
        places = tf.range(tf.shape(line)[1])
        return self.between(places, places)

    def between(self, asking: tf.Tensor, looked_at: tf.Tensor) -> tf.Tensor:
        """Takes places, int32 `[a]` and `[b]`; gives float32 `[1, heads, a, b]`."""
        apart = looked_at - asking[:, None]
        bounded = tf.clip_by_value(apart, -FURTHEST, FURTHEST) + FURTHEST
        found = tf.transpose(tf.gather(self.table, bounded), (2, 0, 1))
        if self._looks_back:
            found = tf.where(apart > 0, _IMPOSSIBLE, found)
        return found[None]


class Attention(layers.Layer):
    """Gives every place a mean of other places, by how well they fit, for each of the heads."""

    def __init__(self, units: int, heads: int, name: str) -> None:
        """Says how long a vector is, and into how many heads it is parted."""
        # How well places fit stays float32, whatever else is computed in.
        super().__init__(name=name, autocast=False)
        self._units, self._heads = units, heads

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the four products."""
        units = self._units
        names = ("asking", "keys", "values", "together")
        self._kernels = {
            name: self.add_weight((units, units), "glorot_uniform", name=name) for name in names
        }

    def look_at(self, places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Takes floats `[batch, b, units]`; gives their keys and values, as long each."""
        return self._times(places, "keys"), self._times(places, "values")

    def call(
        self, asking: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, fit: tf.Tensor
    ) -> tf.Tensor:
        """Looks.

        Args:
            asking: Floats `[batch, a, units]`.
            keys: What `look_at` gave, floats `[batch, b, units]`.
            values: The same.
            fit: What is added to how well places fit, float32 that can be broadcast to
                `[batch, heads, a, b]`.

        Returns:
            Floats `[batch, a, units]`.
        """
        wanted = self._part(self._times(asking, "asking"))
        fits = tf.cast(tf.matmul(wanted, self._part(keys), transpose_b=True), tf.float32)
        fits = fits / math.sqrt(self._units // self._heads) + fit
        shares = tf.cast(tf.nn.softmax(fits), self.compute_dtype)
        seen = tf.transpose(tf.matmul(shares, self._part(values)), (0, 2, 1, 3))
        return self._times(tf.reshape(seen, tf.shape(asking)), "together")

    def _times(self, places: tf.Tensor, name: str) -> tf.Tensor:
        return ops.matmul(places, ops.cast(self._kernels[name], self.compute_dtype))

    def _part(self, places: tf.Tensor) -> tf.Tensor:
        """Floats `[batch, places, units]` to `[batch, heads, places, units of a head]`."""
        shape = tf.shape(places)
        parts = tf.reshape(places, [shape[0], shape[1], self._heads, self._units // self._heads])
        return tf.transpose(parts, (0, 2, 1, 3))


class _Layer(layers.Layer):
    """What layers of encoder and decoder have: attentions, and a network for each place."""

    def __init__(self, settings: Settings, looks: tuple[str, ...], name: str) -> None:
        super().__init__(name=name, autocast=False)
        self._units = settings.units
        self._looks = {
            look: Attention(settings.units, settings.heads, f"look_{look}") for look in looks
        }
        self._norms = {
            look: layers.LayerNormalization(name=f"before_{look}") for look in (*looks, "inner")
        }
        self._inner = layers.Dense(4 * settings.units, "relu", name="inner")
        self._outer = layers.Dense(settings.units, name="outer")
        # With a seed of its own, unlike the settings' one: layers would leave out the same values.
        self._dropped = layers.Dropout(settings.dropout)

    def build(self, *shapes: tuple[int | None, ...], **named: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        shape = (None, None, self._units)
        for part in (*self._looks.values(), *self._norms.values(), self._inner):
            part.build(shape)
        self._outer.build((None, None, 4 * self._units))
        self.built = True

    def _think(self, places: tf.Tensor, training: bool | None) -> tf.Tensor:
        told = self._outer(self._inner(self._norms["inner"](places)))
        return places + self._dropped(told, training=training)


class EncoderLayer(_Layer):
    """Every place of the question looks at all, and is thought about."""

    def __init__(self, settings: Settings, name: str) -> None:
        """Takes `units`, `heads` and `dropout`."""
        super().__init__(settings, ("around",), name)

    def call(
        self,
        read: tf.Tensor,
        distances: tf.Tensor,
        is_own: tf.Tensor,
        training: bool | None = None,
    ) -> tf.Tensor:
        """Takes and gives floats `[batch, places, units]`."""
        fit = tf.where(is_own[:, None, None], distances, _IMPOSSIBLE)
        look = self._looks["around"]
        normed = self._norms["around"](read)
        seen = look(normed, *look.look_at(normed), fit)
        return self._think(read + self._dropped(seen, training=training), training)

    def compute_output_spec(
        self, read: keras.KerasTensor, *_: object, **__: object
    ) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(read.shape, self.compute_dtype)


class DecoderLayer(_Layer):
    """Every place of the reply looks back, and at the question, and is thought about."""

    def __init__(self, settings: Settings, name: str) -> None:
        """Takes `units`, `heads` and `dropout`."""
        super().__init__(settings, ("back", "question"), name)

    def call(
        self,
        said: tf.Tensor,
        distances: tf.Tensor,
        memory: tf.Tensor,
        is_own: tf.Tensor,
        training: bool | None = None,
    ) -> tf.Tensor:
        """Takes and gives floats `[batch, places, units]`."""
        look = self._looks["back"]
        normed = self._norms["back"](said)
        seen = look(normed, *look.look_at(normed), distances)
        said = said + self._dropped(seen, training=training)
        return self._see(said, *self.look_at_question(memory), is_own, training)

    def step(
        self,
        said: tf.Tensor,
        distances: tf.Tensor,
        before: list[tf.Tensor],
        asked: tuple[tf.Tensor, tf.Tensor],
        is_own: tf.Tensor,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Goes on by one place in many replies to each question.

        Args:
            said: That place, floats `[batch, replies, units]`.
            distances: From it to those before and itself, float32 `[1, heads, 1, places + 1]`.
            before: Keys and values of the places before, floats `[batch, replies, places, units]`.
            asked: Keys and values of the question, as `look_at_question` gave them.
            is_own: Which places are a question's own, bool `[batch, question]`.

        Returns:
            Floats `[batch, replies, units]`; and `before` with one place more.
        """
        look = self._looks["back"]
        normed = self._norms["back"](said)
        after = [
            tf.concat([old, new[:, :, None]], axis=2)
            for old, new in zip(before, look.look_at(normed), strict=True)
        ]
        # A row for each reply: what one has said is nothing to the others.
        flat = [tf.reshape(each, [-1, tf.shape(each)[2], self._units]) for each in after]
        seen = look(tf.reshape(normed, [-1, 1, self._units]), *flat, distances)
        said = said + tf.reshape(seen, tf.shape(said))
        return self._see(said, *asked, is_own, training=False), after

    def look_at_question(self, memory: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Takes floats `[batch, question, units]`; gives their keys and values."""
        return self._looks["question"].look_at(memory)

    def _see(
        self,
        said: tf.Tensor,
        keys: tf.Tensor,
        values: tf.Tensor,
        is_own: tf.Tensor,
        training: bool | None,
    ) -> tf.Tensor:
        """Looks at the question, and thinks."""
        fit = tf.where(is_own[:, None, None], 0.0, _IMPOSSIBLE)
        seen = self._looks["question"](self._norms["question"](said), keys, values, fit)
        return self._think(said + self._dropped(seen, training=training), training)

    def compute_output_spec(
        self, said: keras.KerasTensor, *_: object, **__: object
    ) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(said.shape, self.compute_dtype)
