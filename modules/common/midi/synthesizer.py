"""Makes a matrix of notes heard. NumPy only.

Additive: a note is a few harmonic partials, the higher the fainter and the sooner gone, as of a
struck string.
"""

from __future__ import annotations

import numpy as np

from modules.common.midi.note_state import STEPS_PER_BEAT, list_notes

RATE_HZ = 44_100
TAIL_S = 0.5
"""What is heard after the last step: the last notes fade out."""

MAX_SECONDS = 900.0
PEAK = 0.9
"""What the loudest sample is brought down to, where notes together would be louder."""

_A4, _A4_HZ = 69, 440.0
_LOUDNESS = 0.2
# Amplitudes of the partials; those above the limit are left out.
_PARTIALS = (1.0, 0.45, 0.25, 0.14, 0.08, 0.05)
_HIGHEST_HZ = 16_000.0
_ATTACK_S = 0.004
_RELEASE_S = 0.08
# How fast the fundamental of A4 fades, in nepers a second; lower notes fade slower.
_FADING = 1.6
# After this much a note is 70 dB down.
_NEPERS_HEARD = 8.0


def synthesize(note_state: np.ndarray, bpm: float = 120.0) -> np.ndarray:
    """Plays a matrix.

    Args:
        note_state: `[steps, 156]`, as `modules.common.midi.note_state` says.
        bpm: Beats a minute, above 0.

    Returns:
        float32 `[n]` in [-PEAK, PEAK] at `RATE_HZ`: the steps, and `TAIL_S`. Silence is zeros.

    Raises:
        ValueError: If it would last longer than `MAX_SECONDS`.
    """
    step_s = 60 / bpm / STEPS_PER_BEAT
    seconds = len(note_state) * step_s
    if seconds > MAX_SECONDS:
        raise ValueError(
            f"expected music of at most {MAX_SECONDS:g} s, found {seconds:.0f} s; take fewer "
            f"steps, or more beats a minute"
        )
    sound = np.zeros(round((seconds + TAIL_S) * RATE_HZ), np.float32)
    notes = list_notes(note_state)
    starts = np.round(notes[:, 0] * step_s * RATE_HZ).astype(int)
    lengths = np.round(notes[:, 1] * step_s * RATE_HZ).astype(int) - starts
    for pitch in np.unique(notes[:, 2]):
        is_ours = notes[:, 2] == pitch
        longest = _struck(int(pitch), int(lengths[is_ours].max()))
        for start, length in zip(starts[is_ours], lengths[is_ours], strict=True):
            heard = _let_go(longest, int(length))
            # Rounding may put the last sample a little beyond the end.
            part = sound[start : start + len(heard)]
            part += heard[: len(part)]
    loudest = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(min(1.0, PEAK / loudest)) if loudest else sound


def _struck(pitch: int, samples: int) -> np.ndarray:
    """A note that is held for so many samples and then let go, without the release's fading.

    Returns:
        float32 `[n]`: shorter where it is no longer heard.
    """
    fundamental = _A4_HZ * 2 ** ((pitch - _A4) / 12)
    fading = _FADING * (fundamental / _A4_HZ) ** 0.5
    heard = int(_NEPERS_HEARD / fading * RATE_HZ)
    time_s = np.arange(min(samples + int(_RELEASE_S * RATE_HZ), heard)) / RATE_HZ
    fade = np.exp(-fading * time_s).astype(np.float32)
    sound = np.zeros(len(time_s), np.float32)
    # Turns are counted in double precision, the sine in single.
    turns = fundamental * time_s
    envelope = np.ones_like(fade)
    for partial, loudness in enumerate(_PARTIALS, 1):
        # The n-th partial fades n times as fast.
        envelope *= fade
        if partial * fundamental < _HIGHEST_HZ:
            phase = (partial * turns % 1.0).astype(np.float32)
            sound += loudness * envelope * np.sin(np.float32(2 * np.pi) * phase)
    attack = _ramp(int(_ATTACK_S * RATE_HZ))[: len(sound)]
    sound[: len(attack)] *= attack
    return np.float32(_LOUDNESS) * sound


def _let_go(struck: np.ndarray, samples: int) -> np.ndarray:
    """Fades a note out after so many samples."""
    release = _ramp(int(_RELEASE_S * RATE_HZ))[::-1]
    heard = struck[: samples + len(release)].copy()
    end = heard[samples:]
    end *= release[: len(end)]
    if samples >= len(struck):
        # The note is at an end by itself, 70 dB down.
        heard[-len(release) :] *= release[-len(heard) :]
    return heard


def _ramp(samples: int) -> np.ndarray:
    """From 0 to 1 without corners, float32 `[samples]`."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(samples) / samples)).astype(np.float32)
