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
from modules.chinese_asr.task import Settings
from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack_ragged
from modules.common.sound import pcm

VOCABULARY = "characters"
# Cepstra of silence vary less than this, and stay near 0.
_LEAST_DEVIATION = 1e-2


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `pcm`, 16-bit samples at `sample_rate_hz` as bytes, and `text`, string `[batch, 1]`
            each.
        custom_config: `settings` holds `sample_rate_hz`.

    Returns:
        The declared features.
    """
    rate_hz = restore(Settings, custom_config["settings"]).sample_rate_hz
    frames, n_frames = features_of(inputs["pcm"][:, 0], rate_hz)
    ids, lengths = character_ids(inputs["text"][:, 0])
    return {
        "frames": pack_ragged(frames, n_frames),  # float32 [batch, longest, 20], packed
        "n_frames": n_frames,  # int64 [batch]
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


def features_of(pcm_bytes: tf.Tensor, sample_rate_hz: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Makes the frames that the model reads.

    Args:
        pcm_bytes: 16-bit little-endian samples of each recording, string `[batch]`.
        sample_rate_hz: Their rate.

    Returns:
        Cepstra, float32 `[batch, longest, 20]`, zeros after a recording's own frames; and how many
        those are, int64 `[batch]`.
    """
    cepstra, counts = pcm.mfcc(
        pcm_bytes,
        sample_rate_hz,
        n_fft=framing.frame_samples(sample_rate_hz),
        hop=framing.hop_samples(sample_rate_hz),
        n_mels=framing.MELS,
        n_mfcc=framing.CEPSTRA,
    )
    is_own = tf.sequence_mask(counts, tf.shape(cepstra)[1], tf.float32)[..., None]
    own = tf.cast(counts, tf.float32)[:, None, None]
    mean = tf.reduce_sum(cepstra, axis=1, keepdims=True) / own
    around = (cepstra - mean) * is_own
    deviation = tf.sqrt(tf.reduce_sum(tf.square(around), axis=1, keepdims=True) / own)
    return around / (deviation + _LEAST_DEVIATION), tf.cast(counts, tf.int64)
