"""music_rbm: the figures of music, on music of which they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modules.music_rbm.figures import measure

PITCHES = 78


def write(notes: list[tuple[int, int, int]], steps: int) -> np.ndarray:
    """Makes a matrix of notes: begin, steps and column of each."""
    music = np.zeros((steps, 2 * PITCHES), np.uint8)
    for start, length, pitch in notes:
        music[start : start + length, pitch] = 1
        music[start, PITCHES + pitch] = 1
    return music


def test_a_scale_is_in_its_key_and_on_the_beat() -> None:
    # Pitch 24 is a C: D major, a note a beat.
    scale = [26, 28, 30, 31, 33, 35, 37, 38]
    found = measure([write([(4 * i, 3, pitch) for i, pitch in enumerate(scale)], 32)])
    assert found.notes_a_bar == 4 and found.steps_a_note == 3
    assert found.in_key == 1 and found.on_the_beat == 1
    assert found.interval == pytest.approx(12 / 7)
    # Seven pitch classes, the tonic twice.
    assert found.class_entropy == pytest.approx(6 / 8 * 3 + 2 / 8 * 2)


def test_notes_out_of_key_and_off_the_beat_are_told() -> None:
    chromatic = measure([write([(2 * i, 1, 30 + i) for i in range(12)], 24)])
    assert chromatic.in_key == pytest.approx(7 / 12) and chromatic.on_the_beat == 0.5
    assert chromatic.class_entropy == pytest.approx(math.log2(12)) and chromatic.interval == 1


def test_intervals_are_those_of_the_highest_notes() -> None:
    notes = [(0, 4, 10), (0, 4, 40), (4, 4, 45), (8, 4, 5), (8, 4, 38)]
    assert measure([write(notes, 16)]).interval == pytest.approx((5 + 7) / 2)


def test_pieces_count_alike_and_silence_does_not() -> None:
    pieces = [write([(0, 1, 10)], 16), write([(i, 1, 10) for i in range(3)], 16)]
    found = measure([*pieces, write([], 16)])
    assert found.notes_a_bar == 2 and found.interval == 0
    nothing = measure([write([], 16)])
    assert math.isnan(nothing.notes_a_bar)
    assert "notes a bar 2.00 (nan)" in found.beside(nothing)
