"""The recording of example requests is what it says."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from modules.common.sound.example_sound import RATE_HZ, recording


def test_it_is_a_tone_of_the_pitch_that_fades() -> None:
    samples, rate_hz = soundfile.read(io.BytesIO(recording(220.0)))
    assert rate_hz == RATE_HZ and len(samples) == 9600
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert abs(np.argmax(spectrum) * rate_hz / len(samples) - 220) < 2
    assert 0.2 < np.abs(samples).max() < 1
    halves = samples.reshape(2, -1)
    for half in halves:
        assert np.abs(half[:1200]).mean() > 3 * np.abs(half[-1200:]).mean()
