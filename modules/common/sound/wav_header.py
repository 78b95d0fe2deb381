"""The header of a WAV file, read in the graph: where its samples lie and how they are coded.

Chunks before the samples are skipped and what follows them is not looked at; the size that the RIFF
header declares is believed nowhere, but for an empty file's.

A program that writes to a pipe does not know the length when it writes the header, and leaves a
size that no served file can have: 4 GiB less 1 byte (ffmpeg) or about 2 GiB (sox), or 0. Such a
file is read to its end, as players do. Any other size that is greater than what follows is that of
a file which was cut off, and is refused: half of a recording would get a wrong answer.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.common.graph.checks import check

PCM, FLOAT = 1, 3
_EXTENSIBLE = 0xFFFE
CODES = tuple(PCM * 100 + bits for bits in (8, 16, 24, 32)) + (FLOAT * 100 + 32, FLOAT * 100 + 64)
"""How samples may be coded: tag times 100 plus bits."""

_MAX_CHUNKS = 100
_MIN_RATE_HZ, _MAX_RATE_HZ = 1_000, 384_000
# A string of so many bytes cannot be served; sox writes 0x7FFFF000 where it does not know.
_UNKNOWN_BYTES = 0x7FFF_0000


class Layout(NamedTuple):
    """Where the samples lie and how they are coded; int64 scalars.

    Attributes:
        code: One of `CODES`.
        channels: At least 1.
        rate_hz: Of every channel.
        data_start: Where the samples begin in the file.
        data_bytes: How many bytes they take, whole frames of all channels.
    """

    code: tf.Tensor
    channels: tf.Tensor
    rate_hz: tf.Tensor
    data_start: tf.Tensor
    data_bytes: tf.Tensor


def read_layout(contents: tf.Tensor) -> Layout:
    """Reads the header; every way in which it can be wrong is an assertion here.

    Args:
        contents: The file's bytes, string scalar.

    Raises:
        tf.errors.InvalidArgumentError: If it is not a WAV file that can be read whole.
    """
    size = tf.cast(tf.strings.length(contents), tf.int64)
    # Padded, so that a file shorter than its header can be looked at too.
    head = tf.strings.join([tf.strings.substr(contents, 0, 12), "\0" * 12])
    is_riff = (tf.strings.substr(head, 0, 4) == b"RIFF") & (
        tf.strings.substr(head, 8, 4) == b"WAVE"
    )
    contents = check(contents, is_riff, "expected a WAV file, found bytes without its header")
    fmt_start, data_start, declared = _find_chunks(contents, size)
    contents = check(
        contents,
        (fmt_start > 0) & (data_start > 0),
        "the WAV file has no fmt chunk of at least 16 bytes before a data chunk; is it cut off?",
    )
    code, channels, rate_hz, frame_bytes = _format(contents, fmt_start)
    left = size - data_start
    is_open = (declared >= _UNKNOWN_BYTES) | (
        tf.equal(declared, 0) & tf.not_equal(_read_unsigned(contents, 4, 4), size - 8)
    )
    data_bytes = tf.where(is_open, left - left % tf.maximum(frame_bytes, 1), declared)
    for condition, message in (
        (
            tf.reduce_any(tf.equal(tf.constant(CODES, tf.int64), code)),
            "the WAV file is neither PCM of 8, 16, 24 or 32 "
            "bits nor floats of 32 or 64; convert it to 16-bit PCM",
        ),
        (channels > 0, "the WAV file declares no channel"),
        (
            (rate_hz >= _MIN_RATE_HZ) & (rate_hz <= _MAX_RATE_HZ),
            f"the WAV file declares a sample rate outside {_MIN_RATE_HZ} to {_MAX_RATE_HZ} Hz",
        ),
        (
            tf.equal(frame_bytes, channels * bytes_per_sample(code)),
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
        data_start = check(data_start, condition, message)
    return Layout(code, channels, rate_hz, data_start, data_bytes)


def bytes_per_sample(code: tf.Tensor) -> tf.Tensor:
    """Bytes that a sample of one channel takes."""
    return code % 100 // 8


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
        declared = _read_unsigned(contents, position + 4, 4)
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
    tag = _read_unsigned(contents, start, 2)
    size = tf.cast(tf.strings.length(contents), tf.int64)
    # In an extensible header the true tag begins the sub-format, 24 bytes in.
    subformat = tf.minimum(start + 24, size - 2)
    tag = tf.where(tf.equal(tag, _EXTENSIBLE), _read_unsigned(contents, subformat, 2), tag)
    code = tag * 100 + _read_unsigned(contents, start + 14, 2)
    return (
        code,
        _read_unsigned(contents, start + 2, 2),
        _read_unsigned(contents, start + 4, 4),
        _read_unsigned(contents, start + 12, 2),
    )


def _read_unsigned(contents: tf.Tensor, start: tf.Tensor, count: int) -> tf.Tensor:
    """Little-endian unsigned integer of `count` bytes, int64 scalar."""
    octets = tf.cast(
        tf.io.decode_raw(tf.strings.substr(contents, start, count), tf.uint8), tf.int64
    )
    return tf.reduce_sum(octets * tf.constant([256**i for i in range(count)], tf.int64))
