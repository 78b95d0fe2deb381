"""audio_style_transfer: from two sounds to the one in the style of the other, of any length."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.audio_style_transfer import network as networks
from modules.audio_style_transfer.griffin_lim import griffin_lim
from modules.audio_style_transfer.network import Losses, Network
from modules.audio_style_transfer.optimize import restyle_frames
from modules.audio_style_transfer.pieces import in_pieces
from modules.audio_style_transfer.task import Settings

# Of log magnitudes: inaudible, since a sine of full scale has one of 6.
_LEAST_LOUDEST = 1e-2
# Of a pass: with fewer, phases lose more than they gain.
_LEAST_ITERATIONS = 10
# Griffin-Lim's rounds between passes are as many times fewer.
_FEWER_ROUNDS = 4


class Sizes(NamedTuple):
    """How sounds are cut up.

    Attributes:
        n_fft: Samples that a frame spans.
        hop: Samples from one frame to the next.
        piece_frames: Frames that are worked on together.
        overlap_frames: Of these, how many neighbours share at least.
        passes: How often a sound is made of magnitudes, and worked on again, at most.
        phase_rounds: Of Griffin-Lim, in the last pass.
    """

    n_fft: int
    hop: int
    piece_frames: int
    overlap_frames: int
    passes: int
    phase_rounds: int

    @classmethod
    def of(cls, settings: Settings) -> Sizes:
        """Reads them from the settings."""
        n_fft = settings.n_fft
        frames_per_s = settings.sample_rate_hz / (n_fft // 4)
        return cls(
            n_fft=n_fft,
            hop=n_fft // 4,
            piece_frames=round(settings.piece_seconds * frames_per_s),
            overlap_frames=round(settings.overlap_seconds * frames_per_s),
            passes=settings.passes,
            phase_rounds=settings.phase_rounds,
        )


class Style(NamedTuple):
    """What a sound shall be like.

    Attributes:
        gram: Mean products of the features, float32 `[filters, filters]`.
        loudest: Largest log magnitude of each frequency, float32 `[bins]`.
    """

    gram: tf.Tensor
    loudest: tf.Tensor


def style_of(network: Network, sizes: Sizes, samples: tf.Tensor) -> Style:
    """Says what a sound of any length is like; samples float32 `[n]`."""
    frames = frames_of(samples, sizes)
    gram = networks.gram(network, frames, sizes.piece_frames)
    return Style(gram, tf.reduce_max(frames, axis=0))


def frames_of(samples: tf.Tensor, sizes: Sizes) -> tf.Tensor:
    """Gives a sound's log magnitudes: samples float32 `[n]` to `[frames, bins]`."""
    frames = networks.log_magnitudes(samples, sizes.n_fft, sizes.hop)
    return tf.ensure_shape(frames, [None, sizes.n_fft // 2 + 1])


def apply_style(
    network: Network,
    sizes: Sizes,
    content: tf.Tensor,
    style: Style,
    content_weight: tf.Tensor,
    iterations: tf.Tensor,
) -> tf.Tensor:
    """Gives a sound in another's style.

    Not every picture of magnitudes is that of a sound: what the optimizer arrives at is lost in
    part when phases are found. So that is done several times, and each pass begins with the sound
    that the last one made, the first with the content.

    Args:
        network: The filters.
        sizes: How sounds are cut up.
        content: The sound, float32 `[n]`, at least `WIDTH_FRAMES` frames of it.
        style: What it shall be like.
        content_weight: float32 scalar, 0 or more.
        iterations: Of L-BFGS, for each piece, in all passes together, int32 scalar.

    Returns:
        float32 `[n]`, which may be beyond [-1, 1].
    """
    before = frames_of(content, sizes)
    loudest = tf.maximum(style.loudest, tf.reduce_max(before, axis=0)) + _LEAST_LOUDEST
    passes = tf.clip_by_value(iterations // _LEAST_ITERATIONS, 1, sizes.passes)
    each = iterations // passes
    rest = iterations - each * (passes - 1)  # For the last pass.

    def step(number: tf.Tensor, sound: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        is_last = number == passes - 1
        changed = in_pieces(
            lambda piece, wanted: restyle_frames(
                network,
                piece,
                wanted,
                style.gram,
                loudest,
                content_weight,
                tf.where(is_last, rest, each),
            ),
            (frames_of(sound, sizes), before),
            sizes.piece_frames,
            sizes.overlap_frames,
        )
        rounds = tf.where(is_last, sizes.phase_rounds, sizes.phase_rounds // _FEWER_ROUNDS)
        magnitudes = tf.math.expm1(changed)
        return number + 1, griffin_lim(magnitudes, sizes.hop, rounds, length=tf.size(content))

    _, sound = tf.while_loop(
        lambda number, _: number < passes,
        step,
        (tf.constant(0), content),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
        parallel_iterations=1,
    )
    return sound


def measure_losses(
    network: Network,
    sizes: Sizes,
    samples: tf.Tensor,
    style: Style,
    content: tf.Tensor,
) -> Losses:
    """Measures a sound itself, as anyone can who has it: not what the optimizer arrived at.

    Args:
        network: The filters.
        sizes: How sounds are cut up.
        samples: The sound, float32 `[n]`.
        style: What it shall be like.
        content: The sound that it was made of, float32 `[n]`.
    """
    return networks.losses(
        network,
        frames_of(samples, sizes),
        style.gram,
        frames_of(content, sizes),
        sizes.piece_frames,
    )
