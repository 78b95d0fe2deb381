"""chinese_asr: the request that warms a served model up: a second and a half of a humming voice."""

from __future__ import annotations

import numpy as np

from modules.common.sound_files import wav_bytes

_RATE_HZ = 16_000
_SECONDS = 1.5
_PITCH_HZ = 140.0
_HARMONICS = 20


def hum() -> bytes:
    """Gives a WAV file of harmonics under a slow tremolo."""
    time_s = np.arange(int(_SECONDS * _RATE_HZ)) / _RATE_HZ
    waves = [
        np.sin(2 * np.pi * _PITCH_HZ * number * time_s) / number
        for number in range(1, _HARMONICS + 1)
    ]
    loudness = 0.2 * (1 - np.cos(2 * np.pi * 3 * time_s))
    return wav_bytes((loudness * np.sum(waves, axis=0)).astype(np.float32), _RATE_HZ)
