"""Damaged MIDI files: whatever is wrong is said in one way, and soon."""

from __future__ import annotations

import io
import time

import mido
import numpy as np
import pytest

from modules.common.midi_files import MAX_FILE_BYTES, MidiError, read_notes
from modules.common.note_state import read_tune

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
        (track(b"\x83" * 1_000_000 + b"\0"), "a number of more than 1000 bytes"),
        (track(b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\x80\x3c\x40"), "at most 16384 beats"),
        (track(b"\0\x90\x3c\x40" + b"\xff" * 900 + b"\x7f\x80\x3c\x40"), "at most 16384 beats"),
        (track(b"\0\xff\x59\2\7\7"), "damaged: Could not decode key"),
        (track(b"\0\x90\x3c\x40\0\x80\xff\x40"), "damaged: data byte must be in range"),
        (track(b"\0\xf4\0"), "damaged: undefined status byte 0xf4"),
        (HEADER + b"MTrx\0\0\0\0", "damaged: no MTrk header"),
        (track(b"\0" * MAX_FILE_BYTES), "at most 4 MiB, found 41943"),
    ],
)
def test_absurd_files_are_refused_at_once(contents: bytes, said: str) -> None:
    begun = time.process_time()
    with pytest.raises(MidiError, match=said):
        read_notes(contents)
    assert time.process_time() - begun < 2.0
