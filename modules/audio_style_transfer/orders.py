"""audio_style_transfer: what recordings can be used, checked in the graph."""

from __future__ import annotations

import tensorflow as tf

from modules.audio_style_transfer.network import WIDTH_FRAMES
from modules.common.graph.checks import check
from modules.common.sound import wav

# Of full scale, about three steps of 16 bits.
_SILENCE = 1e-4


def read_recording(
    name: str, content: tf.Tensor, rate_hz: int, hop: int, max_seconds: float
) -> tf.Tensor:
    """Reads a recording and checks that there is something to hear.

    Args:
        name: Of the input, for the errors.
        content: Bytes of a WAV file, string scalar.
        rate_hz: Rate that is wanted.
        hop: Samples from one frame to the next.
        max_seconds: A longer one is refused.

    Returns:
        float32 `[n]`, full scale is [-1, 1].

    Raises:
        tf.errors.InvalidArgumentError: If it is no WAV file, silent, too short or too long.
    """
    # One sample more than fits tells that it is too long.
    samples = wav.decode(content, rate_hz, max_seconds + 1.0)
    count = tf.size(samples)
    found_s = tf.strings.as_string(tf.cast(count, tf.float32) / rate_hz, precision=3)
    least = (WIDTH_FRAMES - 1) * hop
    samples = check(
        samples,
        count >= least,
        tf.strings.join(
            [f"{name}: expected at least {least / rate_hz:.3f} s of sound, found ", found_s]
        ),
    )
    samples = check(
        samples,
        count <= int(max_seconds * rate_hz),
        f"{name}: expected at most {max_seconds:g} s of sound, found more",
    )
    loudest = tf.reduce_max(tf.abs(samples))
    samples = check(
        samples,
        tf.math.is_finite(loudest),
        f"{name}: the recording holds samples that are not numbers",
    )
    return check(samples, loudest >= _SILENCE, f"{name}: the recording is silent")
