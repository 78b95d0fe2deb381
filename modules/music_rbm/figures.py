"""music_rbm: what music is like, in six figures, by which drawn music is set beside real."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

import numpy as np

from modules.common.midi.note_state import STEPS_PER_BEAT, list_notes
from modules.music_rbm.hearing import BAR, OCTAVE

_MAJOR = (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What pieces are like; means of the figures of each, NaN where no piece has one.

    Attributes:
        notes_a_bar: Notes that are struck in sixteen steps.
        class_entropy: Of how often each pitch class is struck, in bits; seven alike have 2.81.
        in_key: Share of the notes that are in the major scale which has the most of them.
        on_the_beat: Share of the notes that are struck on a beat.
        steps_a_note: How long a note sounds.
        interval: Semitones between the highest notes of steps in which something is struck, one
            after the other.
    """

    notes_a_bar: float
    class_entropy: float
    in_key: float
    on_the_beat: float
    steps_a_note: float
    interval: float

    def beside(self, other: Figures) -> str:
        """Says the figures, each with that of other music in brackets."""
        pairs = zip(fields(self), astuple(self), astuple(other), strict=True)
        return ", ".join(
            f"{field.name.replace('_', ' ')} {own:.2f} ({others:.2f})"
            for field, own, others in pairs
        )


def measure(pieces: Iterable[np.ndarray]) -> Figures:
    """Measures pieces; those without a note are left out.

    Args:
        pieces: `[steps, 156]` each, as `modules.common.midi.note_state` says.
    """
    found = [_measure(notes, len(piece)) for piece in pieces if len(notes := list_notes(piece))]
    table = np.array(found or [[np.nan] * len(fields(Figures))])
    known = ~np.isnan(table)
    sums, counts = np.where(known, table, 0).sum(axis=0), known.sum(axis=0)
    means = np.where(counts > 0, sums, np.nan) / np.maximum(counts, 1)
    return Figures(**dict(zip((field.name for field in fields(Figures)), means, strict=True)))


def _measure(notes: np.ndarray, steps: int) -> list[float]:
    """Measures the notes of a piece, as `list_notes` gives them, in the order of `Figures`."""
    starts, ends, pitches = notes.T
    classes = np.bincount(pitches % OCTAVE, minlength=OCTAVE) / len(notes)
    used = classes[classes > 0]
    scales = [classes[[(tonic + degree) % OCTAVE for degree in _MAJOR]] for tonic in range(OCTAVE)]
    # Notes are in the order of steps and then of pitches: the last of a step is its highest.
    highest = pitches[np.append(np.diff(starts) > 0, True)]
    intervals = np.abs(np.diff(highest))
    return [
        len(notes) / steps * BAR,
        float(-(used * np.log2(used)).sum()),
        float(max(scale.sum() for scale in scales)),
        float((starts % STEPS_PER_BEAT == 0).mean()),
        float((ends - starts).mean()),
        float(intervals.mean()) if len(intervals) else np.nan,
    ]
