"""audio_style_transfer: the recordings of the example request: a tone that fades, twice."""

from __future__ import annotations

import numpy as np

from modules.common.sound_files import wav_bytes

RATE_HZ = 16_000
_SECONDS = 0.6


def recording(tone_hz: float) -> bytes:
    """Makes the bytes of a WAV file of 0.6 s at 16 kHz.

    Args:
        tone_hz: Fundamental frequency.
    """
    time_s = np.arange(int(_SECONDS * RATE_HZ)) / RATE_HZ
    fading = np.exp(-8.0 * (time_s % (_SECONDS / 2)))
    partials = sum(np.sin(2 * np.pi * tone_hz * k * time_s) / k for k in (1, 2, 3))
    return wav_bytes(0.3 * fading * partials, RATE_HZ)
