"""Draws a sound: its loudest moments to the right."""

from __future__ import annotations

import numpy as np

from gallery.drawing.axes import find_ticks, write_number
from gallery.drawing.svg import Drawing

_WIDTH, _HEIGHT, _BOTTOM = 480, 96, 20
_COLUMNS = 160


def draw_waveform(title: str, samples: np.ndarray, rate_hz: int) -> str:
    """Draws the least and greatest sample of each moment.

    Args:
        title: What is to be heard.
        samples: float `[n]` in [-1, 1]; several channels are averaged.
        rate_hz: Samples a second.

    Returns:
        SVG; of no samples, an empty line.
    """
    mono = np.asarray(samples, np.float32)
    mono = mono.mean(axis=1) if mono.ndim == 2 else mono
    seconds = len(mono) / rate_hz
    peak = float(np.abs(mono).max(initial=0.0))
    said = f"{seconds:.1f} s of sound, peak {peak:.0%} of full scale"
    drawing = Drawing(_WIDTH, _HEIGHT, title, said)
    middle = (_HEIGHT - _BOTTOM) / 2
    drawing.line((4, middle), (_WIDTH - 4, middle))
    parts = [part for part in np.array_split(mono, min(_COLUMNS, len(mono)) or 1) if len(part)]
    column = (_WIDTH - 8) / max(len(parts), 1)
    # A quiet recording is drawn as high as a loud one: its shape is what is looked at.
    scale = (middle - 4) / (peak or 1.0)
    boxes = []
    for place, part in enumerate(parts):
        high, low = float(part.max()) * scale, float(part.min()) * scale
        top = middle - max(high, 0.5)
        boxes.append((4 + place * column, top, column * 0.8, middle - min(low, -0.5) - top))
    drawing.rectangles(boxes, "1")
    for tick in find_ticks(0, max(seconds, 1e-3), 4):
        if tick <= seconds:
            x = 4 + (_WIDTH - 8) * tick / (seconds or 1)
            is_first, is_last = x < 20, x > _WIDTH - 30
            anchor = "start" if is_first else "end" if is_last else "middle"
            word = f"{write_number(tick)} s"
            drawing.text((x, _HEIGHT - 6), word, anchor=anchor, fill="quiet", font_px=11)
    return drawing.render()
