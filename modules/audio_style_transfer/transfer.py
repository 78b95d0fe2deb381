"""audio_style_transfer: from two sounds to the one in the style of the other, of any length."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.audio_style_transfer import network as networks
from modules.audio_style_transfer.network import Losses, Network
from modules.audio_style_transfer.optimize import styled_frames
from modules.audio_style_transfer.pieces import in_pieces
from modules.common.griffin_lim import griffin_lim
from modules.common.tensors import Hparams


class Sizes(NamedTuple):
    """How sounds are cut up.

    Attributes:
        n_fft: Samples that a frame spans.
        hop: Samples from one frame to the next.
        piece_frames: Frames that are worked on together.
        overlap_frames: Of these, how many neighbours share at least.
        phase_rounds: Of Griffin-Lim.
    """

    n_fft: int
    hop: int
    piece_frames: int
    overlap_frames: int
    phase_rounds: int

    @classmethod
    def of(cls, hparams: Hparams) -> Sizes:
        """Reads them from the hyperparameters."""
        n_fft = int(hparams["n_fft"])
        frames_per_s = int(hparams["sample_rate_hz"]) / (n_fft // 4)
        return cls(
            n_fft=n_fft,
            hop=n_fft // 4,
            piece_frames=round(float(hparams["piece_seconds"]) * frames_per_s),
            overlap_frames=round(float(hparams["overlap_seconds"]) * frames_per_s),
            phase_rounds=int(hparams["phase_rounds"]),
        )


def frames_of(samples: tf.Tensor, sizes: Sizes) -> tf.Tensor:
    """Gives a sound's log magnitudes: samples float32 `[n]` to `[frames, bins]`."""
    frames = networks.log_magnitudes(samples, sizes.n_fft, sizes.hop)
    return tf.ensure_shape(frames, [None, sizes.n_fft // 2 + 1])


def styled(
    network: Network,
    sizes: Sizes,
    content: tf.Tensor,
    target_gram: tf.Tensor,
    content_weight: tf.Tensor,
    iterations: tf.Tensor,
) -> tf.Tensor:
    """Gives a sound in another's style.

    Args:
        network: The filters.
        sizes: How sounds are cut up.
        content: The sound, float32 `[n]`, at least `WIDTH_FRAMES` frames of it.
        target_gram: The style, float32 `[filters, filters]`.
        content_weight: float32 scalar, 0 or more.
        iterations: Of L-BFGS, for each piece, int32 scalar.

    Returns:
        float32 `[n]`, which may be beyond [-1, 1].
    """
    changed = in_pieces(
        lambda piece: styled_frames(network, piece, target_gram, content_weight, iterations),
        frames_of(content, sizes),
        sizes.piece_frames,
        sizes.overlap_frames,
    )
    magnitudes = tf.math.expm1(changed)
    return griffin_lim(magnitudes, sizes.hop, sizes.phase_rounds, length=tf.size(content))


def measured(
    network: Network,
    sizes: Sizes,
    samples: tf.Tensor,
    target_gram: tf.Tensor,
    content: tf.Tensor,
) -> Losses:
    """Measures a sound itself, as anyone can who has it: not what the optimizer arrived at.

    Args:
        network: The filters.
        sizes: How sounds are cut up.
        samples: The sound, float32 `[n]`.
        target_gram: The style, float32 `[filters, filters]`.
        content: The sound that it was made of, float32 `[n]`.
    """
    return networks.losses(
        network,
        frames_of(samples, sizes),
        target_gram,
        frames_of(content, sizes),
        sizes.piece_frames,
    )
