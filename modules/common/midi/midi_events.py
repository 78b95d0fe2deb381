"""MIDI files to the events of their tracks that say which notes sound. No libraries.

What sets no note is stepped over by its length, whatever is in it: the data of a key signature, a
text or a tempo may be wrong, and a tune is not lost for that. After a sysex or meta event the
status before it goes on, as sequencers write it, though the standard says that it ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADER = struct.Struct(">4sLHHH")
_CHUNK = struct.Struct(">4sL")
_SMPTE = 0x8000
_MACBINARY_BYTES = 128
_NOTE_OFF, _NOTE_ON = 0x80, 0x90
_SYSEX, _SYSEX_GOES_ON, _META = 0xF0, 0xF7, 0xFF
_END_OF_TRACK, _TIME_SIGNATURE = 0x2F, 0x58
# Data bytes by the upper half of a channel's status, and by status of what is for all channels.
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_SYSTEM_DATA_BYTES = {
    0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0
}  # fmt: skip
_MAX_NUMBER_BYTES = 4
_MAX_METRE_EXPONENT = 6  # A sixty-fourth.


class MidiError(ValueError):
    """Bytes that are no MIDI file that can be read; the message says what was expected, found."""


@dataclass(kw_only=True)
class Track:
    """What a track says of notes.

    Attributes:
        notes: Tick, channel (from 0), pitch and velocity of each event; the velocity of a note off
            is 0.
        metres: Tick and metre, such as `4/4`.
        end: Tick of its end.
    """

    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    metres: list[tuple[int, str]] = field(default_factory=list)
    end: int = 0


def read_tracks(contents: bytes) -> tuple[int, list[Track]]:
    """Reads a file, also one in a RIFF or MacBinary wrapping.

    Args:
        contents: The file's bytes.

    Returns:
        Ticks a beat, and the tracks, those that the header does not count too.

    Raises:
        MidiError: If it is no MIDI file, or is cut off or damaged, of type 2 or in SMPTE time.
    """
    contents = _unwrap(contents)
    count, ticks_per_beat = _header(contents)
    found = [_Reader(contents, begin, end).track() for begin, end in _track_places(contents, count)]
    if len(found) < count:
        raise MidiError(
            f"the file is cut off, or its header is wrong: that says {count} tracks, and "
            f"{len(found)} of them are in its {len(contents)} bytes"
        )
    return ticks_per_beat, found


def _unwrap(contents: bytes) -> bytes:
    is_rmid = contents[:4] == b"RIFF" and contents[8:12] == b"RMID"
    if is_rmid and (begin := contents.find(b"MThd")) > 0:
        return contents[begin:]
    if contents[:1] == b"\0" and contents[_MACBINARY_BYTES:].startswith(b"MThd"):
        return contents[_MACBINARY_BYTES:]
    return contents


def _header(contents: bytes) -> tuple[int, int]:
    """Gives the number of tracks and the ticks a beat."""
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
    return tracks, division


def _track_places(contents: bytes, count: int) -> Iterator[tuple[int, int]]:
    """Gives where each track begins and ends; other chunks are passed over.

    After as many tracks as there should be, anything may follow.
    """
    _, header_bytes = _CHUNK.unpack_from(contents)
    place = _CHUNK.size + header_bytes
    found = 0
    while place + _CHUNK.size <= len(contents):
        name, length = _CHUNK.unpack_from(contents, place)
        begin = place + _CHUNK.size
        place = begin + length
        if name == b"MTrk":
            found += 1
            yield begin, place
        elif found < count and place > len(contents):
            raise MidiError(
                f"the file is damaged near byte {begin}: expected a track, found {name!r}"
            )


class _Reader:
    """Reads one track from its bytes."""

    def __init__(self, contents: bytes, begin: int, end: int) -> None:
        self._contents = contents
        self._place = begin
        self._end = end

    def track(self) -> Track:
        """Reads events to the track's end."""
        track = Track()
        running = 0
        while self._place < self._end:
            track.end += self._number()
            first = self._byte()
            if first in (_SYSEX, _SYSEX_GOES_ON):
                self._bytes(self._number())
            elif first == _META:
                kind = self._byte()
                data = self._bytes(self._number())
                if kind == _END_OF_TRACK:
                    break
                if kind == _TIME_SIGNATURE and (metre := _metre(data)):
                    track.metres.append((track.end, metre))
            elif first > _SYSEX:
                self._bytes(self._system_data_bytes(first))
            elif first >= _NOTE_OFF:
                running = first
                self._channel_event(track, running, self._bytes(_DATA_BYTES[running >> 4]))
            elif running:
                rest = self._bytes(_DATA_BYTES[running >> 4] - 1)
                self._channel_event(track, running, bytes([first]) + rest)
            else:
                raise self._damage(f"found {first} where an event should begin")
        return track

    def _channel_event(self, track: Track, status: int, data: bytes) -> None:
        kind, channel = status & 0xF0, status & 0x0F
        if kind not in (_NOTE_OFF, _NOTE_ON):
            return
        pitch, velocity = data
        if pitch > 127:
            raise self._damage(f"found a note of pitch {pitch}; expected 0 to 127")
        track.notes.append((track.end, channel, pitch, velocity if kind == _NOTE_ON else 0))

    def _system_data_bytes(self, status: int) -> int:
        if status not in _SYSTEM_DATA_BYTES:
            raise self._damage(f"found the event {status:#04x}, which MIDI does not define")
        return _SYSTEM_DATA_BYTES[status]

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        place = self._place + count
        if place > len(self._contents):
            raise MidiError(
                f"the file is cut off or damaged: expected more after its {len(self._contents)} "
                f"bytes"
            )
        if place > self._end:
            raise self._damage("an event goes beyond the end of its track")
        found = self._contents[self._place : place]
        self._place = place
        return found

    def _number(self) -> int:
        """Reads a number of up to four bytes, seven bits in each."""
        value = 0
        for _ in range(_MAX_NUMBER_BYTES):
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise self._damage("found a number of more than four bytes")

    def _damage(self, what: str) -> MidiError:
        return MidiError(f"the file is damaged near byte {self._place}: {what}")


def _metre(data: bytes) -> str:
    """Gives a metre; empty for what is none, as if it were not there."""
    if len(data) < 2 or not data[0] or data[1] > _MAX_METRE_EXPONENT:
        return ""
    return f"{data[0]}/{2 ** data[1]}"
