"""seq2seq_chatbot: the model that is asked for, and what its fit is measured by."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft
from keras import ops

from modules.seq2seq_chatbot.characters import own_places
from modules.seq2seq_chatbot.features import VOCABULARY
from modules.seq2seq_chatbot.recurrent import build_recurrent
from modules.seq2seq_chatbot.task import Settings
from modules.seq2seq_chatbot.transformer import build_transformer

_BUILD = {"lstm": build_recurrent, "transformer": build_transformer}


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
        settings: `model` is read, and what that takes.
        symbols: Characters, with the end and the unknown one.
    """
    return _BUILD[settings.model](settings, symbols)


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
