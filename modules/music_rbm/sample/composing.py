"""Composes small tunes by rule: a progression of chords, a bass, and a melody that follows them.

The music is plain on purpose: what a model can learn of it in a minute is what makes it music at
all, a key, chords, and a beat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modules.common.midi.note_state import LOWEST_PITCH, NOTES, PITCHES, STEPS_PER_BEAT

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
"""Semitones of the scales above their tonic; minor is the natural one."""

# Degrees of the scale, 0 is the tonic; all end so that the tonic may follow.
_PROGRESSIONS = {
    MAJOR: ((0, 5, 3, 4), (0, 3, 4, 4), (0, 4, 5, 3), (0, 3, 1, 4), (5, 3, 0, 4)),
    MINOR: ((0, 5, 2, 6), (0, 3, 6, 4), (0, 6, 5, 6), (0, 3, 5, 4)),
}
# Lengths of a melody's notes in a bar, in steps, by beats a bar.
_RHYTHMS = {
    4: ((4, 4, 4, 4), (8, 4, 4), (6, 2, 4, 4), (4, 2, 2, 8), (2, 2, 4, 6, 2), (4, 4, 2, 2, 2, 2)),
    2: ((4, 4), (2, 2, 4), (6, 2), (4, 2, 2), (2, 2, 2, 2), (8,)),
}
_PHRASE_BARS = 4
# Which phrase is played when: a tune comes back to what it began with.
_FORMS = ("AABA", "ABAB", "ABAC", "AABB")
_LOWEST_BASS, _LOWEST_CHORD, _LOWEST_MELODY, _HIGHEST_MELODY = 36, 52, 67, 84
_TONICS = (0, 2, 4, 5, 7, 9, 10)
_TEMPI_BPM = (84, 96, 108, 120, 132)


@dataclass(frozen=True, kw_only=True)
class Composition:
    """A tune.

    Attributes:
        note_state: bool `[steps, NOTES]`.
        beats_a_bar: 2 or 4.
        bpm: Beats a minute.
        tonic: Pitch class of the key, 0 (C) to 11.
        scale: `MAJOR` or `MINOR`.
        chords: Pitch classes of the chord of each bar.
    """

    note_state: np.ndarray
    beats_a_bar: int
    bpm: int
    tonic: int
    scale: tuple[int, ...]
    chords: tuple[tuple[int, ...], ...]


def compose(random: np.random.Generator) -> Composition:
    """Composes a tune of sixteen bars: four phrases of four chords, one chord a bar.

    Args:
        random: Where the choices come from; the same state gives the same tune.
    """
    scale = (MAJOR, MINOR)[int(random.random() < 0.4)]
    tonic = int(random.choice(_TONICS))
    beats = int(random.choice((2, 4)))
    form = str(random.choice(_FORMS))
    phrases = {}
    for name in sorted(set(form)):
        progression = _PROGRESSIONS[scale][int(random.integers(len(_PROGRESSIONS[scale])))]
        phrases[name] = _Phrase(random, tonic, scale, beats, progression)
    bars = [bar for name in form for bar in phrases[name].bars]
    chords = [chord for name in form for chord in phrases[name].chords]
    bars[-1] = _last_bar(tonic, scale, beats)
    chords[-1] = _triad(tonic, scale, 0)
    return Composition(
        note_state=np.concatenate(bars),
        beats_a_bar=beats,
        bpm=int(random.choice(_TEMPI_BPM)),
        tonic=tonic,
        scale=scale,
        chords=tuple(chords),
    )


class _Phrase:
    """Four bars that belong together: one accompaniment, and a melody that moves by small steps.

    Attributes:
        chords: Pitch classes of each bar's chord.
        bars: bool `[steps of a bar, NOTES]` each.
    """

    def __init__(
        self,
        random: np.random.Generator,
        tonic: int,
        scale: tuple[int, ...],
        beats: int,
        progression: tuple[int, ...],
    ) -> None:
        self.chords = [_triad(tonic, scale, degree) for degree in progression]
        self.bars = []
        accompany = (_hold_chord, _break_chord, _on_every_beat)[int(random.integers(3))]
        in_key = [
            pitch
            for pitch in range(_LOWEST_MELODY, _HIGHEST_MELODY + 1)
            if (pitch - tonic) % 12 in scale
        ]
        rhythms = [_RHYTHMS[beats][int(random.integers(len(_RHYTHMS[beats])))] for _ in range(2)]
        place = len(in_key) // 2
        for number, chord in enumerate(self.chords):
            bar = np.zeros((beats * STEPS_PER_BEAT, NOTES), bool)
            accompany(bar, chord)
            place = _melody(random, bar, chord, rhythms[number % 2], in_key, place)
            self.bars.append(bar)


def _triad(tonic: int, scale: tuple[int, ...], degree: int) -> tuple[int, ...]:
    """The pitch classes of a chord, its root first."""
    return tuple((tonic + scale[(degree + third) % len(scale)]) % 12 for third in (0, 2, 4))


def _above(lowest: int, pitch_class: int) -> int:
    """The first pitch of a class from `lowest` on."""
    return lowest + (pitch_class - lowest) % 12


def _play(bar: np.ndarray, pitch: int, start: int, steps: int) -> None:
    column = pitch - LOWEST_PITCH
    bar[start : start + steps, column] = True
    bar[start, PITCHES + column] = True


def _hold_chord(bar: np.ndarray, chord: tuple[int, ...]) -> None:
    """Bass and chord, both for the whole bar."""
    _play(bar, _above(_LOWEST_BASS, chord[0]), 0, len(bar))
    for pitch_class in chord:
        _play(bar, _above(_LOWEST_CHORD, pitch_class), 0, len(bar))


def _on_every_beat(bar: np.ndarray, chord: tuple[int, ...]) -> None:
    """Bass on the root, then on the fifth; the chord struck again with every beat."""
    half = len(bar) // 2
    _play(bar, _above(_LOWEST_BASS, chord[0]), 0, half)
    _play(bar, _above(_LOWEST_BASS, chord[2]), half, half)
    for start in range(0, len(bar), STEPS_PER_BEAT):
        for pitch_class in chord:
            _play(bar, _above(_LOWEST_CHORD, pitch_class), start, STEPS_PER_BEAT)


def _break_chord(bar: np.ndarray, chord: tuple[int, ...]) -> None:
    """Bass for the whole bar; the chord's notes one after the other, two a beat."""
    _play(bar, _above(_LOWEST_BASS, chord[0]), 0, len(bar))
    low, middle, high = sorted(_above(_LOWEST_CHORD, pitch_class) for pitch_class in chord)
    length = STEPS_PER_BEAT // 2
    for number, start in enumerate(range(0, len(bar), length)):
        _play(bar, (low, high, middle, high)[number % 4], start, length)


def _melody(
    random: np.random.Generator,
    bar: np.ndarray,
    chord: tuple[int, ...],
    rhythm: tuple[int, ...],
    in_key: list[int],
    place: int,
) -> int:
    """Writes a bar of melody: chord notes on the beat, notes of the key between them.

    Returns:
        The place in `in_key` of its last note, from which the next bar goes on.
    """
    of_chord = [number for number, pitch in enumerate(in_key) if pitch % 12 in chord]
    start = 0
    for length in rhythm:
        if start % STEPS_PER_BEAT == 0:
            # The nearest three: mostly small steps, sometimes a leap.
            nearest = sorted(of_chord, key=lambda other: abs(other - place))[:3]
            place = int(random.choice(nearest))
        else:
            place += int(random.choice((-1, 1)))
            place = min(max(place, 0), len(in_key) - 1)
        _play(bar, in_key[place], start, length)
        start += length
    return place


def _last_bar(tonic: int, scale: tuple[int, ...], beats: int) -> np.ndarray:
    """The tonic's chord, held, and the tonic above it."""
    bar = np.zeros((beats * STEPS_PER_BEAT, NOTES), bool)
    _hold_chord(bar, _triad(tonic, scale, 0))
    _play(bar, _above(_LOWEST_MELODY, tonic), 0, len(bar))
    return bar
