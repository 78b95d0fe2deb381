"""chinese_asr: a recording to cepstra, its text to the ids of its characters.

Twenty mel-frequency cepstral coefficients every 30 ms, each with mean 0 and deviation 1 over the
recording, so that loudness and microphone matter less. A recording's frames never depend on what
else is in the batch.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.chinese_asr import framing
from modules.common import audio
from modules.common.chunks import in_chunks
from modules.common.tensors import Tensors, pack_ragged

VOCABULARY = "characters"
_RECORDINGS_AT_A_TIME = 16
_FULL_SCALE = 2.0**15
# Cepstra of silence vary less than this, and stay near 0.
_LEAST_DEVIATION = 1e-2


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `pcm`, 16-bit samples at `sample_rate_hz` as bytes, and `text`, string `[batch, 1]`
            each.
        custom_config: `hparams` holds `sample_rate_hz`.

    Returns:
        The declared features.
    """
    rate_hz = int(custom_config["hparams"]["sample_rate_hz"])

    def heard(recordings: Tensors) -> Tensors:
        frames, counts = features_of(*samples_of(recordings["pcm"]), rate_hz)
        return {"frames": pack_ragged(frames, counts), "n_frames": counts}

    ids, lengths = character_ids(inputs["text"][:, 0])
    return {
        # frames: float32 [batch, longest, 20], packed; n_frames: int64 [batch]
        **in_chunks(heard, {"pcm": inputs["pcm"][:, 0]}, _RECORDINGS_AT_A_TIME),
        "characters": pack_ragged(ids, lengths),  # int64 [batch, longest], packed
    }


def character_ids(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Learns the vocabulary, the most frequent character first, and looks up each character.

    Args:
        texts: string `[batch]`.

    Returns:
        Ids, int64 `[batch, longest]`: from 1, one above the vocabulary's last for a character that
        the training split does not have, 0 after the text; and how many each text has, int64
        `[batch]`.
    """
    characters = tf.strings.unicode_split(texts, "UTF-8")
    vocabulary = tft.vocabulary(characters.flat_values, vocab_filename=VOCABULARY)
    flat = tft.apply_vocabulary(characters.flat_values, vocabulary, num_oov_buckets=1)
    return characters.with_flat_values(flat + 1).to_tensor(0), characters.row_lengths()


def samples_of(pcm: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads 16-bit samples.

    Args:
        pcm: Little-endian samples of each recording, string `[batch]`.

    Returns:
        Samples, float32 `[batch, longest]` in [-1, 1), zeros after a recording's own; and how many
        it has, int32 `[batch]`.
    """
    counts = tf.strings.length(pcm) // 2
    longest = tf.reduce_max(tf.concat([[1], counts], axis=0))
    integers = tf.io.decode_raw(pcm, tf.int16, fixed_length=2 * longest)
    return tf.cast(integers, tf.float32) / _FULL_SCALE, counts


def features_of(
    samples: tf.Tensor, counts: tf.Tensor, sample_rate_hz: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Makes the frames that the model reads.

    Args:
        samples: float32 `[batch, longest]` in [-1, 1], zeros after a recording's own.
        counts: How many samples are each recording's own, integers `[batch]`.
        sample_rate_hz: Their rate.

    Returns:
        Cepstra, float32 `[batch, frames, 20]`, zeros after a recording's own frames; and how many
        those are, int64 `[batch]`.
    """
    hop = framing.hop_samples(sample_rate_hz)
    cepstra = audio.mfcc(
        samples,
        sample_rate_hz,
        n_fft=framing.frame_samples(sample_rate_hz),
        hop=hop,
        n_mels=framing.MELS,
        n_mfcc=framing.CEPSTRA,
    )
    n_frames = 1 + tf.cast(counts, tf.int64) // hop
    is_own = tf.sequence_mask(n_frames, tf.shape(cepstra)[1], tf.float32)[..., None]
    own = tf.cast(n_frames, tf.float32)[:, None, None]
    mean = tf.reduce_sum(cepstra * is_own, axis=1, keepdims=True) / own
    around = (cepstra - mean) * is_own
    deviation = tf.sqrt(tf.reduce_sum(tf.square(around), axis=1, keepdims=True) / own)
    return around / (deviation + _LEAST_DEVIATION), n_frames
