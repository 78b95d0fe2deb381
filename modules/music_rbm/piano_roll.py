"""music_rbm: draws music as a piano roll: time to the right, pitch upwards."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from modules.common.midi.note_state import LOWEST_PITCH, PITCHES, STEPS_PER_BEAT, consistent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SILENT, _HELD, _STRUCK = "#ffffff", "#8fb8de", "#0b3c6f"
_OCTAVE = 12
_FEWEST_PITCHES = 24
_PANEL_INCHES = (12.0, 2.8)
_MOST_TICKS = 17


def draw_piano_rolls(panels: Mapping[str, np.ndarray], columns: int = 1, said: str = "") -> bytes:
    """Draws matrices, each in a panel of its own; all show the same pitches.

    Args:
        panels: Matrices `[steps, 156]` by title, at least one, of a step or more; what is not
            zero is on.
        columns: How many panels are side by side.
        said: What is written above them all.

    Returns:
        PNG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    matrices = {title: consistent(matrix) for title, matrix in panels.items()}
    rows = -(-len(matrices) // columns)
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width, height * rows), layout="constrained")
    FigureCanvasAgg(figure)
    if said:
        figure.suptitle(said, fontsize=9, parse_math=False)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    lowest, highest = _range(list(matrices.values()))
    for place, (title, matrix) in zip(places, matrices.items(), strict=False):
        _draw(place, matrix, lowest, highest)
        place.set_title(title, loc="left", fontsize=10, parse_math=False)
    for place in places[len(matrices) :]:
        place.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def colours(matrix: np.ndarray) -> np.ndarray:
    """Gives the colours of a matrix: what is struck is darker than what sounds on.

    Args:
        matrix: bool `[steps, 156]`.

    Returns:
        uint8 `[78, steps, 3]`, the lowest pitch first.
    """
    palette = np.array([_rgb(colour) for colour in (_SILENT, _HELD, _STRUCK)], np.uint8)
    kinds = matrix[:, :PITCHES].astype(int) + matrix[:, PITCHES:]
    return palette[kinds.T]


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _range(matrices: list[np.ndarray]) -> tuple[int, int]:
    """The pitches to show, from `lowest` up to but without `highest`: whole octaves."""
    is_used = np.any([matrix[:, :PITCHES].any(axis=0) for matrix in matrices], axis=0)
    used = np.flatnonzero(is_used)
    low, high = (int(used[0]), int(used[-1])) if len(used) else (PITCHES // 2, PITCHES // 2)
    lowest = low // _OCTAVE * _OCTAVE
    highest = max((high // _OCTAVE + 1) * _OCTAVE, lowest + _FEWEST_PITCHES)
    highest = min(highest, PITCHES)
    return min(lowest, highest - _FEWEST_PITCHES), highest


def _draw(axes: Axes, matrix: np.ndarray, lowest: int, highest: int) -> None:
    beats = max(len(matrix), 1) / STEPS_PER_BEAT
    axes.imshow(
        colours(matrix)[lowest:highest],
        extent=(0, beats, LOWEST_PITCH + lowest - 0.5, LOWEST_PITCH + highest - 0.5),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    octaves = range(lowest, highest, _OCTAVE)
    # Pitch 24 is C1.
    axes.set_yticks(
        [LOWEST_PITCH + pitch for pitch in octaves],
        [f"C{pitch // _OCTAVE + 1}" for pitch in octaves],
    )
    apart = next(apart for apart in (1, 2, 4, 8, 16, 32, 64, 128) if beats / apart < _MOST_TICKS)
    axes.set_xticks(np.arange(0, beats + 1e-9, apart))
    axes.set_xlabel("beats", fontsize=9)
    axes.grid(alpha=0.35, lw=0.5)
