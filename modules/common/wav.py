"""WAV bytes to mono samples at a wanted rate, in the graph.

`tf.audio.decode_wav` reads 16-bit PCM only, so the RIFF container is read here: PCM of 8, 16, 24
and 32 bits and IEEE floats of 32 and 64, any number of channels, any rate from 1 to 384 kHz. What
cannot be read is an `InvalidArgumentError` of one clear line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_MAX_CHUNKS = 100
_MIN_RATE_HZ, _MAX_RATE_HZ = 1_000, 384_000
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


class _Layout(NamedTuple):
    """Where the samples lie and how they are coded; int64 scalars."""

    code: tf.Tensor
    channels: tf.Tensor
    rate_hz: tf.Tensor
    data_start: tf.Tensor
    data_bytes: tf.Tensor


def decode(contents: tf.Tensor, sample_rate_hz: int, max_seconds: float | None = None) -> tf.Tensor:
    """Reads a WAV file, mixes it to mono and brings it to a rate.

    Args:
        contents: The file's bytes, string scalar.
        sample_rate_hz: Wanted rate.
        max_seconds: What comes later is not read; `None` reads all.

    Returns:
        float32 `[n]`, full scale is [-1, 1].

    Raises:
        tf.errors.InvalidArgumentError: If it is not a WAV file that can be read whole.
    """
    waveform = read(contents, max_seconds)
    return resample(waveform.samples, waveform.rate_hz, sample_rate_hz)


def read(contents: tf.Tensor, max_seconds: float | None = None) -> Waveform:
    """Reads a WAV file at its own rate and mixes its channels to their mean.

    Args:
        contents: The file's bytes, string scalar.
        max_seconds: What comes later is not read; `None` reads all.

    Raises:
        tf.errors.InvalidArgumentError: If it is not a WAV file that can be read whole.
    """
    layout = _layout(contents)
    length = layout.data_bytes
    if max_seconds is not None:
        frames = tf.cast(tf.cast(layout.rate_hz, tf.float64) * max_seconds, tf.int64)
        length = tf.minimum(length, frames * layout.channels * _bytes_per_sample(layout.code))
    data = tf.strings.substr(contents, layout.data_start, length)
    branch = tf.argmax(tf.equal(tf.constant(_CODES, tf.int64), layout.code), output_type=tf.int32)
    flat = tf.switch_case(branch, [_reader(read_codec, data) for read_codec in _CODECS.values()])
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
    samples = _check(samples, is_number, "the sound to write holds samples that are not numbers")
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


def _layout(contents: tf.Tensor) -> _Layout:
    """Reads the header; every way in which it can be wrong is an assertion here."""
    size = tf.cast(tf.strings.length(contents), tf.int64)
    # Padded, so that a file shorter than its header can be looked at too.
    head = tf.strings.join([tf.strings.substr(contents, 0, 12), "\0" * 12])
    is_riff = (tf.strings.substr(head, 0, 4) == b"RIFF") & (
        tf.strings.substr(head, 8, 4) == b"WAVE"
    )
    contents = _check(contents, is_riff, "expected a WAV file, found bytes without its header")
    fmt_start, data_start, data_bytes = _find_chunks(contents, size)
    contents = _check(
        contents,
        (fmt_start > 0) & (data_start > 0),
        "the WAV file has no fmt chunk of at least 16 bytes before a data chunk; is it cut off?",
    )
    code, channels, rate_hz, frame_bytes = _format(contents, fmt_start)
    left = size - data_start
    for condition, message in (
        (
            tf.reduce_any(tf.equal(tf.constant(_CODES, tf.int64), code)),
            "the WAV file is neither PCM of 8, 16, 24 or 32 "
            "bits nor floats of 32 or 64; convert it to 16-bit PCM",
        ),
        (channels > 0, "the WAV file declares no channel"),
        (
            (rate_hz >= _MIN_RATE_HZ) & (rate_hz <= _MAX_RATE_HZ),
            f"the WAV file declares a sample rate outside {_MIN_RATE_HZ} to {_MAX_RATE_HZ} Hz",
        ),
        (
            tf.equal(frame_bytes, channels * _bytes_per_sample(code)),
            "the WAV file's header "
            "contradicts itself: its block size is not channels times bytes a sample",
        ),
        (data_bytes > 0, "the WAV file holds no samples"),
        (
            data_bytes <= left,
            "the WAV file is cut off: its header declares more samples than follow",
        ),
        (
            tf.equal(data_bytes % tf.maximum(frame_bytes, 1), 0),
            "the WAV file is cut off within a sample",
        ),
    ):
        data_start = _check(data_start, condition, message)
    return _Layout(code, channels, rate_hz, data_start, data_bytes)


def _find_chunks(contents: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Walks the chunks up to the samples.

    Returns:
        Start of the format's fields, start of the samples (-1 where not found), and the number of
        bytes that the header declares for them; int64 scalars.
    """

    def goes_on(
        position: tf.Tensor, _fmt: tf.Tensor, data: tf.Tensor, _size: tf.Tensor, count: tf.Tensor
    ) -> tf.Tensor:
        return (position + 8 <= size) & (data < 0) & (count < _MAX_CHUNKS)

    def step(
        position: tf.Tensor, fmt: tf.Tensor, data: tf.Tensor, _size: tf.Tensor, count: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        name = tf.strings.substr(contents, position, 4)
        declared = _unsigned(contents, position + 4, 4)
        start = position + 8
        is_fmt = (name == b"fmt ") & (declared >= 16) & (start + 16 <= size)
        return (
            start + declared + declared % 2,
            tf.where(is_fmt, start, fmt),
            tf.where(name == b"data", start, data),
            declared,
            count + 1,
        )

    missing = tf.constant(-1, tf.int64)
    state = (tf.constant(12, tf.int64), missing, missing, missing, tf.constant(0))
    _, fmt_start, data_start, data_bytes, _ = tf.while_loop(goes_on, step, state)
    return fmt_start, data_start, data_bytes


def _format(
    contents: tf.Tensor, start: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Sample code (tag * 100 + bits), channels, rate and bytes a frame; int64 scalars."""
    tag = _unsigned(contents, start, 2)
    size = tf.cast(tf.strings.length(contents), tf.int64)
    # In an extensible header the true tag begins the sub-format, 24 bytes in.
    subformat = tf.minimum(start + 24, size - 2)
    tag = tf.where(tf.equal(tag, _EXTENSIBLE), _unsigned(contents, subformat, 2), tag)
    code = tag * 100 + _unsigned(contents, start + 14, 2)
    return (
        code,
        _unsigned(contents, start + 2, 2),
        _unsigned(contents, start + 4, 4),
        _unsigned(contents, start + 12, 2),
    )


def _bytes_per_sample(code: tf.Tensor) -> tf.Tensor:
    return code % 100 // 8


def _unsigned(contents: tf.Tensor, start: tf.Tensor, count: int) -> tf.Tensor:
    """Little-endian unsigned integer of `count` bytes, int64 scalar."""
    octets = tf.cast(
        tf.io.decode_raw(tf.strings.substr(contents, start, count), tf.uint8), tf.int64
    )
    return tf.reduce_sum(octets * tf.constant([256**i for i in range(count)], tf.int64))


def _check(value: tf.Tensor, condition: tf.Tensor, message: str) -> tf.Tensor:
    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(value)


def _integers(dtype: tf.DType, zero: int, scale: float) -> Callable[[tf.Tensor], tf.Tensor]:
    def read_codec(data: tf.Tensor) -> tf.Tensor:
        return (tf.cast(tf.io.decode_raw(data, dtype), tf.float32) - zero) / scale

    return read_codec


def _three_byte_integers(data: tf.Tensor) -> tf.Tensor:
    octets = tf.cast(tf.reshape(tf.io.decode_raw(data, tf.uint8), [-1, 3]), tf.int32)
    values = tf.reduce_sum(octets * tf.constant([1, 256, 65536]), axis=1)
    return tf.cast(tf.where(values >= 2**23, values - 2**24, values), tf.float32) / 2.0**23


_CODECS: dict[int, Callable[[tf.Tensor], tf.Tensor]] = {
    _PCM * 100 + 8: _integers(tf.uint8, 128, 128.0),
    _PCM * 100 + 16: _integers(tf.int16, 0, 2.0**15),
    _PCM * 100 + 24: _three_byte_integers,
    _PCM * 100 + 32: _integers(tf.int32, 0, 2.0**31),
    _FLOAT * 100 + 32: _integers(tf.float32, 0, 1.0),
    _FLOAT * 100 + 64: _integers(tf.float64, 0, 1.0),
}
_CODES = list(_CODECS)


def _reader(
    read_codec: Callable[[tf.Tensor], tf.Tensor], data: tf.Tensor
) -> Callable[[], tf.Tensor]:
    return lambda: read_codec(data)
