"""audio_style_transfer: what a request holds, checked in the graph."""

from __future__ import annotations

import tensorflow as tf

from modules.audio_style_transfer.network import WIDTH_FRAMES
from modules.audio_style_transfer.task import MAX_ITERATIONS
from modules.common.graph.checks import check, check_each
from modules.common.graph.tensors import Tensors
from modules.common.sound import wav

# Of full scale, about three steps of 16 bits.
_SILENCE = 1e-4


def settings(raw: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
    """Checks a batch's numbers.

    Args:
        raw: `content_weight`, float32 `[batch]`, and `iterations`, int64 `[batch]`.

    Returns:
        The weights, float32 `[batch]`, and the iterations, int32 `[batch]`.

    Raises:
        tf.errors.InvalidArgumentError: If one is out of its range.
    """
    weights, iterations = raw["content_weight"], raw["iterations"]
    # A comparison with what is no number is false.
    fits = (weights >= 0) & (weights < float("inf"))
    weights = check_each("content_weight: expected 0 or more", weights, fits)
    fits = (iterations >= 1) & (iterations <= MAX_ITERATIONS)
    iterations = check_each(f"iterations: expected 1 to {MAX_ITERATIONS}", iterations, fits)
    return weights, tf.cast(iterations, tf.int32)


def recording(
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
