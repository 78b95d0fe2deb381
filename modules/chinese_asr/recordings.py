"""chinese_asr: WAV files to what ingestion keeps of recordings, in the graph.

What is served so takes the very path that training took, from 16-bit samples on.
"""

from __future__ import annotations

import tensorflow as tf

from modules.common.graph.tensors import pack_ragged
from modules.common.sound import wav
from modules.common.sound.sound_files import PCM16_FULL_SCALE


def to_pcm(
    contents: tf.Tensor, sample_rate_hz: int, max_seconds: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads recordings of any length.

    Args:
        contents: WAV files' bytes, string `[batch]`.
        sample_rate_hz: Rate of the answer.
        max_seconds: The longest recording that is read.

    Returns:
        16-bit little-endian mono PCM, string `[batch]`; how long each recording lasts in seconds,
        float32 `[batch]`.

    Raises:
        tf.errors.InvalidArgumentError: If one is not a WAV file that can be read whole, or lasts
            too long.
    """

    def read(content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # One second more, so that what is too long can be told.
        waveform = wav.read(content, max_seconds + 1)
        seconds = tf.cast(tf.size(waveform.samples), tf.float32) / tf.cast(
            waveform.rate_hz, tf.float32
        )
        message = f"expected a recording of at most {max_seconds:g} s, found a longer one"
        is_short = tf.debugging.Assert(seconds <= max_seconds, [message])
        with tf.control_dependencies([is_short]):
            samples = wav.resample(waveform.samples, waveform.rate_hz, sample_rate_hz)
        return _encode_pcm(samples), seconds

    return tf.map_fn(read, contents, fn_output_signature=(tf.string, tf.float32))


def _encode_pcm(samples: tf.Tensor) -> tf.Tensor:
    """As `modules.common.sound.sound_files.pcm16`."""
    scaled = tf.round(samples * PCM16_FULL_SCALE)
    values = tf.cast(tf.clip_by_value(scaled, -PCM16_FULL_SCALE, PCM16_FULL_SCALE - 1), tf.int16)
    return pack_ragged(values[None], tf.size(values)[None])[0]
