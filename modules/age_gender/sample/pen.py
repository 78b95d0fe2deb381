"""age_gender: where the head is in a picture, and the pen that draws by its measures."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageDraw

from modules.age_gender.sample.people import Colour, Person

Point = tuple[float, float]

_OUTLINE_POINTS = 24


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Where the head is in one picture, and what the face does. Measures of the picture's side.

    Attributes:
        x: Middle of the head.
        y: Middle of the head.
        half_width: Of the head at the temples.
        half_height: From the middle to the chin.
        eye_y: Height of the eyes.
        tilt_degrees: How far the head leans.
        smile: -0.3 to 1.
    """

    x: float
    y: float
    half_width: float
    half_height: float
    eye_y: float
    tilt_degrees: float
    smile: float

    @staticmethod
    def of(rng: random.Random, person: Person) -> Shot:
        """Takes a picture of a person."""
        half_width = 0.26 * person.width * rng.uniform(0.92, 1.06)
        half_height = half_width * (1.36 - 0.3 * person.childhood)
        y = 0.5 + rng.uniform(-0.025, 0.035)
        return Shot(
            x=0.5 + rng.uniform(-0.03, 0.03),
            y=y,
            half_width=half_width,
            half_height=half_height,
            eye_y=y + half_height * (0.22 * person.childhood - 0.1),
            tilt_degrees=rng.gauss(0, 4),
            smile=rng.uniform(-0.3, 1),
        )


class Pen:
    """Draws in measures of the head: 0, 0 is its middle, 1 the temple to the right, or the chin."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, rng: random.Random, size_px: int, shot: Shot
    ) -> None:
        """Takes what to draw on."""
        self.rng = rng
        self.shot = shot
        self.eyes = (shot.eye_y - shot.y) / shot.half_height
        self._draw = draw
        self._size_px = size_px
        tilt = math.radians(shot.tilt_degrees)
        self._cosine, self._sine = math.cos(tilt), math.sin(tilt)

    def at(self, x: float, y: float) -> Point:
        """Place in pixels."""
        shot = self.shot
        right, down = x * shot.half_width, y * shot.half_height
        return (
            (shot.x + right * self._cosine - down * self._sine) * self._size_px,
            (shot.y + right * self._sine + down * self._cosine) * self._size_px,
        )

    def area(self, points: Sequence[Point], colour: Colour) -> None:
        """Fills a polygon."""
        self._draw.polygon([self.at(*point) for point in points], fill=colour)

    def both_sides(self, right: Sequence[Point], colour: Colour) -> None:
        """Fills the polygon of some points and their mirror images, from top to bottom or back."""
        self.area([*right, *((-x, y) for x, y in reversed(right))], colour)

    def oval(self, x: float, y: float, wide: float, tall: float, colour: Colour) -> None:
        """Fills an ellipse, given by its middle and half its sides, both measured in widths."""
        middle_x, middle_y = self.at(x, y)
        unit_px = self.shot.half_width * self._size_px
        right, down = wide * unit_px, tall * unit_px
        box = (middle_x - right, middle_y - down, middle_x + right, middle_y + down)
        self._draw.ellipse(box, fill=colour)

    def line(self, points: Sequence[Point], thick: float, colour: Colour) -> None:
        """Draws a line, as thick as a share of half the head's width."""
        width_px = max(1, round(thick * self.shot.half_width * self._size_px))
        self._draw.line([self.at(*point) for point in points], colour, width_px, joint="curve")

    def arc(self, begin: Point, end: Point, sag: float, thick: float, colour: Colour) -> None:
        """Draws a line that hangs through by `sag`, measured in heights."""
        points = []
        for step in range(9):
            t = step / 8
            x = begin[0] + (end[0] - begin[0]) * t
            y = begin[1] + (end[1] - begin[1]) * t + sag * 4 * t * (1 - t)
            points.append((x, y))
        self.line(points, thick, colour)


def outline(person: Person, grow: float = 1.0) -> list[Point]:
    """The head's outline: an ellipse above, below it as square as the jaw.

    Args:
        person: Whose.
        grow: Times as large.
    """
    power = 1.9 + 1.1 * person.jaw + 0.5 * person.childhood
    right = []
    for step in range(_OUTLINE_POINTS + 1):
        angle = math.pi * (step / _OUTLINE_POINTS - 0.5)
        x, y = math.cos(angle), math.sin(angle)
        if y > 0:
            x = (1 - y**power) ** (1 / 1.85)
        right.append((x * grow, y * grow))
    return right + [(-x, y) for x, y in reversed(right)]
