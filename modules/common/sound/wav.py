"""WAV bytes to mono samples at a wanted rate, in the graph.

`tf.audio.decode_wav` reads 16-bit PCM only, so the container is read here and in `wav_header`: PCM
of 8, 16, 24 and 32 bits and IEEE floats of 32 and 64, any number of channels, any rate from 1 to
384 kHz. What cannot be read is an `InvalidArgumentError` of one clear line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from modules.common.graph.checks import check
from modules.common.sound.wav_header import CODES, FLOAT, PCM, bytes_per_sample, read_layout

# Zeros after the end keep the resampler, which is circular, from folding the end onto the start.
_GUARD_SAMPLES = 1024
_PASSBAND = 0.92


class Waveform(NamedTuple):
    """Sound as it was stored, mixed to mono.

    Attributes:
        samples: float32 `[n]`, full scale is [-1, 1].
        rate_hz: int32 scalar.
    """

    samples: tf.Tensor
    rate_hz: tf.Tensor


def decode(contents: tf.Tensor, sample_rate_hz: int, max_seconds: float | None = None) -> tf.Tensor:
    """Reads a WAV file, mixes it to mono and brings it to a rate.

    Args:
        contents: The file's bytes, string scalar.
        sample_rate_hz: Wanted rate.
        max_seconds: What comes later is not read; `None` reads all.

    Returns:
        float32 `[n]`, full scale is [-1, 1].

    Raises:
        tf.errors.InvalidArgumentError: If it is not a WAV file that can be read whole, or what is
            read of it holds floats that are infinite or not numbers.
    """
    waveform = read(contents, max_seconds)
    return resample(waveform.samples, waveform.rate_hz, sample_rate_hz)


def read(contents: tf.Tensor, max_seconds: float | None = None) -> Waveform:
    """Reads a WAV file at its own rate and mixes its channels to their mean.

    A file that a program wrote to a pipe, with a length that it did not know, is read to its end;
    see `wav_header`.

    Args:
        contents: The file's bytes, string scalar.
        max_seconds: What comes later is not read; `None` reads all.

    Raises:
        tf.errors.InvalidArgumentError: If it is not a WAV file that can be read whole, or what is
            read of it holds floats that are infinite or not numbers.
    """
    layout = read_layout(contents)
    length = layout.data_bytes
    if max_seconds is not None:
        frames = tf.cast(tf.cast(layout.rate_hz, tf.float64) * max_seconds, tf.int64)
        length = tf.minimum(length, frames * layout.channels * bytes_per_sample(layout.code))
    data = tf.strings.substr(contents, layout.data_start, length)
    branch = tf.argmax(tf.equal(tf.constant(CODES, tf.int64), layout.code), output_type=tf.int32)
    flat = tf.switch_case(branch, [_reader(_CODECS[code], data) for code in CODES])
    is_finite = tf.reduce_all(tf.math.is_finite(flat))
    message = "the recording holds samples that are not finite numbers, in a WAV file of floats"
    flat = check(flat, is_finite, message)
    samples = tf.reduce_mean(tf.reshape(flat, tf.stack([-1, layout.channels])), axis=1)
    return Waveform(samples, tf.cast(layout.rate_hz, tf.int32))


def encode(samples: tf.Tensor, rate_hz: tf.Tensor | int) -> tf.Tensor:
    """Writes a WAV file of one channel in 16-bit PCM.

    Args:
        samples: float32 `[n]`, full scale is [-1, 1]; what goes beyond is clipped.
        rate_hz: Their rate, integer scalar.

    Returns:
        The file's bytes, string scalar.

    Raises:
        tf.errors.InvalidArgumentError: If a sample is not a number.
    """
    is_number = tf.reduce_all(~tf.math.is_nan(samples))
    samples = check(samples, is_number, "the sound to write holds samples that are not numbers")
    return tf.audio.encode_wav(samples[:, tf.newaxis], tf.cast(rate_hz, tf.int32))


def resample(samples: tf.Tensor, from_hz: tf.Tensor | int, to_hz: tf.Tensor | int) -> tf.Tensor:
    """Changes the sample rate in the frequency domain.

    The spectrum is cut, or filled with zeros, at the lower of the two Nyquist frequencies, to
    which a raised cosine falls from 92 % of it. The padded length is a multiple of
    `from_hz / gcd`, so that the ratio is exact for any pair of rates.

    Args:
        samples: float32 `[n]`.
        from_hz: Their rate.
        to_hz: Wanted rate.

    Returns:
        float32 `[ceil(n * to_hz / from_hz)]`; the samples themselves where the rates agree.
    """
    from_hz = tf.cast(from_hz, tf.int32)
    to_hz = tf.cast(to_hz, tf.int32)
    return tf.cond(
        tf.equal(from_hz, to_hz),
        lambda: tf.identity(samples),
        lambda: _resample(samples, from_hz, to_hz),
    )


def _resample(samples: tf.Tensor, from_hz: tf.Tensor, to_hz: tf.Tensor) -> tf.Tensor:
    divisor = _greatest_common_divisor(from_hz, to_hz)
    down, up = from_hz // divisor, to_hz // divisor
    count = tf.size(samples)
    blocks = (count + _GUARD_SAMPLES + down - 1) // down
    length_in, length_out = blocks * down, blocks * up
    spectrum = tf.signal.rfft(samples, [length_in])
    nyquist_bin = tf.minimum(length_in, length_out) // 2
    position = tf.range(nyquist_bin + 1, dtype=tf.float32) / tf.cast(nyquist_bin, tf.float32)
    fall = tf.clip_by_value((position - _PASSBAND) / (1 - _PASSBAND), 0.0, 1.0)
    gain = (0.5 + 0.5 * tf.cos(3.14159265 * fall)) * tf.cast(length_out / length_in, tf.float32)
    kept = spectrum[: nyquist_bin + 1] * tf.cast(gain, tf.complex64)
    wanted = tf.cast(
        -((-tf.cast(count, tf.int64) * tf.cast(up, tf.int64)) // tf.cast(down, tf.int64)), tf.int32
    )
    return tf.signal.irfft(kept, [length_out])[:wanted]


def _greatest_common_divisor(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(
        lambda _, remainder: remainder > 0,
        lambda value, remainder: (remainder, value % remainder),
        (first, second),
    )[0]


def _integers(dtype: tf.DType, zero: int, scale: float) -> Callable[[tf.Tensor], tf.Tensor]:
    def read_codec(data: tf.Tensor) -> tf.Tensor:
        return (tf.cast(tf.io.decode_raw(data, dtype), tf.float32) - zero) / scale

    return read_codec


def _three_byte_integers(data: tf.Tensor) -> tf.Tensor:
    octets = tf.cast(tf.reshape(tf.io.decode_raw(data, tf.uint8), [-1, 3]), tf.int32)
    values = tf.reduce_sum(octets * tf.constant([1, 256, 65536]), axis=1)
    return tf.cast(tf.where(values >= 2**23, values - 2**24, values), tf.float32) / 2.0**23


_CODECS: dict[int, Callable[[tf.Tensor], tf.Tensor]] = {
    PCM * 100 + 8: _integers(tf.uint8, 128, 128.0),
    PCM * 100 + 16: _integers(tf.int16, 0, 2.0**15),
    PCM * 100 + 24: _three_byte_integers,
    PCM * 100 + 32: _integers(tf.int32, 0, 2.0**31),
    FLOAT * 100 + 32: _integers(tf.float32, 0, 1.0),
    FLOAT * 100 + 64: _integers(tf.float64, 0, 1.0),
}


def _reader(
    read_codec: Callable[[tf.Tensor], tf.Tensor], data: tf.Tensor
) -> Callable[[], tf.Tensor]:
    return lambda: read_codec(data)
