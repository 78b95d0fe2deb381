"""MIDI files to matrices and back, against a slow reading note by note."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from pathlib import Path

import mido
import numpy as np
import pytest

from modules.common.midi.note_state import (
    LOWEST_PITCH,
    NOTES,
    PITCHES,
    consistent,
    from_midi,
    pack,
    read_tune,
    to_midi,
)


def slowly(path: Path) -> np.ndarray:
    """Reads a file note by note, in exact fractions of a step, into a matrix cell by cell."""
    file = mido.MidiFile(path)
    found: list[tuple[int, int, int]] = []
    for track in file.tracks:
        histories: dict[tuple[int, int], list[tuple[int, bool]]] = {}
        now = 0
        for message in track:
            now += message.time
            if message.type in ("note_on", "note_off") and message.channel != 9:
                begins = message.type == "note_on" and message.velocity > 0
                histories.setdefault((message.channel, message.note), []).append((now, begins))
        for (_, pitch), history in histories.items():
            for place, (start, begins) in enumerate(history):
                if begins and 24 <= pitch <= 101:
                    end = end_of(history, place, now)
                    first, last = (
                        math.floor(Fraction(4 * tick, file.ticks_per_beat) + Fraction(1, 2))
                        for tick in (start, end)
                    )
                    found.append((first, max(last, first + 1), pitch))
    matrix = np.zeros((max(last for _, last, _ in found), 156), bool)
    for first, last, pitch in found:
        matrix[first, 78 + pitch - 24] = True
        for step in range(first, last):
            matrix[step, pitch - 24] = True
    return matrix


def end_of(history: list[tuple[int, bool]], place: int, track_end: int) -> int:
    """The tick in which a note ends, among the beginnings and ends of its pitch in its track.

    It is the first end after it, or else the track's. An end in the tick in which the note begins
    is its own only where no earlier note of the pitch sounds.
    """
    start = history[place][0]
    before = [begins for tick, begins in history[:place] if tick < start or not begins]
    another_sounds = bool(before) and before[-1]
    for tick, begins in history[place + 1 :]:
        if not begins and (tick > start or not another_sounds):
            return tick
    return track_end


def track_of(*messages: tuple[int, str, int]) -> bytes:
    """A file of one track, 480 ticks a beat: delay, `on`, `off` or `zero`, and pitch."""
    track = mido.MidiTrack()
    for delay, what, pitch in messages:
        kind = "note_off" if what == "off" else "note_on"
        velocity = 64 if what == "on" else 0
        track.append(mido.Message(kind, note=pitch, velocity=velocity, time=delay))
    file = io.BytesIO()
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(file=file)
    return file.getvalue()


def rows(matrix: np.ndarray, pitch: int) -> str:
    """A pitch's steps: `X` struck, `-` sounding, `.` silent."""
    column = pitch - LOWEST_PITCH
    sounding, struck = matrix[:, column], matrix[:, PITCHES + column]
    assert not (struck & ~sounding).any()
    return "".join(
        "X" if hit else "-" if on else "." for hit, on in zip(struck, sounding, strict=True)
    )


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([(0, "on", 60), (480, "off", 60)], "X---"),
        ([(0, "on", 60), (480, "zero", 60)], "X---"),
        ([(50, "on", 60), (120, "off", 60)], "X"),
        ([(60, "on", 60), (120, "off", 60)], ".X"),
        ([(470, "on", 60), (240, "off", 60)], "....X-"),
        ([(490, "on", 60), (240, "off", 60)], "....X-"),
        ([(0, "on", 60), (1, "off", 60)], "X"),
        ([(0, "on", 60), (0, "off", 60), (0, "on", 62), (480, "off", 62)], "X..."),
        ([(0, "on", 60), (240, "off", 60), (0, "on", 60), (240, "off", 60)], "X-X-"),
        ([(0, "on", 60), (240, "on", 60), (0, "off", 60), (240, "off", 60)], "X-X-"),
        ([(0, "on", 60), (240, "on", 60), (240, "off", 60), (240, "off", 60)], "X-X-"),
        ([(0, "on", 60), (240, "on", 60), (240, "off", 60), (0, "on", 62)], "X-X-."),
        ([(0, "off", 60), (120, "on", 60), (120, "off", 60)], ".X"),
        ([(0, "on", 60), (0, "on", 62), (480, "off", 62)], "X---"),
    ],
)
def test_steps(messages: list[tuple[int, str, int]], expected: str) -> None:
    assert rows(from_midi(track_of(*messages)), 60) == expected


def test_two_tracks_sound_as_long_as_the_longer() -> None:
    file = mido.MidiFile(type=1, ticks_per_beat=4)
    for length in (6, 3):
        on, off = mido.Message("note_on", note=24), mido.Message("note_off", note=24, time=length)
        file.tracks.append(mido.MidiTrack([on, off]))
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert rows(from_midi(buffer.getvalue()), 24) == "X-----"


def test_drums_and_what_is_out_of_range_are_left_out() -> None:
    track = mido.MidiTrack()
    for pitch, channel in ((23, 0), (24, 0), (101, 1), (102, 1), (127, 2), (60, 9)):
        track.append(mido.Message("note_on", note=pitch, channel=channel))
    track.append(mido.MetaMessage("end_of_track", time=96))
    file = io.BytesIO()
    mido.MidiFile(ticks_per_beat=96, tracks=[track]).save(file=file)
    tune = read_tune(file.getvalue())
    assert tune.outside == 3
    expected = np.zeros((4, NOTES), bool)
    expected[:, [0, 77]] = True
    expected[0, [78, 155]] = True
    np.testing.assert_array_equal(tune.note_state, expected)


@pytest.mark.parametrize("seed", range(5))
def test_any_music_that_can_be_played_comes_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    sounding = random.random((97, PITCHES)) < 0.5
    struck = sounding & (random.random(sounding.shape) < 0.4)
    matrix = consistent(np.concatenate([sounding, struck], axis=1))
    assert (matrix[:, :PITCHES] == sounding).all() and not (struck & ~matrix[:, PITCHES:]).any()
    np.testing.assert_array_equal(from_midi(to_midi(matrix, 90)), matrix)


def test_what_cannot_be_played_is_mended() -> None:
    given = np.zeros((4, NOTES), np.uint8)
    given[1:3, 36] = 1
    given[3, PITCHES + 40] = 1
    kept = given.copy()
    expected = given.astype(bool)
    expected[1, PITCHES + 36] = expected[3, 40] = True
    np.testing.assert_array_equal(consistent(given), expected)
    np.testing.assert_array_equal(from_midi(to_midi(given)), expected)
    np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize("shape", [(4, 155), (156,), (1, 4, 156)])
def test_what_is_no_matrix_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected a matrix \[steps, 156\], found \["):
        to_midi(np.zeros(shape))


@pytest.mark.parametrize(("bpm", "steps"), [(120.0, 16), (60.0, 7), (200.0, 1)])
def test_a_written_file_lasts_as_long_as_its_steps(bpm: float, steps: int) -> None:
    matrix = np.zeros((steps, NOTES), np.uint8)
    matrix[0, [36, 114]] = 1
    file = mido.MidiFile(file=io.BytesIO(to_midi(matrix, bpm)))
    assert file.length == pytest.approx(steps * 60 / bpm / 4, rel=1e-4)
    assert file.type == 0
    programs = {message.program for message in file if message.type == "program_change"}
    assert programs == {0}


def test_notes_on_a_beat_are_struck_harder() -> None:
    struck = np.zeros((6, NOTES), bool)
    struck[:, PITCHES] = True
    [track] = mido.MidiFile(file=io.BytesIO(to_midi(struck))).tracks
    loud = [message.velocity for message in track if message.type == "note_on"]
    on_beat, off_beat = loud[0], loud[1]
    assert loud == [on_beat, off_beat, off_beat, off_beat, on_beat, off_beat]
    assert on_beat > off_beat > 0


def test_silence_is_written_too() -> None:
    file = mido.MidiFile(file=io.BytesIO(to_midi(np.zeros((8, NOTES)), 120)))
    assert file.length == pytest.approx(1.0)
    assert not [message for message in file if message.type == "note_on"]


def test_packed_bits_are_the_matrix_row_by_row() -> None:
    matrix = np.random.default_rng(3).random((5, NOTES)) < 0.3
    bits = [int(bit) for byte in pack(matrix) for bit in f"{byte:08b}"]
    assert bits[: matrix.size] == matrix.ravel().astype(int).tolist() and len(bits) == 784


def test_real_tunes_come_back(shared_data: Path) -> None:
    paths = sorted((shared_data / "midi").glob("*/*.mid"))
    assert len(paths) == 125
    for number, path in enumerate(paths):
        matrix = from_midi(path)
        np.testing.assert_array_equal(from_midi(to_midi(matrix)), matrix, err_msg=path.name)
        if number % 3 == 0:
            np.testing.assert_array_equal(matrix, slowly(path), err_msg=path.name)
