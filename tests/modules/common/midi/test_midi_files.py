"""Damaged MIDI files: whatever is wrong is said in one way, and soon."""

from __future__ import annotations

import io
import time
from pathlib import Path

import mido
import numpy as np
import pytest

from modules.common.midi.midi_files import MAX_FILE_BYTES, MidiError, read_notes
from modules.common.midi.note_state import read_tune

HEADER = b"MThd\0\0\0\6\0\1\0\1\0\x60"


def rich() -> bytes:
    """A file with a message of every kind that files have."""
    first = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="a name"),
            mido.MetaMessage("key_signature", key="Eb"),
            mido.MetaMessage("time_signature", numerator=2, denominator=4),
            mido.MetaMessage("set_tempo", tempo=400_000),
            mido.MetaMessage("smpte_offset"),
            mido.MetaMessage("sequence_number", number=3),
            mido.MetaMessage("midi_port", port=1),
            mido.MetaMessage("channel_prefix", channel=2),
            mido.MetaMessage("sequencer_specific", data=(1, 2, 3)),
            mido.Message("sysex", data=(1, 2, 3), time=3),
        ]
    )
    second = mido.MidiTrack(
        [
            mido.Message("program_change", program=5),
            mido.Message("control_change", control=64, value=127),
            mido.Message("pitchwheel", pitch=-8192),
            mido.Message("aftertouch", value=3),
            mido.Message("polytouch", note=60, value=3),
            mido.Message("note_on", note=60, time=5),
            mido.Message("note_on", note=64, time=300),
            mido.Message("note_off", note=60, time=0),
            mido.Message("note_on", note=64, velocity=0, time=96),
        ]
    )
    file = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=96, tracks=[first, second]).save(file=file)
    return file.getvalue()


def reason(contents: bytes) -> str:
    """What is said of bytes that are no tune; empty if they are one."""
    try:
        read_tune(contents)
    except MidiError as error:
        return str(error)
    return ""


def track(events: bytes) -> bytes:
    """A file of one track."""
    return HEADER + b"MTrk" + len(events).to_bytes(4, "big") + events


def test_a_file_that_ends_anywhere_is_bad() -> None:
    contents = rich()
    assert not reason(contents)
    for length in range(len(contents)):
        said = reason(contents[:length])
        assert ("cut off" in said) == (length >= 4), (length, said)
        assert said


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_raise_nothing_else(seed: int) -> None:
    random = np.random.default_rng(seed)
    contents = np.frombuffer(rich(), np.uint8)
    refused = 0
    for _ in range(700):
        damaged = contents.copy()
        places = random.integers(0, len(damaged), random.integers(1, 6))
        damaged[places] = random.integers(0, 256, len(places))
        refused += bool(reason(damaged.tobytes()))
    assert 100 < refused < 700


def test_every_value_of_every_byte() -> None:
    contents = rich()
    for place in range(len(contents)):
        for value in (0, 1, 0x7F, 0x80, 0xF0, 0xF7, 0xFF):
            reason(contents[:place] + bytes([value]) + contents[place + 1 :])


def test_random_events_raise_nothing_else() -> None:
    random = np.random.default_rng(0)
    for _ in range(1000):
        reason(track(random.bytes(int(random.integers(0, 60)))))


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (track(b"\x83" * 1_000_000 + b"\0"), "a number of more than four bytes"),
        (track(b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\x80\x3c\x40"), "at most 16384 beats"),
        (track(b"\0\x90\x3c\x40\0\x80\xff\x40"), "near byte 30: found a note of pitch 255"),
        (track(b"\0\xf4\0"), "near byte 24: found the event 0xf4, which MIDI does not define"),
        (track(b"\0\x3c\x40"), "found 60 where an event should begin"),
        (track(b"\0\x90\x3c") + b"junk" * 9, "an event goes beyond the end of its track"),
        (HEADER + b"MTrx\0\0\0\0", "that says 1 tracks, and 0 of them are in its 22 bytes"),
        (HEADER + b"MTrx\0\0\xff\0", "near byte 22: expected a track, found b'MTrx'"),
        (track(b"\0" * MAX_FILE_BYTES), "at most 4 MiB, found 41943"),
    ],
)
def test_absurd_files_are_refused_at_once(contents: bytes, said: str) -> None:
    begun = time.process_time()
    with pytest.raises(MidiError, match=said):
        read_notes(contents)
    assert time.process_time() - begun < 2.0


NOTE = b"\0\x90\x3c\x40\x60\x80\x3c\x40"


def notes(contents: bytes) -> list[tuple[int, int, int]]:
    """Start, end and pitch of each note."""
    found = read_notes(contents)
    return sorted(
        zip(found.starts.tolist(), found.ends.tolist(), found.pitches.tolist(), strict=True)
    )


@pytest.mark.parametrize(
    "event",
    [
        b"\xff\x59\2\2\xff",  # A key of mode 255.
        b"\xff\x59\1\0",
        b"\xff\x54\5\xff\xff\xff\xff\xff",  # An SMPTE offset.
        b"\xff\x51\1\7",  # A tempo of one byte.
        b"\xff\x58\1\4",  # Metres.
        b"\xff\x58\4\0\2\x18\x08",
        b"\xff\x58\4\3\xff\x18\x08",
        b"\xff\0\1\0",
        b"\xff\x20\0",
        b"\xff\x03\4" + "曲名".encode("gbk"),
        b"\xff\x7a\2ab",  # A meta event that is not defined.
        b"\xf0\4\x7e\xff\x80\x90",  # Sysex, without its end.
        b"\xf7\1\xf8",
        b"\xb0\7\xc8",
        b"\xc0\xc8",
        b"\xe0\xff\xff",
        b"\xf8",
    ],
)
def test_no_tune_is_lost_for_an_event_that_sets_no_note(event: bytes) -> None:
    contents = track(b"\x30" + event + NOTE)
    assert notes(contents) == [(0x30, 0x30 + 0x60, 60)]
    assert read_notes(contents).metres == ("4/4",)


@pytest.mark.parametrize(
    "between", [b"\xff\x01\2ab", b"\xff\x7a\2ab", b"\xf0\3\x7e\x7f\xf7", b"\xf7\1\xf8"]
)
def test_the_status_before_a_sysex_or_meta_event_goes_on(between: bytes) -> None:
    events = b"\0\x90\x3c\x40\x30" + between + b"\x30\x3c\0\0\x3e\x40\x60\x3e\0"
    assert notes(track(events)) == [(0, 0x60, 60), (0x60, 0xC0, 62)]


def test_a_velocity_above_127_is_a_note() -> None:
    assert notes(track(b"\0\x90\x3c\x80\x60\x80\x3c\xff")) == [(0, 0x60, 60)]


def test_wrappings_other_chunks_and_what_follows() -> None:
    plain = track(NOTE)
    wanted = notes(plain)
    size = len(plain).to_bytes(4, "little")
    chunk = plain[len(HEADER) :]
    alien = b"XFIH\0\0\0\4abcd"
    for contents in (
        b"RIFF" + size + b"RMIDdata" + size + plain,
        b"\0\4name" + bytes(122) + plain + bytes(50),
        HEADER + alien + chunk,
        plain + b"junk after the last track",
        plain + alien,
        track(NOTE + b"\0\xff\x2f\0" + b"\0\0\0padding"),
        HEADER + b"MTrk\0\0\xff\xff" + NOTE + b"\0\xff\x2f\0",
    ):
        assert notes(contents) == wanted
    assert notes(plain + chunk.replace(b"\x3c", b"\x3e")) == sorted([*wanted, (0, 0x60, 62)])


def by_mido(contents: bytes) -> list[tuple[int, int, int]]:
    """Start, end and pitch of each note as mido reads events, without drums."""
    found = []
    for events in mido.MidiFile(file=io.BytesIO(contents), clip=True).tracks:
        began: dict[tuple[int, int], list[int]] = {}
        now = 0
        for event in events:
            now += event.time
            if event.type not in ("note_on", "note_off") or event.channel == 9:
                continue
            key = (event.channel, event.note)
            if event.type == "note_on" and event.velocity:
                began.setdefault(key, []).append(now)
                continue
            ended = [start for start in began.get(key, []) if start < now] or began.get(key, [])
            began[key] = [now] * (len(began.get(key, [])) - len(ended))
            found += [(start, now, event.note) for start in ended]
        found += [(start, now, pitch) for (_, pitch), starts in began.items() for start in starts]
    return sorted(found)


def test_events_are_those_that_mido_reads() -> None:
    assert notes(rich()) == by_mido(rich())


def test_real_files_are_read_as_mido_reads_them(shared_data: Path) -> None:
    files = sorted(shared_data.glob("midi*/**/*.mid"))[::8]
    assert files
    for file in files:
        assert notes(file.read_bytes()) == by_mido(file.read_bytes()), file
