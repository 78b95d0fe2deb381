"""audio_style_transfer: synthesizes clips: plucked melodies, rhythms of noise, sung vowels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from modules.audio_style_transfer.task import Settings
from modules.common.sound.sound_files import wav_bytes

_RATE_HZ = 22_050
_MIN_S, _MAX_S = 5.0, 8.0
_SCALE_SEMITONES = (0, 2, 4, 7, 9, 12, 14, 16)
_PEAK = 0.7
# First three formants of some vowels, in Hz, and their widths.
_VOWELS_HZ = ((800, 1200, 2600), (450, 2000, 2800), (300, 2300, 3000), (500, 900, 2500))
_WIDTHS_HZ = (80.0, 100.0, 140.0)


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `<kind>_<number>.wav`, the kinds in turn, 5 to 8 s each.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_clips` says how many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {"pluck": _melody, "rhythm": _rhythm, "voice": _voice}
    for number in range(settings.sample_clips):
        rng = np.random.default_rng([settings.seed, number])
        kind, synthesize = list(kinds.items())[number % len(kinds)]
        samples = synthesize(rng, int(rng.uniform(_MIN_S, _MAX_S) * _RATE_HZ))
        samples *= _PEAK / np.abs(samples).max()
        (folder / f"{kind}_{number:02}.wav").write_bytes(wav_bytes(samples, _RATE_HZ))


def _melody(rng: np.random.Generator, length: int) -> np.ndarray:
    """Plucked strings (K. Karplus & A. Strong, 1983): noise that circles and is averaged."""
    samples = np.zeros(length)
    base_hz = rng.uniform(110, 220)
    step = int(rng.uniform(0.18, 0.35) * _RATE_HZ)
    for begin in range(0, length, step):
        tone_hz = base_hz * 2 ** (rng.choice(_SCALE_SEMITONES) / 12)
        period = int(_RATE_HZ / tone_hz)
        pluck = np.zeros(length - begin)
        pluck[:period] = rng.uniform(-1, 1, min(period, len(pluck)))
        feedback = np.zeros(period + 2)
        feedback[0], feedback[period], feedback[period + 1] = 1, -0.498, -0.498
        samples[begin:] += lfilter([1.0], feedback, pluck)
    return samples


def _rhythm(rng: np.random.Generator, length: int) -> np.ndarray:
    """Bursts of noise on a grid, of two or three kinds as a drum has."""
    samples = np.zeros(length)
    step = int(rng.uniform(0.11, 0.17) * _RATE_HZ)
    kinds = rng.integers(0, 3, 8)
    for beat, begin in enumerate(range(0, length, step)):
        time_s = np.arange(length - begin) / _RATE_HZ
        kind = kinds[beat % len(kinds)]
        if kind == 0:
            hit = np.sin(2 * np.pi * (55 * time_s + 3 * (1 - np.exp(-30 * time_s))))
            samples[begin:] += hit * np.exp(-12 * time_s)
        else:
            hit = rng.standard_normal(len(time_s)) * np.exp(-(25 * kind) * time_s)
            samples[begin:] += 0.4 * (lfilter([1, -0.95], [1], hit) if kind == 2 else hit)
    return samples


def _voice(rng: np.random.Generator, length: int) -> np.ndarray:
    """Vowels sung one after the other: pulses with vibrato through formants."""
    samples = np.zeros(length)
    base_hz = rng.uniform(100, 220)
    begin = 0
    while begin < length:
        count = min(int(rng.uniform(0.3, 0.6) * _RATE_HZ), length - begin)
        time_s = np.arange(count) / _RATE_HZ
        tone_hz = base_hz * 2 ** (rng.integers(-4, 5) / 12)
        cycles = np.cumsum(tone_hz * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * time_s)) / _RATE_HZ)
        sound = np.diff(np.floor(cycles), prepend=0.0) + 0.005 * rng.standard_normal(count)
        for centre_hz, width_hz in zip(
            _VOWELS_HZ[rng.integers(len(_VOWELS_HZ))], _WIDTHS_HZ, strict=True
        ):
            radius = np.exp(-np.pi * width_hz / _RATE_HZ)
            angle = 2 * np.pi * centre_hz / _RATE_HZ
            sound = lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], sound)
        edge = np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.04 * _RATE_HZ)
        samples[begin : begin + count] = sound / np.abs(sound).max() * np.minimum(edge, 1)
        begin += count
    return samples
