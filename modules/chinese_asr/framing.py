"""chinese_asr: how sound is cut into frames, and what a frame holds. No TensorFlow."""

from __future__ import annotations

FRAME_S = 0.048
HOP_S = 0.03
MELS = 40
CEPSTRA = 20


def frame_samples(sample_rate_hz: int) -> int:
    """Samples in a frame."""
    return round(FRAME_S * sample_rate_hz)


def hop_samples(sample_rate_hz: int) -> int:
    """Samples from the middle of one frame to that of the next."""
    return round(HOP_S * sample_rate_hz)
