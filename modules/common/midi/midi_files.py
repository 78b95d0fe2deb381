"""MIDI files to notes, with what makes a file unreadable said in a line. NumPy only.

Types 0 and 1 whose time is in ticks a beat. A note ends at the next note off (or note on of
velocity 0) of its pitch in its track and channel; one that never ends sounds to the end of its
track. One note off ends all notes of its pitch that began before it: files in which a note is
struck again before it was let go often have but one. What sets no note is left out: the sustain
pedal, pitch bends, velocities, tempo; and so is channel 10, which has drums.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from modules.common.midi.midi_events import MidiError, Track, read_tracks

MAX_FILE_BYTES = 4 * 2**20
"""The longest piano sonatas take a tenth of a megabyte."""

MAX_BEATS = 1 << 14
"""More than two hours at 120 beats a minute."""

_DRUMS = 9


@dataclass(frozen=True, kw_only=True)
class Notes:
    """The notes of a file, in no order.

    Attributes:
        starts: int64 `[notes]`, in ticks.
        ends: int64 `[notes]`, in ticks, not before the starts.
        pitches: int64 `[notes]`, 0 to 127; 60 is middle C.
        ticks_per_beat: A beat is a quarter note.
        metres: Those in which it stands up to its last note's end, such as `4/4`, in order of
            time; 4/4 where the file says none.
    """

    starts: np.ndarray
    ends: np.ndarray
    pitches: np.ndarray
    ticks_per_beat: int
    metres: tuple[str, ...]


def read_notes(contents: bytes) -> Notes:
    """Reads a MIDI file.

    Args:
        contents: The file's bytes.

    Raises:
        MidiError: If it is none, or is cut off or damaged, of type 2, in SMPTE time, without
            tracks or without notes, or longer than `MAX_BEATS`.
    """
    if len(contents) > MAX_FILE_BYTES:
        raise MidiError(f"expected at most {MAX_FILE_BYTES // 2**20} MiB, found {len(contents)} B")
    ticks_per_beat, tracks = read_tracks(contents)
    notes: list[tuple[int, int, int]] = []
    signatures: dict[int, str] = {}
    for track in tracks:
        notes += _notes_of(track)
        signatures.update(track.metres)
    if not notes:
        raise MidiError("expected notes, found none (drums, on channel 10, are not counted)")
    last = max(end for _, end, _ in notes)
    if last > MAX_BEATS * ticks_per_beat:
        raise MidiError(
            f"expected a tune of at most {MAX_BEATS} beats, found notes that sound for longer; "
            f"the times in the file are probably damaged"
        )
    starts, ends, pitches = np.array(notes, np.int64).T
    return Notes(
        starts=starts,
        ends=ends,
        pitches=pitches,
        ticks_per_beat=ticks_per_beat,
        metres=_metres(signatures, last),
    )


def _notes_of(track: Track) -> list[tuple[int, int, int]]:
    """Gives a track's notes: start and end in ticks, and pitch."""
    notes: list[tuple[int, int, int]] = []
    open_starts: dict[tuple[int, int], list[int]] = defaultdict(list)
    for now, channel, pitch, velocity in track.notes:
        if channel == _DRUMS:
            continue
        key = (channel, pitch)
        if velocity:
            open_starts[key].append(now)
            continue
        earlier = [start for start in open_starts[key] if start < now]
        ended = earlier or open_starts[key]
        open_starts[key] = [now] * (len(open_starts[key]) - len(ended))
        notes += [(start, now, pitch) for start in ended]
    for (_, pitch), starts in open_starts.items():
        notes += [(start, track.end, pitch) for start in starts]
    return notes


def _metres(signatures: dict[int, str], last: int) -> tuple[str, ...]:
    """Gives the metres before tick `last`; the standard says 4/4 until another is given."""
    standing = {0: "4/4", **signatures}
    in_order = [standing[tick] for tick in sorted(standing) if tick < last or tick == 0]
    return tuple(dict.fromkeys(in_order))
