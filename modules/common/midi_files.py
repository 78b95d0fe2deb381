"""MIDI files to notes, with what makes a file unreadable said in a line. NumPy and mido only.

Types 0 and 1 whose time is in ticks a beat. A note ends at the next note off (or note on of
velocity 0) of its pitch in its track and channel; one that never ends sounds to the end of its
track. One note off ends all notes of its pitch that began before it: files in which a note is
struck again before it was let go often have but one. What sets no note is left out: the sustain
pedal, pitch bends, velocities, tempo; and so is channel 10, which has drums.
"""

from __future__ import annotations

import io
import re
import struct
from collections import defaultdict
from dataclasses import dataclass

import mido
import numpy as np
from mido.midifiles.meta import KeySignatureError

MAX_FILE_BYTES = 4 * 2**20
"""The longest piano sonatas take a tenth of a megabyte."""

MAX_BEATS = 1 << 14
"""More than two hours at 120 beats a minute."""

_HEADER = struct.Struct(">4sLHHH")
_SMPTE = 0x8000
_DRUMS = 9
# mido reads a number of any length, in time that grows with its square.
_ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{1024}")
# What mido was found to raise for bytes that are damaged, in tests that damage them.
_DAMAGE = (OSError, ValueError, TypeError, LookupError, AttributeError, KeySignatureError)


class MidiError(ValueError):
    """Bytes that are no MIDI file that can be read; the message says what was expected, found."""


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
    file = _parsed(contents)
    notes: list[tuple[int, int, int]] = []
    signatures: dict[int, str] = {}
    for track in file.tracks:
        notes += _notes_of(track)
        signatures.update(_signatures_of(track))
    if not notes:
        raise MidiError("expected notes, found none (drums, on channel 10, are not counted)")
    last = max(end for _, end, _ in notes)
    if last > MAX_BEATS * file.ticks_per_beat:
        raise MidiError(
            f"expected a tune of at most {MAX_BEATS} beats, found notes that sound for longer; "
            f"the times in the file are probably damaged"
        )
    starts, ends, pitches = np.array(notes, np.int64).T
    return Notes(
        starts=starts,
        ends=ends,
        pitches=pitches,
        ticks_per_beat=file.ticks_per_beat,
        metres=_metres(signatures, last),
    )


def _parsed(contents: bytes) -> mido.MidiFile:
    _check_header(contents)
    if len(contents) > MAX_FILE_BYTES:
        raise MidiError(f"expected at most {MAX_FILE_BYTES // 2**20} MiB, found {len(contents)} B")
    if _ENDLESS_NUMBER.search(contents):
        raise MidiError("the file is damaged: it holds a number of more than 1000 bytes")
    try:
        return mido.MidiFile(file=io.BytesIO(contents))
    except EOFError as error:
        raise MidiError(
            f"the file is cut off or damaged: expected more after its {len(contents)} bytes"
        ) from error
    except _DAMAGE as error:
        raise MidiError(f"the file is damaged: {error or type(error).__name__}") from error


def _check_header(contents: bytes) -> None:
    """Raises `MidiError` for what mido would read as something that it is not."""
    if not contents:
        raise MidiError("expected a MIDI file, found an empty file")
    if not contents.startswith(b"MThd"):
        raise MidiError(f"expected a MIDI file, which begins with MThd, found {contents[:4]!r}")
    if len(contents) < _HEADER.size:
        raise MidiError(
            f"the file is cut off: expected a header of {_HEADER.size} bytes, found {len(contents)}"
        )
    _, _, kind, tracks, division = _HEADER.unpack_from(contents)
    if kind > 1:
        raise MidiError(f"expected a MIDI file of type 0 or 1, found type {kind}")
    if not tracks:
        raise MidiError("expected at least one track, found none")
    if division & _SMPTE:
        frames = 256 - (division >> 8)
        raise MidiError(
            f"expected time in ticks a beat, found SMPTE time ({frames} frames a second), which "
            f"has no beats"
        )
    if not division:
        raise MidiError("expected at least one tick a beat, found 0")


def _notes_of(track: mido.MidiTrack) -> list[tuple[int, int, int]]:
    """Gives a track's notes: start and end in ticks, and pitch."""
    notes: list[tuple[int, int, int]] = []
    open_starts: dict[tuple[int, int], list[int]] = defaultdict(list)
    now = 0
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off") or message.channel == _DRUMS:
            continue
        key = (message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            open_starts[key].append(now)
            continue
        earlier = [start for start in open_starts[key] if start < now]
        ended = earlier or open_starts[key]
        open_starts[key] = [now] * (len(open_starts[key]) - len(ended))
        notes += [(start, now, message.note) for start in ended]
    for (_, pitch), starts in open_starts.items():
        notes += [(start, now, pitch) for start in starts]
    return notes


def _signatures_of(track: mido.MidiTrack) -> dict[int, str]:
    """Gives a track's metres by the tick from which they stand."""
    found = {}
    now = 0
    for message in track:
        now += message.time
        if message.type == "time_signature":
            found[now] = f"{message.numerator}/{message.denominator}"
    return found


def _metres(signatures: dict[int, str], last: int) -> tuple[str, ...]:
    """Gives the metres before tick `last`; the standard says 4/4 until another is given."""
    standing = {0: "4/4", **signatures}
    in_order = [standing[tick] for tick in sorted(standing) if tick < last or tick == 0]
    return tuple(dict.fromkeys(in_order))
