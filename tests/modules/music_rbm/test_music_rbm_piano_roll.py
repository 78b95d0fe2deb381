"""Music seen: the colours of a piano roll, and its panels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from modules.common.midi.note_state import NOTES, PITCHES
from modules.music_rbm.piano_roll import colours, draw_piano_rolls


def matrix(steps: int, *notes: tuple[int, int, int]) -> np.ndarray:
    """Notes of pitch, first step and length."""
    state = np.zeros((steps, NOTES), np.uint8)
    for pitch, first, length in notes:
        state[first : first + length, pitch - 24] = 1
        state[first, PITCHES + pitch - 24] = 1
    return state


def test_colours_say_what_is_held_and_what_is_struck() -> None:
    found = colours(matrix(4, (60, 1, 2)).astype(bool)).astype(int).sum(axis=2)
    assert found.shape == (78, 4)
    silent, struck, held, after = found[60 - 24]
    assert silent == after == 3 * 255 > held > struck
    assert (np.delete(found, 60 - 24, axis=0) == 3 * 255).all()


def test_a_piano_roll_shows_every_panel() -> None:
    music = {"one": matrix(64, (60, 0, 64)), "two: $5 and $6": matrix(32, (24, 0, 1), (101, 9, 3))}
    one, two = (
        Image.open(io.BytesIO(draw_piano_rolls(panels)))
        for panels in ({"one": music["one"]}, music)
    )
    assert one.format == "PNG" and one.width == two.width and two.height == 2 * one.height
    ink = [
        [int((np.asarray(part.convert("L")) < 80).sum()) for part in parts]
        for parts in ([one], [two.crop((0, 0, two.width, one.height))])
    ]
    assert min(count for counts in ink for count in counts) > 500


def test_silence_can_be_drawn() -> None:
    png = draw_piano_rolls({"one": np.zeros((16, NOTES)), "two": np.zeros((1, NOTES))}, columns=2)
    assert png.startswith(b"\x89PNG")
