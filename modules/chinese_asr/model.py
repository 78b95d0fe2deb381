"""chinese_asr: the model, whole: frames of a recording to characters, by WaveNet and CTC.

Gated convolutions with growing gaps see a few seconds of sound around each frame. What lies beyond
a recording's end is kept at zero before every one of them, and counts in no normalization, so that
what is heard does not depend on the recording's batch-mates. Beyond the end the blank is certain:
no loss and no decoder need know where it is.

Source: A. van den Oord et al., "WaveNet: A Generative Model for Raw Audio" (2016), section 3.4; A.
Graves et al., "Connectionist Temporal Classification" (2006).
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf
import tensorflow_transform as tft
from keras import layers, ops

from modules.chinese_asr import scoring
from modules.chinese_asr.features import VOCABULARY
from modules.chinese_asr.framing import CEPSTRA
from modules.chinese_asr.maxprop import MaxProp
from modules.chinese_asr.task import Settings
from modules.common.models import ctc

BLANK = 0
DILATIONS = (1, 2, 4, 8, 16)
_WIDTH = 7
_MOMENTUM = 0.98
# Logit of what is not blank beyond the end: all of a vocabulary is e-9 as likely there.
_IMPOSSIBLE = -30.0
_BLANK_SHARE = 0.9


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Gives the vocabulary.

    Returns:
        `frames` float32 `[batch, longest, 20]` and `n_frames` int64 `[batch]` to logits, float32
        `[batch, longest, vocabulary + 2]`; class 0 is the blank, the last a character that
        training did not have.
    """
    classes = transform_output.vocabulary_size_by_name(VOCABULARY) + 2
    model = build(settings, classes)
    optimizers = {"adam": keras.optimizers.Adam, "maxprop": MaxProp}
    model.compile(
        optimizer=optimizers[settings.optimizer](
            settings.learning_rate, clipnorm=settings.clip_norm
        ),
        loss=ctc_loss,
        metrics=[keras.metrics.MeanMetricWrapper(greedy_cer, name="cer")],
        # XLA has no kernel for CTC.
        jit_compile=False,
    )
    return model


def build(settings: Settings, classes: int) -> keras.Model:
    """Builds the model.

    Args:
        settings: `channels`, `blocks`, `dropout` and `seed` are read.
        classes: Characters, with the blank and the unknown one.
    """
    channels, dropout = settings.channels, settings.dropout
    frames = keras.Input((None, CEPSTRA), name="frames")
    n_frames = keras.Input((), dtype="int64", name="n_frames")
    is_own = OwnFrames(name="own_frames")([frames, n_frames])

    hidden = _activate(layers.Conv1D(channels, 1, use_bias=False)(frames), is_own)
    skips: list[keras.KerasTensor] = []
    for block in range(settings.blocks):
        for dilation in DILATIONS:
            told = _gate(hidden, is_own, channels, dilation)
            told = layers.Dropout(dropout, seed=settings.seed + len(skips))(told)
            hidden = Kept(name=f"block_{block}_dilation_{dilation}")([hidden + told, is_own])
            skips.append(told)
    hidden = layers.Conv1D(channels, 1, use_bias=False)(layers.Add()(skips))
    hidden = _activate(hidden, is_own)
    # Most frames name no character; a model that knows it from the start begins to learn at once.
    biases = keras.initializers.Constant(blank_first(classes))
    logits = layers.Dense(classes, dtype="float32", bias_initializer=biases, name="logits")(hidden)
    logits = BlankBeyond(dtype="float32", name="blank_beyond")([logits, is_own])
    return keras.Model({"frames": frames, "n_frames": n_frames}, logits, name="chinese_asr")


def ctc_loss(characters: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Negative log-likelihood of the texts, over every way to spread them over the frames.

    Args:
        characters: Ids, int64 `[batch, longest]`, 0 after the text.
        logits: What the model gave.

    Returns:
        float32 `[batch]`: nats for each character of the text.
    """
    log_probability = ctc.text_log_probability(logits, characters)
    # A text with more characters than its recording has frames teaches nothing.
    fits = tf.math.is_finite(log_probability)
    return tf.where(fits, -log_probability, 0.0) / _lengths(characters)


def greedy_cer(characters: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Character error rate of the likeliest path, to watch while the model learns.

    Args:
        characters: Ids, int64 `[batch, longest]`, 0 after the text.
        logits: What the model gave.

    Returns:
        float32 `[batch]`: edit distance over the text's length.
    """
    read, _ = ctc.collapse(logits)
    return scoring.edit_distance(tf.cast(read, tf.int64), characters) / _lengths(characters)


def _lengths(characters: tf.Tensor) -> tf.Tensor:
    return tf.maximum(scoring.length(characters), 1.0)


class OwnFrames(layers.Layer):
    """Tells which frames are a recording's own, and which fill up the batch."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Takes frames `[batch, longest, ...]` and their numbers; gives bool `[batch, longest]`."""
        frames, n_frames = inputs
        return tf.sequence_mask(n_frames, tf.shape(frames)[1])

    def compute_output_spec(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(inputs[0].shape[:2], "bool")


class Kept(layers.Layer):
    """Keeps what lies beyond a recording's end at zero."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Takes `[batch, longest, channels]` and which frames are own; gives the former."""
        hidden, is_own = inputs
        return hidden * tf.cast(is_own, hidden.dtype)[..., None]

    def compute_output_spec(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(inputs[0].shape, self.compute_dtype)


class BlankBeyond(layers.Layer):
    """Makes the blank certain beyond a recording's end."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Takes logits `[batch, longest, classes]` and which frames are own; gives the former."""
        logits, is_own = inputs
        beyond = _IMPOSSIBLE * (1 - tf.one_hot(BLANK, logits.shape[-1]))
        return tf.where(is_own[..., None], logits, beyond)

    def compute_output_spec(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Says what `call` gives."""
        return keras.KerasTensor(inputs[0].shape, "float32")


def blank_first(classes: int) -> list[float]:
    """Logits by which nine frames of ten are blank, and all characters are alike."""
    odds = _BLANK_SHARE / (1 - _BLANK_SHARE)
    return [math.log(odds * (classes - 1)), *[0.0] * (classes - 1)]


def _gate(
    hidden: keras.KerasTensor, is_own: keras.KerasTensor, channels: int, dilation: int
) -> keras.KerasTensor:
    """A convolution with gaps, gated, and what is made of it frame by frame."""
    both = layers.Conv1D(
        2 * channels, _WIDTH, padding="same", dilation_rate=dilation, use_bias=False
    )(hidden)
    both = _normalize(both, is_own)
    content, gate = ops.split(both, 2, axis=-1)
    told = layers.Activation("tanh")(content) * layers.Activation("sigmoid")(gate)
    return _activate(layers.Conv1D(channels, 1, use_bias=False)(told), is_own)


def _activate(hidden: keras.KerasTensor, is_own: keras.KerasTensor) -> keras.KerasTensor:
    """Normalization and tanh; zero beyond the end."""
    return Kept()([layers.Activation("tanh")(_normalize(hidden, is_own)), is_own])


def _normalize(hidden: keras.KerasTensor, is_own: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=_MOMENTUM)(hidden, mask=is_own)
