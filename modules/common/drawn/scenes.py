"""Draws landscapes: sample photographs for the tasks that learn from pictures. No TensorFlow.

They are simple, but have what such tasks look for: kinds differ in shapes and texture as well as in
colour, up and down differ, and what a thing is says which colours it has.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

# Height of the horizon, from the top.
_HORIZON = (0.42, 0.62)
_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((58, 120, 205), (176, 212, 240)),
    ((90, 150, 220), (225, 235, 240)),
    ((64, 84, 150), (245, 170, 110)),
    ((120, 135, 155), (205, 210, 215)),
)


def draw_scene(rng: random.Random, kind: str, size_px: int) -> Image.Image:
    """Draws one landscape.

    Args:
        rng: Where all choices come from: the same state gives the same picture.
        kind: One of `KINDS`.
        size_px: Side of the square, 64 or more.

    Returns:
        An RGB picture.

    Raises:
        ValueError: For another kind.
    """
    if kind not in _PAINTERS:
        raise ValueError(f"expected one of {', '.join(KINDS)}, found {kind!r}")
    horizon = round(size_px * rng.uniform(*_HORIZON))
    high, low = rng.choice(_SKIES)
    picture = Image.new("RGB", (size_px, size_px))
    picture.paste(_gradient(size_px, horizon, high, low))
    pen = ImageDraw.Draw(picture)
    _sun(rng, pen, size_px, horizon)
    for _ in range(rng.randint(0, 3)):
        _cloud(rng, pen, size_px, horizon)
    _PAINTERS[kind](rng, picture, horizon)
    return _as_photographed(rng, picture)


def write_scenes(folder: Path, seed: int, count: int, size_px: int = 224) -> None:
    """Writes scenes as `<kind>/<kind>_<number>.jpg`, the kinds in turn.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same pictures.
        count: How many.
        size_px: Side of the squares.
    """
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        path = folder / kind / f"{kind}_{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = random.Random(f"{seed}/{number}")
        draw_scene(rng, kind, size_px).save(path, quality=92)


def _gradient(width: int, height: int, top: Colour, bottom: Colour) -> Image.Image:
    shares = np.linspace(0, 1, max(height, 1))[:, None, None]
    rows = np.asarray(top) * (1 - shares) + np.asarray(bottom) * shares
    return Image.fromarray(np.broadcast_to(rows, (max(height, 1), width, 3)).astype(np.uint8))


def _draw_texture(
    rng: random.Random, picture: Image.Image, top_px: int, near: Colour, far: Colour, grain: float
) -> None:
    """Fills what lies below a line with ground: rougher, and of another colour, where it is near.

    Args:
        rng: Source of the texture.
        picture: Painted on.
        top_px: The line.
        near: Colour at the bottom.
        far: Colour at the line.
        grain: Deviation of the brightness, in grey levels.
    """
    width, height = picture.width, picture.height - top_px
    ground = np.asarray(_gradient(width, height, far, near), np.float32)
    noise = np.random.default_rng(rng.getrandbits(32))
    coarse = noise.normal(0, grain, (height // 6 + 2, width // 6 + 2)).astype(np.float32)
    patches = Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR)
    fine = noise.normal(0, grain / 2, (height, width))
    depth = np.linspace(0.3, 1, height)[:, None]
    ground += ((np.asarray(patches) + fine) * depth)[:, :, None]
    picture.paste(Image.fromarray(ground.clip(0, 255).astype(np.uint8)), (0, top_px))


def _jitter(rng: random.Random, colour: Colour, amount: int = 14) -> Colour:
    shift = rng.randint(-amount, amount)
    red, green, blue = (
        min(255, max(0, value + shift + rng.randint(-amount // 2, amount // 2))) for value in colour
    )
    return red, green, blue


def _sun(rng: random.Random, pen: ImageDraw.ImageDraw, size: int, horizon: int) -> None:
    if rng.random() < 0.7:
        radius = size * rng.uniform(0.03, 0.07)
        x, y = rng.uniform(0.1, 0.9) * size, rng.uniform(0.1, 0.6) * horizon
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(253, 228, 110))


def _cloud(rng: random.Random, pen: ImageDraw.ImageDraw, size: int, horizon: int) -> None:
    x, y = rng.uniform(0, 1) * size, rng.uniform(0.1, 0.6) * horizon
    for _ in range(rng.randint(3, 6)):
        wide, high = size * rng.uniform(0.04, 0.1), size * rng.uniform(0.02, 0.04)
        left, top = x + rng.uniform(-0.08, 0.08) * size, y + rng.uniform(-0.01, 0.02) * size
        pen.ellipse((left - wide, top - high, left + wide, top + high), fill=(240, 243, 246))


def _ridge(
    rng: random.Random, pen: ImageDraw.ImageDraw, size: int, base: int, height: float, fill: Colour
) -> None:
    """Draws hills: a polygon of a few waves above `base`, at most `height` pixels high."""
    waves = [(rng.uniform(0.6, 3), rng.uniform(0, 6.3), rng.uniform(0.3, 1)) for _ in range(3)]
    total = sum(weight for _, _, weight in waves)
    points = []
    for x in range(0, size + 4, 4):
        level = sum(w * math.sin(f * 6.3 * x / size + shift) for f, shift, w in waves) / total
        points.append((x, base - height * (0.55 + 0.45 * level)))
    pen.polygon([(0, base), *points, (size, base)], fill=fill)


def _sea(rng: random.Random, picture: Image.Image, horizon: int) -> None:
    deep, far = _jitter(rng, (18, 70, 120)), _jitter(rng, (70, 135, 175))
    _draw_texture(rng, picture, horizon, deep, far, 9)
    pen, size = ImageDraw.Draw(picture), picture.width
    for _ in range(rng.randint(25, 45)):
        y = horizon + (size - horizon) * rng.random() ** 1.5
        length = size * (0.02 + 0.12 * (y - horizon) / (size - horizon))
        x = rng.uniform(-0.1, 1) * size
        pen.arc((x, y, x + length, y + length / 4), 200, 340, fill=(215, 230, 236), width=2)
    for _ in range(rng.randint(0, 2)):
        _boat(rng, pen, size, horizon)


def _boat(rng: random.Random, pen: ImageDraw.ImageDraw, size: int, horizon: int) -> None:
    wide = size * rng.uniform(0.06, 0.14)
    x, y = rng.uniform(0.1, 0.8) * size, horizon + rng.uniform(0.03, 0.2) * (size - horizon)
    pen.polygon(
        [(x, y), (x + wide, y), (x + 0.8 * wide, y + wide / 4), (x + 0.2 * wide, y + wide / 4)],
        fill=_jitter(rng, (140, 40, 30)),
    )
    pen.polygon([(x + wide / 2, y - wide), (x + wide / 2, y), (x + wide, y)], fill=(245, 242, 235))


def _beach(rng: random.Random, picture: Image.Image, horizon: int) -> None:
    _draw_texture(rng, picture, horizon, (60, 150, 175), (45, 105, 160), 6)
    size = picture.width
    shore = horizon + round((size - horizon) * rng.uniform(0.25, 0.45))
    _draw_texture(rng, picture, shore, _jitter(rng, (226, 200, 150)), (214, 184, 136), 7)
    pen = ImageDraw.Draw(picture)
    pen.line([(x, shore + 3 * math.sin(x / 17)) for x in range(0, size, 4)], fill=(240, 246, 248),
             width=max(3, size // 50))  # fmt: skip
    for _ in range(rng.randint(1, 3)):
        _parasol(rng, pen, size, shore)


def _parasol(rng: random.Random, pen: ImageDraw.ImageDraw, size: int, shore: int) -> None:
    x, foot = rng.uniform(0.1, 0.9) * size, rng.uniform(shore + 0.1 * size, size)
    radius = size * rng.uniform(0.06, 0.1)
    pen.line([(x, foot), (x, foot - 1.8 * radius)], fill=(110, 80, 50), width=max(2, size // 90))
    box = (x - radius, foot - 2.4 * radius, x + radius, foot - 0.8 * radius)
    for slice_number in range(6):
        fill = (205, 45, 50) if slice_number % 2 else (245, 240, 230)
        pen.pieslice(box, 180 + 30 * slice_number, 210 + 30 * slice_number, fill=fill)


def _forest(rng: random.Random, picture: Image.Image, horizon: int) -> None:
    size = picture.width
    hills = ImageDraw.Draw(picture)
    _ridge(rng, hills, size, horizon + 2, size * 0.14, _jitter(rng, (70, 105, 85)))
    _draw_texture(rng, picture, horizon, _jitter(rng, (66, 110, 40)), (105, 140, 70), 12)
    pen = ImageDraw.Draw(picture)
    feet = sorted(horizon + (size - horizon) * rng.random() ** 1.3 for _ in range(22))
    for foot in feet:
        tall = size * (0.1 + 0.3 * (foot - horizon) / (size - horizon)) * rng.uniform(0.8, 1.2)
        _fir(rng, pen, rng.uniform(0, 1) * size, foot, tall)


def _fir(rng: random.Random, pen: ImageDraw.ImageDraw, x: float, foot: float, tall: float) -> None:
    pen.rectangle((x - tall / 22, foot - tall / 5, x + tall / 22, foot), fill=(92, 64, 40))
    green = _jitter(rng, (34, 88, 44), 18)
    for tier in range(3):
        wide, low = tall * (0.26 - 0.06 * tier), foot - tall * (0.15 + 0.25 * tier)
        pen.polygon([(x - wide, low), (x + wide, low), (x, low - 0.42 * tall)], fill=green)


def _desert(rng: random.Random, picture: Image.Image, horizon: int) -> None:
    size = picture.width
    _draw_texture(rng, picture, horizon, _jitter(rng, (205, 140, 75)), (225, 175, 115), 5)
    pen = ImageDraw.Draw(picture)
    for number in range(3):
        base = horizon + round((size - horizon) * (0.15 + 0.3 * number))
        shade = _jitter(rng, (214 - 12 * number, 152 - 14 * number, 88 - 12 * number), 6)
        _ridge(rng, pen, size, base, size * rng.uniform(0.08, 0.16), shade)
        _draw_texture_below(rng, picture, base, shade)
    for _ in range(rng.randint(1, 4)):
        foot = rng.uniform(horizon + 0.15 * size, size)
        _cactus(rng, pen, rng.uniform(0.05, 0.95) * size, foot, size * rng.uniform(0.12, 0.25))


def _draw_texture_below(rng: random.Random, picture: Image.Image, base: int, shade: Colour) -> None:
    darker = (max(0, shade[0] - 18), max(0, shade[1] - 18), max(0, shade[2] - 14))
    _draw_texture(rng, picture, base, darker, shade, 4)


def _cactus(
    rng: random.Random, pen: ImageDraw.ImageDraw, x: float, foot: float, tall: float
) -> None:
    thick, green = tall / 6, _jitter(rng, (60, 120, 62))
    pen.rounded_rectangle((x - thick / 2, foot - tall, x + thick / 2, foot), thick / 2, fill=green)
    for side in (-1, 1):
        elbow = foot - tall * rng.uniform(0.35, 0.6)
        reach = sorted((x, x + side * 1.6 * thick))
        pen.rounded_rectangle(
            (reach[0], elbow - thick * 0.7, reach[1], elbow), thick / 3, fill=green
        )
        tip = x + side * 1.6 * thick
        pen.rounded_rectangle(
            (tip - thick * 0.35, elbow - tall * 0.3, tip + thick * 0.35, elbow),
            thick / 3,
            fill=green,
        )


def _city(rng: random.Random, picture: Image.Image, horizon: int) -> None:
    size = picture.width
    street = round(min(horizon + 0.2 * size, 0.85 * size))
    _draw_texture(rng, picture, horizon, (84, 86, 90), (120, 122, 126), 6)
    pen = ImageDraw.Draw(picture)
    x = -0.05 * size
    while x < size:
        wide, tall = size * rng.uniform(0.1, 0.2), size * rng.uniform(0.2, 0.6)
        _tower(rng, pen, (x, max(2.0, street - tall), x + wide, street))
        x += wide * rng.uniform(0.9, 1.15)
    for number in range(8):
        left = size * number / 8
        low = street + (size - street) * 0.5
        pen.rectangle((left, low, left + size / 16, low + size / 80), fill=(235, 225, 190))


def _tower(
    rng: random.Random, pen: ImageDraw.ImageDraw, box: tuple[float, float, float, float]
) -> None:
    left, top, right, bottom = box
    wall = _jitter(rng, rng.choice(((150, 110, 95), (165, 165, 170), (110, 120, 135))), 16)
    pen.rectangle(box, fill=wall)
    step = max(5.0, (right - left) / rng.randint(3, 5))
    is_lit = rng.random() < 0.4
    y = top + step / 2
    while y < bottom - step:
        x = left + step / 3
        while x < right - step / 2:
            fill = (250, 220, 130) if is_lit and rng.random() < 0.5 else (60, 78, 100)
            pen.rectangle((x, y, x + step / 2, y + step / 2), fill=fill)
            x += step
        y += step


def _as_photographed(rng: random.Random, picture: Image.Image) -> Image.Image:
    """Softens edges a little and adds a camera's noise, and a brightness of its own."""
    noise = np.random.default_rng(rng.getrandbits(32))
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.6)), np.float32)
    taken = pixels * rng.uniform(0.8, 1.1) + noise.normal(0, 3, pixels.shape)
    return Image.fromarray(taken.clip(0, 255).astype(np.uint8))


Painter = Callable[[random.Random, Image.Image, int], None]
_PAINTERS: Mapping[str, Painter] = {
    "beach": _beach,
    "city": _city,
    "desert": _desert,
    "forest": _forest,
    "sea": _sea,
}
KINDS = tuple(_PAINTERS)
