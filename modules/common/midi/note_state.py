"""Music as a matrix: which pitches sound and which are struck, four steps a beat.

`from_midi` and `to_midi` are each other's inverse on what the matrix can say: a tune that was
written from a matrix is read back as that matrix, up to silence after its last note. What it
cannot say is lost: velocities, tempo, the pedal, and which hand or voice a note belongs to.
NumPy and mido only.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from modules.common.midi.midi_files import Notes, read_notes

LOWEST_PITCH = 24
"""C1; the highest is 101, F7."""

PITCHES = 78
STEPS_PER_BEAT = 4

NOTES = 2 * PITCHES
"""Columns of a matrix: the pitches that sound, then those that are struck."""

_TICKS_PER_STEP = 120
_VELOCITY_ON_BEAT, _VELOCITY = 88, 76


@dataclass(frozen=True, kw_only=True)
class Tune:
    """A tune that was read.

    Attributes:
        note_state: bool `[steps, NOTES]`, to the end of the last note.
        metres: Those in which it stands, such as `("2/4", "4/4")`.
        outside: How many notes were dropped, their pitch being out of range.
    """

    note_state: np.ndarray
    metres: tuple[str, ...]
    outside: int


def from_midi(midi: bytes | str | Path) -> np.ndarray:
    """Reads a MIDI file as a matrix; see `read_tune`.

    Args:
        midi: The file's bytes, or its path.

    Returns:
        bool `[steps, NOTES]`.

    Raises:
        MidiError: If it cannot be read.
        OSError: If there is no such file.
    """
    contents = midi if isinstance(midi, bytes) else Path(midi).read_bytes()
    return read_tune(contents).note_state


def read_tune(contents: bytes) -> Tune:
    """Reads a MIDI file.

    A note is struck in the step nearest to where it begins (of two as near, the later) and sounds
    until the step nearest to its end, but at least in the step in which it is struck. Pitches
    below 24 and above 101 are dropped: an octave higher or lower they would be other music.

    Args:
        contents: The file's bytes.

    Raises:
        MidiError: If it is no MIDI file that can be read; `midi.midi_files` says when.
    """
    notes = read_notes(contents)
    is_inside = (notes.pitches >= LOWEST_PITCH) & (notes.pitches < LOWEST_PITCH + PITCHES)
    starts = _nearest_step(notes.starts[is_inside], notes)
    ends = np.maximum(_nearest_step(notes.ends[is_inside], notes), starts + 1)
    pitches = notes.pitches[is_inside] - LOWEST_PITCH
    steps = int(ends.max(initial=0))
    begun = np.zeros((steps + 1, PITCHES), np.int32)
    np.add.at(begun, (starts, pitches), 1)
    changes = begun.copy()
    np.subtract.at(changes, (ends, pitches), 1)
    sounding = np.cumsum(changes, axis=0) > 0
    return Tune(
        note_state=np.concatenate([sounding, begun > 0], axis=1)[:steps],
        metres=notes.metres,
        outside=int((~is_inside).sum()),
    )


def _nearest_step(ticks: np.ndarray, notes: Notes) -> np.ndarray:
    return (2 * STEPS_PER_BEAT * ticks + notes.ticks_per_beat) // (2 * notes.ticks_per_beat)


def consistent(note_state: np.ndarray) -> np.ndarray:
    """Mends what cannot be played: a note that is struck sounds, one that begins is struck.

    Args:
        note_state: `[steps, NOTES]`, of bool or numbers; what is not zero is true.

    Returns:
        bool `[steps, NOTES]`; a matrix of `from_midi` stays as it is.

    Raises:
        ValueError: If it is no matrix of `NOTES` columns.
    """
    given = np.asarray(note_state) != 0
    if given.ndim != 2 or given.shape[1] != NOTES:
        raise ValueError(f"expected a matrix [steps, {NOTES}], found {list(given.shape)}")
    sounding = given[:, :PITCHES] | given[:, PITCHES:]
    before = np.concatenate([np.zeros((1, PITCHES), bool), sounding])[:-1]
    return np.concatenate([sounding, given[:, PITCHES:] | (sounding & ~before)], axis=1)


def list_notes(note_state: np.ndarray) -> np.ndarray:
    """Gives the notes of a matrix.

    Args:
        note_state: `[steps, NOTES]`; what `consistent` mends is mended.

    Returns:
        int64 `[notes, 3]`, by step and pitch: the step in which a note is struck, the one in which
        it no longer sounds or is struck again, and its pitch.

    Raises:
        ValueError: If it is no matrix of `NOTES` columns.
    """
    state = consistent(note_state)
    sounding, struck = state[:, :PITCHES], state[:, PITCHES:]
    silence = np.zeros((1, PITCHES), bool)
    ended = np.concatenate([silence, sounding]) & ~np.concatenate([sounding & ~struck, silence])
    # Of each pitch, beginnings and ends take turns.
    pitches, starts = np.nonzero(struck.T)
    _, ends = np.nonzero(ended.T)
    return np.stack([starts, ends, pitches + LOWEST_PITCH], axis=1)[np.lexsort((pitches, starts))]


def to_midi(note_state: np.ndarray, bpm: float = 120.0, beats_a_bar: int = 4) -> bytes:
    """Writes a matrix as a MIDI file for a piano, in one track.

    Args:
        note_state: `[steps, NOTES]`; what `consistent` mends is mended.
        bpm: Beats a minute, 4 to 1000.
        beats_a_bar: 4 for 4/4, 2 for 2/4; what is read does not depend on it.

    Returns:
        The file's bytes. The track ends with the last step.

    Raises:
        ValueError: If it is no matrix of `NOTES` columns.
    """
    notes = list_notes(note_state)
    # By step; in a step, ends (0) before beginnings (1), since a note may be struck again.
    ends, begins = (
        np.insert(notes[:, [column, 2]], 1, kind, axis=1) for kind, column in enumerate((1, 0))
    )
    events = np.concatenate([ends, begins])
    events = events[np.lexsort(events.T[::-1])]
    delays = np.diff(events[:, 0], prepend=0) * _TICKS_PER_STEP
    track = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)),
            mido.MetaMessage("time_signature", numerator=beats_a_bar, denominator=4),
            mido.Message("program_change", program=0),
        ]
    )
    for (step, begins, pitch), delay in zip(events.tolist(), delays.tolist(), strict=True):
        loud = _VELOCITY if step % STEPS_PER_BEAT else _VELOCITY_ON_BEAT
        track.append(
            mido.Message(
                "note_on" if begins else "note_off",
                note=pitch,
                velocity=loud if begins else 0,
                time=delay,
            )
        )
    last = int(events[-1, 0]) if len(events) else 0
    rest = (len(note_state) - last) * _TICKS_PER_STEP
    track.append(mido.MetaMessage("end_of_track", time=rest))
    file = io.BytesIO()
    ticks = STEPS_PER_BEAT * _TICKS_PER_STEP
    mido.MidiFile(type=0, ticks_per_beat=ticks, tracks=[track]).save(file=file)
    return file.getvalue()


def pack(note_state: np.ndarray) -> bytes:
    """Packs a matrix into bits, row by row; `numpy.unpackbits` and `tensors` read it.

    Args:
        note_state: bool `[steps, NOTES]`.
    """
    return np.packbits(note_state).tobytes()
