"""Draws music as a piano roll: time to the right, pitch upwards."""

from __future__ import annotations

import numpy as np

from gallery.drawing.svg import Drawing
from modules.common.midi.note_state import (
    LOWEST_PITCH,
    PITCHES,
    STEPS_PER_BEAT,
    consistent,
    list_notes,
)

_WIDTH, _NOTE_PX, _LEFT, _BOTTOM = 720, 5, 34, 24
_OCTAVE = 12
_FEWEST_PITCHES = 24
_MOST_TICKS = 17


def draw_piano_roll(title: str, note_state: np.ndarray, primed_steps: int = 0) -> str:
    """Draws a matrix of notes.

    Args:
        title: What is to be seen.
        note_state: `[steps, NOTES]`, as `modules.common.midi.note_state` says; what is not zero
            is on.
        primed_steps: How many steps at the beginning were given; a line stands after them.

    Returns:
        SVG; of a matrix without steps, an empty roll.
    """
    matrix = consistent(note_state)
    notes = list_notes(matrix)
    steps = max(len(matrix), 1)
    lowest, highest = _range(matrix)
    height = (highest - lowest) * _NOTE_PX
    drawing = Drawing(_WIDTH, height + 8 + _BOTTOM, title, _describe(notes, steps, primed_steps))
    step_px = (_WIDTH - _LEFT - 8) / steps

    def top(pitch: float) -> float:
        """Upper edge of a pitch, counted from the lowest that there is."""
        return 8 + height - (pitch - lowest + 1) * _NOTE_PX

    for octave in range(lowest, highest + 1, _OCTAVE):
        y = top(octave) + _NOTE_PX
        drawing.line((_LEFT, y), (_WIDTH - 8, y))
        if octave < highest:
            # Pitch 24 is C1.
            name = f"C{octave // _OCTAVE + LOWEST_PITCH // _OCTAVE - 1}"
            drawing.text((_LEFT - 6, y), name, anchor="end", fill="quiet", font_px=11)
    _draw_beats(drawing, steps, step_px, 8 + height)
    boxes, heads = [], []
    for start, end, pitch in notes.tolist():
        x, y = _LEFT + start * step_px, top(pitch - LOWEST_PITCH)
        boxes.append((x, y, max((end - start) * step_px - 0.6, 1), _NOTE_PX - 0.8))
        heads.append((x, y, min(step_px, 3), _NOTE_PX - 0.8))
    drawing.rectangles(boxes, "1", opacity=0.6)
    drawing.rectangles(heads, "1")
    if primed_steps:
        x = _LEFT + primed_steps * step_px
        drawing.line((x, 4), (x, 8 + height), stroke="2", width=2, dash="4 3")
    return drawing.render()


def _draw_beats(drawing: Drawing, steps: int, step_px: float, bottom: float) -> None:
    beats = steps / STEPS_PER_BEAT
    apart = 1
    while beats / apart >= _MOST_TICKS:
        apart *= 2
    for beat in range(0, int(beats) + 1, apart):
        x = _LEFT + beat * STEPS_PER_BEAT * step_px
        drawing.line((x, 8), (x, bottom))
        drawing.text((x, bottom + 15), str(beat), anchor="middle", fill="quiet", font_px=11)
    drawing.text((0, bottom + 15), "beat", fill="quiet", font_px=11)


def _range(matrix: np.ndarray) -> tuple[int, int]:
    """The pitches to show, from `lowest` up to but without `highest`: whole octaves."""
    used = np.flatnonzero(matrix[:, :PITCHES].any(axis=0))
    low, high = (int(used[0]), int(used[-1])) if len(used) else (PITCHES // 2, PITCHES // 2)
    lowest = low // _OCTAVE * _OCTAVE
    highest = (high // _OCTAVE + 1) * _OCTAVE
    if highest - lowest < _FEWEST_PITCHES:
        highest = lowest + _FEWEST_PITCHES
    return lowest, highest


def _describe(notes: np.ndarray, steps: int, primed_steps: int) -> str:
    plural = "" if len(notes) == 1 else "s"
    said = f"{len(notes)} note{plural} in {steps / STEPS_PER_BEAT:g} beats"
    if primed_steps:
        said += f", of which the first {primed_steps / STEPS_PER_BEAT:g} beats were given"
    return said
