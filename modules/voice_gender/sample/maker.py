"""voice_gender: recordings of synthetic voices: a source-filter synthesizer.

A glottal pulse train with jitter, shimmer and breath goes through the formants of Mandarin vowels;
each syllable has one of the four tones. Men have longer vocal tracts and lower voices on average,
and both overlap between the sexes as in people: fundamental about 120 Hz (85 to 180) for men and
205 Hz (150 to 270) for women, each with a speaker's own mean. The sample shows that the pipeline
runs; it is not a measure of what the model can do with people.

Source: G. Fant, "Acoustic Theory of Speech Production" (1960) for the source-filter model; A. E.
Rosenberg, "Effect of Glottal Pulse Shape on the Quality of Natural Vowels" (1971) for the pulse.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import lfilter

from modules.voice_gender.properties import SAMPLE_RATE_HZ
from modules.voice_gender.task import Settings

_RECORDINGS_PER_SPEAKER = 4

# First four formants of a woman's vowels, in Hz.
_VOWELS_HZ = {
    "a": (1000, 1500, 2900, 4100),
    "o": (650, 1000, 2850, 4000),
    "e": (600, 1300, 2850, 4050),
    "i": (320, 2700, 3350, 4250),
    "u": (370, 780, 2700, 3950),
    "v": (330, 2150, 2750, 4000),
}
_BANDWIDTHS_HZ = (70.0, 90.0, 140.0, 220.0)
# Pitch at the syllable's beginning, middle and end, in semitones around the speaker's mean.
_TONES = ((2.0, 2.0, 2.0), (-2.0, 0.0, 2.5), (-2.0, -4.0, -1.0), (3.0, 0.5, -3.5))


@dataclass(frozen=True)
class _Speaker:
    """One voice.

    Attributes:
        mean_hz: Mean fundamental frequency.
        formant_scale: Formants relative to the table's.
        open_share: Share of the glottal cycle in which the glottis is open.
        breath: Amplitude of the breath noise relative to the pulses.
        pitch_range: How lively the tones are; 1 is as the table says.
    """

    mean_hz: float
    formant_scale: float
    open_share: float
    breath: float
    pitch_range: float


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `female/` and `male/` with 16-bit WAV files of 1 to 2 s at 16 kHz.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_recordings` says how many,
            four of each speaker, half of each sex.
    """
    count = settings.sample_recordings
    speakers = max(count // _RECORDINGS_PER_SPEAKER, 2)
    rng = np.random.default_rng(settings.seed)
    voices = [_draw_speaker(rng, is_female=number % 2 == 0) for number in range(speakers)]
    for label in ("female", "male"):
        (folder / label).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        who = number % speakers
        label = "female" if who % 2 == 0 else "male"
        path = folder / label / f"s{who:03d}_{number // speakers:02d}.wav"
        soundfile.write(path, _speak(rng, voices[who]), SAMPLE_RATE_HZ, subtype="PCM_16")


def _draw_speaker(rng: np.random.Generator, is_female: bool) -> _Speaker:
    mean_hz, spread, low, high = (205, 0.11, 150, 270) if is_female else (120, 0.14, 85, 180)
    return _Speaker(
        mean_hz=float(np.clip(mean_hz * np.exp(spread * rng.standard_normal()), low, high)),
        formant_scale=float(rng.normal(1.0 if is_female else 0.87, 0.035)),
        open_share=float(np.clip(rng.normal(0.68 if is_female else 0.58, 0.05), 0.4, 0.85)),
        breath=float(rng.uniform(0.02, 0.12 if is_female else 0.08)),
        pitch_range=float(rng.uniform(0.6, 1.3)),
    )


def _speak(rng: np.random.Generator, speaker: _Speaker) -> np.ndarray:
    """Samples `[n]` in [-1, 1] of a few syllables in a room."""
    syllables = int(rng.integers(4, 8))
    parts = [np.zeros(int(rng.uniform(0.03, 0.15) * SAMPLE_RATE_HZ))]
    for position in range(syllables):
        declination = 1.5 - 3.0 * position / (syllables - 1)
        parts.append(_syllable(rng, speaker, declination))
        parts.append(np.zeros(int(rng.uniform(0.0, 0.08) * SAMPLE_RATE_HZ)))
    voice = np.concatenate(parts)
    voice /= np.abs(voice).max()
    room = lfilter([1.0], [1.0, -0.9], rng.standard_normal(len(voice)))
    noise_db = rng.uniform(-50, -25)
    sound = voice + room / room.std() * 10 ** (noise_db / 20)
    return sound / np.abs(sound).max() * rng.uniform(0.2, 0.95)


def _syllable(rng: np.random.Generator, speaker: _Speaker, declination: float) -> np.ndarray:
    """Samples of one vowel, `declination` semitones above the speaker's mean."""
    count = int(rng.uniform(0.14, 0.28) * SAMPLE_RATE_HZ)
    time = np.linspace(0, 1, count)
    tone = np.interp(time, (0, 0.5, 1), _TONES[rng.integers(len(_TONES))])
    vibrato = 0.15 * np.sin(2 * np.pi * (5 * time * count / SAMPLE_RATE_HZ + rng.random()))
    semitones = declination + speaker.pitch_range * tone + vibrato
    pulses = _glottal_pulses(rng, speaker, speaker.mean_hz * 2 ** (semitones / 12))
    sound = pulses + speaker.breath * rng.standard_normal(count) * (0.3 + np.abs(pulses))
    vowel = list(_VOWELS_HZ)[rng.integers(len(_VOWELS_HZ))]
    wobble = rng.normal(1.0, 0.03, len(_BANDWIDTHS_HZ))
    for formant_hz, bandwidth_hz, factor in zip(
        _VOWELS_HZ[vowel], _BANDWIDTHS_HZ, wobble, strict=True
    ):
        sound = _resonate(sound, formant_hz * speaker.formant_scale * factor, bandwidth_hz)
    rise = np.minimum(1, np.minimum(time / 0.1, (1 - time) / 0.2))
    return sound / np.abs(sound).max() * rise * rng.uniform(0.5, 1.0)


def _glottal_pulses(
    rng: np.random.Generator, speaker: _Speaker, pitch_hz: np.ndarray
) -> np.ndarray:
    """Derivative of Rosenberg's glottal flow along a pitch contour `[n]`, with jitter, shimmer."""
    cycles = np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    which = cycles.astype(int)
    jitter = rng.normal(0, 0.008, which[-1] + 2)
    phase = np.clip(cycles - which + jitter[which], 0, 1)
    closing = 0.35 * speaker.open_share
    opening = speaker.open_share - closing
    is_opening = phase < opening
    is_closing = ~is_opening & (phase < speaker.open_share)
    slope = np.where(is_opening, np.sin(np.pi * phase / opening) * np.pi / (2 * opening), 0.0)
    fall = np.sin(np.pi / 2 * (phase - opening) / closing) * np.pi / (2 * closing)
    shimmer = rng.normal(1.0, 0.04, which[-1] + 2)
    return np.where(is_closing, -fall, slope) * shimmer[which]


def _resonate(sound: np.ndarray, formant_hz: float, bandwidth_hz: float) -> np.ndarray:
    """Two-pole resonator with unit gain at 0 Hz."""
    radius = np.exp(-np.pi * bandwidth_hz / SAMPLE_RATE_HZ)
    feedback = [1.0, -2 * radius * np.cos(2 * np.pi * formant_hz / SAMPLE_RATE_HZ), radius**2]
    return lfilter([sum(feedback)], feedback, sound)
