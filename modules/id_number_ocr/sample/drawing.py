"""id_number_ocr: draws strips with a number, as a camera or a scanner would see them.

The number is set in one mask at twice the resolution, with uneven ink, and laid into the strip by
one perspective transform, so that all of it is inside; `paper` does the rest. `difficulty` scales
all that disturbs, from 0 (clean) to 1. No TensorFlow.
"""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from modules.common.declaring.sources import RawFeatures
from modules.id_number_ocr.numbers import random_number
from modules.id_number_ocr.sample import paper, typefaces
from modules.id_number_ocr.task import HEIGHT_PX, WIDTH_PX, Settings

# The mask is drawn larger than it is shown, with room for the transform's interpolation.
_OVERSAMPLING = 2
_PADDING_PX = 4
# What blur needs on each side.
_MARGIN_PX = 1.5


@dataclass(frozen=True)
class Strip:
    """A drawn strip.

    Attributes:
        pixels: uint8 `[32, 256]`.
        number: What is written.
        typeface: In which typeface.
        corners: float64 `[4, 2]`, x and y in pixels of the number's box in the strip: upper left,
            upper right, lower right, lower left.
    """

    pixels: np.ndarray
    number: str
    typeface: str
    corners: np.ndarray


def draw(index: int, settings: Settings) -> RawFeatures:
    """Draws the strip of an index.

    Args:
        index: Which one, from 0.
        settings: `seed`, `difficulty`, `typefaces`, `without_typeface` and `font` are read.

    Returns:
        `image`: PNG bytes, 32x256 grey; `number`; `typeface`. The same for the same index and
        settings, on every machine with the same Pillow.

    Raises:
        DataError: For a typeface that is not known, missing or not readable.
    """
    strip = draw_strip(index, settings)
    return {
        "image": png_bytes(strip.pixels),
        "number": strip.number,
        "typeface": strip.typeface,
    }


def png_bytes(pixels: np.ndarray) -> bytes:
    """Encodes grey pixels, uint8 `[h, w]`."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, format="PNG", compress_level=1)
    return encoded.getvalue()


def draw_strip(index: int, settings: Settings) -> Strip:
    """Draws the strip of an index, with what is known of it; see `draw`."""
    rng = np.random.default_rng([settings.seed % 2**32, index])
    number = random_number(rng)
    names, bounds = _choice(settings.typefaces, settings.without_typeface, settings.font)
    typeface = names[min(int(np.searchsorted(bounds, rng.random(), "right")), len(names) - 1)]
    hard = settings.difficulty
    mask = _set_in_type(rng, number, typeface, settings.font, hard)
    corners = _place(rng, mask.shape[1], mask.shape[0], hard)
    ink = _lay(mask, corners)
    pixels = paper.expose(rng, paper.print_on_paper(rng, ink, hard), hard)
    return Strip(pixels, number, typeface, corners)


@functools.cache
def _choice(chosen: str, without: str, font: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the typefaces and the upper bounds of their shares in [0, 1]."""
    shares = typefaces.mixture(chosen, without, font)
    return tuple(shares), np.cumsum(list(shares.values()))


_file = functools.cache(typefaces.file_of)


@functools.cache
def _advance_em(typeface: str, font: str) -> float:
    """Mean advance of a digit, relative to the size."""
    drawn = typefaces.glyphs(_file(typeface, font), 100)
    return float(np.mean([drawn[digit].advance_px for digit in "0123456789"])) / 100


def _set_in_type(
    rng: np.random.Generator, number: str, typeface: str, font: str, hard: float
) -> np.ndarray:
    """The number at twice its size, uint8 `[h, w]`, as small as its ink, 255 where it is full."""
    pitch_px = _OVERSAMPLING * rng.uniform(12.4 - 2.0 * hard, 13.6)
    gap = rng.uniform(0.0, 0.3)
    size_px = round(pitch_px / (_advance_em(typeface, font) * (1 + gap)))
    drawn = typefaces.glyphs(_file(typeface, font), size_px)
    spacing_px = gap * pitch_px / (1 + gap)
    shifts = np.rint(rng.normal(0, 0.35 * hard * _OVERSAMPLING, len(number))).astype(int)
    strengths = 1 - 0.3 * hard * rng.random(len(number)) ** 3

    glyphs = [drawn[character] for character in number]
    pens = np.cumsum([0.0] + [glyph.advance_px + spacing_px for glyph in glyphs[:-1]])
    lefts = [round(pen) + glyph.left_px for pen, glyph in zip(pens, glyphs, strict=True)]
    tops = [glyph.top_px + int(shift) for glyph, shift in zip(glyphs, shifts, strict=True)]
    heights, widths = zip(*(glyph.ink.shape for glyph in glyphs), strict=True)
    left, top = min(lefts), min(tops)
    right = max(x + w for x, w in zip(lefts, widths, strict=True))
    bottom = max(y + h for y, h in zip(tops, heights, strict=True))

    mask = np.zeros([bottom - top, right - left], np.uint8)
    for glyph, x, y, strength in zip(glyphs, lefts, tops, strengths, strict=True):
        h, w = glyph.ink.shape
        place = mask[y - top : y - top + h, x - left : x - left + w]
        np.maximum(place, glyph.ink * strength, out=place, casting="unsafe")
    return mask


def _place(rng: np.random.Generator, width: int, height: int, hard: float) -> np.ndarray:
    """Corners of the number's box in the strip, float64 `[4, 2]`, all inside its margins."""
    half = np.array([width, height]) / (2 * _OVERSAMPLING)
    half[1] *= rng.uniform(1 - 0.1 * hard, 1 + 0.25 * hard)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    corners[:, 0] += corners[:, 1] * rng.normal(0, 0.1 * hard)
    corners *= 1 + np.array([0.02, 0.08]) * hard * rng.uniform(-1, 1, [4, 2])
    angle = math.radians(3.0 * hard * rng.uniform(-1, 1))
    sine, cosine = math.sin(angle), math.cos(angle)
    corners = corners @ np.array([[cosine, sine], [-sine, cosine]])

    room = np.array([WIDTH_PX, HEIGHT_PX]) - 2 * _MARGIN_PX
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = np.minimum(1, room / (high - low))
    slack = room - (high - low) * scale
    where = 0.5 + 0.5 * min(1.0, 0.3 + hard) * rng.uniform(-1, 1, 2)
    return (corners - low) * scale + _MARGIN_PX + slack * where


def _lay(mask: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Brings a mask into the strip: float32 `[32, 256]`, 0 to 1."""
    height, width = mask.shape
    to_mask = np.diag([width, height, 1.0]) @ _to_unit_square(corners)
    to_mask[:2] += _PADDING_PX * to_mask[2]
    laid = Image.fromarray(np.pad(mask, _PADDING_PX)).transform(
        (WIDTH_PX, HEIGHT_PX),
        Image.Transform.PERSPECTIVE,
        (to_mask / to_mask[2, 2]).reshape(-1)[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(laid, np.float32) / 255


def _to_unit_square(corners: np.ndarray) -> np.ndarray:
    """The perspective transform of four corners `[4, 2]` to (0, 0), (1, 0), (1, 1), (0, 1).

    Source: P. Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), 2.2.3, whose
    matrix from the square to the corners is inverted here but for a factor.

    Returns:
        float64 `[3, 3]`, for columns of homogeneous coordinates.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.tolist()
    dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    g, h = (dx3 * dy2 - dx2 * dy3) / area, (dx1 * dy3 - dx3 * dy1) / area
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    return np.array(
        [
            [e - f * h, c * h - b, b * f - c * e],
            [f * g - d, a - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d],
        ]
    )
