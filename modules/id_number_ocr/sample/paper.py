"""id_number_ocr: the paper that a number is printed on, and the camera that sees it. No TensorFlow.

Below the ink are stains, wavy lines as on security paper, and strokes; over it blur, uneven light,
noise and JPEG. None of it is stronger than the ink.
"""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from modules.id_number_ocr.task import HEIGHT_PX, WIDTH_PX

_X, _Y = np.meshgrid(np.arange(WIDTH_PX, dtype=np.float32), np.arange(HEIGHT_PX, dtype=np.float32))


def print_on_paper(rng: np.random.Generator, ink: np.ndarray, hard: float) -> np.ndarray:
    """Lays ink on paper with stains, waves and strokes; now and then light on dark.

    Args:
        rng: Where the randomness comes from.
        ink: How much there is, float32 `[32, 256]`, 0 to 1.
        hard: Difficulty, 0 to 1.

    Returns:
        Grey levels, float32 `[32, 256]`, around 0 to 255.
    """
    contrast = rng.uniform(190 - 110 * hard, 215)
    dark = rng.uniform(10, 230 - contrast)
    paper = np.full_like(ink, dark + contrast)
    # A disturbance of the paper stays weaker than the ink.
    weak = min(0.27 * contrast, 45.0) * hard
    if rng.random() < 0.8:
        paper += weak * rng.uniform(0.2, 1.0) * _texture(rng, 2, 5)
    if rng.random() < 0.6:
        paper -= weak * rng.uniform(0.3, 1.1) * _wavy_lines(rng)
    if rng.random() < 0.5:
        paper -= contrast * hard * rng.uniform(0.2, 0.5) * _straight_lines(rng)
    ink = ink * (1 - 0.4 * hard * rng.random() * np.clip(_texture(rng, 3, 17), 0, 1))
    grey = paper + ink * (dark - paper)
    return 255 - grey if rng.random() < 0.08 * hard else grey


def expose(rng: np.random.Generator, grey: np.ndarray, hard: float) -> np.ndarray:
    """Takes a picture: blur, uneven light, noise, specks, and now and then JPEG.

    Args:
        rng: Where the randomness comes from.
        grey: Grey levels, float32 `[32, 256]`.
        hard: Difficulty, 0 to 1.

    Returns:
        uint8 `[32, 256]`.
    """
    kind = rng.random()
    if kind < 0.6:
        grey = _blur(grey, hard * rng.uniform(0.0, 0.95))
    elif kind < 0.8:
        grey = _smear(grey, *(np.array([1.3, 1.0]) * hard * rng.uniform(-1, 1, 2)))
    elif kind < 0.9:
        grey = _coarsen(grey, 1 - 0.4 * hard * rng.random())
    slope = 25 * hard * rng.uniform(-1, 1, 2)
    grey = grey + slope[0] * (_X / WIDTH_PX - 0.5) + slope[1] * (_Y / HEIGHT_PX - 0.5)
    # Relative to what is left of the contrast: what a person cannot read is no example.
    noise = 0.12 * np.ptp(grey) * hard * rng.random() ** 2
    grey = grey + noise * rng.standard_normal(grey.shape, np.float32)
    if rng.random() < 0.2:
        specks = rng.integers(0, grey.size, int(40 * hard * rng.random()))
        grey.reshape(-1)[specks] = rng.choice([0.0, 255.0])
    pixels = np.clip(grey + 0.5, 0, 255).astype(np.uint8)
    if rng.random() < 0.25 * hard:
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=int(rng.integers(35, 85)))
        pixels = np.array(Image.open(encoded))
    return pixels


def _texture(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Smooth random values in about [-1, 1], float32 `[32, 256]`."""
    coarse = rng.uniform(-1, 1, [rows, columns]).astype(np.float32)
    return np.asarray(
        Image.fromarray(coarse).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC)
    )


def _wavy_lines(rng: np.random.Generator) -> np.ndarray:
    """One or two families of parallel waves, as on security paper: float32 `[32, 256]`, 0 to 1."""
    lines = np.zeros([HEIGHT_PX, WIDTH_PX], np.float32)
    for _ in range(rng.integers(1, 3)):
        spacing_px = rng.uniform(4, 12)
        angle = rng.uniform(-0.6, 0.6)
        wave_px = rng.uniform(25, 130)
        swing = rng.uniform(0, 6) * np.sin(2 * np.pi * (_X[:1] / wave_px + rng.random()))
        across = _Y * math.cos(angle) + _X * math.sin(angle) + swing
        height = np.cos((2 * np.pi / spacing_px) * across.astype(np.float32))
        np.maximum(lines, np.clip(2.5 * height - 1.2, 0, 1), out=lines)
    return lines


def _straight_lines(rng: np.random.Generator) -> np.ndarray:
    """One to three strokes across the strip: float32 `[32, 256]`, 0 or 1."""
    canvas = Image.new("L", (WIDTH_PX, HEIGHT_PX), 0)
    pen = ImageDraw.Draw(canvas)
    for _ in range(rng.integers(1, 4)):
        x0, x1 = rng.integers(-40, WIDTH_PX + 40, 2).tolist()
        y0, y1 = rng.integers(0, HEIGHT_PX, 2).tolist()
        pen.line((x0, y0, x1, y1), fill=1, width=1)
    return np.asarray(canvas, np.float32)


def _blur(grey: np.ndarray, sigma_px: float) -> np.ndarray:
    image = Image.fromarray(grey.astype(np.float32).clip(0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma_px)), np.float32)


def _smear(grey: np.ndarray, right_px: float, down_px: float) -> np.ndarray:
    """Mean of the strip along a motion of the camera, to both sides."""
    steps = 5
    smeared = np.zeros_like(grey)
    padded = np.pad(grey, 4, mode="edge")
    for part in np.linspace(-0.5, 0.5, steps):
        x = 4 + int(np.clip(round(part * 2 * right_px), -4, 4))
        y = 4 + int(np.clip(round(part * 2 * down_px), -4, 4))
        smeared += padded[y : y + HEIGHT_PX, x : x + WIDTH_PX]
    return smeared / steps


def _coarsen(grey: np.ndarray, scale: float) -> np.ndarray:
    """What is left of the strip after it was stored with fewer pixels."""
    size = (round(WIDTH_PX * scale), round(HEIGHT_PX * scale))
    image = Image.fromarray(grey.astype(np.float32))
    small = image.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BILINEAR))
