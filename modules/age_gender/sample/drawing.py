"""age_gender: draws faces as a camera would see them: the sample data. No TensorFlow.

A face is drawn at twice its size and made smaller; then light falls on it from one side, and the
camera adds its colour cast and noise.
"""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw

from modules.age_gender.sample import hair, portrait
from modules.age_gender.sample.pen import Pen, Shot
from modules.age_gender.sample.people import Person

_OVERSAMPLING = 2
_BACKGROUND_CELLS = 8


def draw_face(rng: random.Random, person: Person, size_px: int) -> Image.Image:
    """Draws one picture of a person.

    Args:
        rng: Where the choices of this picture come from: the same state gives the same picture.
        person: Who is drawn.
        size_px: Side of the square.

    Returns:
        An RGB picture.
    """
    shot = Shot.of(rng, person)
    large_px = size_px * _OVERSAMPLING
    layer = _background(rng, large_px)
    pen = Pen(ImageDraw.Draw(layer), rng, large_px, shot)
    hair.draw_back(pen, person)
    portrait.draw_bust(pen, person)
    portrait.draw_head(pen, person)
    portrait.draw_wear(pen, person)
    portrait.draw_beard(pen, person)
    portrait.draw_mouth(pen, person)
    portrait.draw_eyes(pen, person)
    portrait.draw_nose(pen, person)
    hair.draw_front(pen, person)
    portrait.draw_glasses(pen, person)
    return _photograph(rng, layer.reduce(_OVERSAMPLING), shot)


def _background(rng: random.Random, size_px: int) -> Image.Image:
    """A room out of focus: a few colours that run into each other."""
    numbers = np.random.default_rng(rng.getrandbits(32))
    base = numbers.uniform(40, 220) + numbers.normal(0, 25, 3)
    cells = base + numbers.normal(0, 28, (_BACKGROUND_CELLS, _BACKGROUND_CELLS, 1))
    cells = cells + numbers.normal(0, 9, (_BACKGROUND_CELLS, _BACKGROUND_CELLS, 3))
    small = Image.fromarray(np.clip(cells, 0, 255).astype(np.uint8))
    return small.resize((size_px, size_px), Image.Resampling.BICUBIC)


def _photograph(rng: random.Random, picture: Image.Image, shot: Shot) -> Image.Image:
    """Lights the picture from a side, rounds the head, casts a colour over it, adds noise."""
    size_px = picture.width
    numbers = np.random.default_rng(rng.getrandbits(32))
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px
    from_centre = ((x - shot.x) / (1.1 * shot.half_width)) ** 2 + (
        (y - shot.y) / (1.1 * shot.half_height)
    ) ** 2
    roundness = 1 - 0.28 * np.minimum(from_centre, 1) ** 2
    side = 1 + rng.uniform(-0.45, 0.45) * (x - 0.5) + rng.uniform(-0.1, 0.3) * (0.5 - y)
    cast = rng.uniform(0.82, 1.12) * numbers.uniform(0.94, 1.06, 3)
    light = (roundness * side)[..., None] * cast.astype(np.float32)
    noise = numbers.standard_normal((size_px, size_px, 1), np.float32) * rng.uniform(1, 5)
    pixels = np.asarray(picture, np.float32) * light + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
