"""age_gender: draws hair, behind the head and over it. No TensorFlow."""

from __future__ import annotations

import math

from modules.age_gender.sample.pen import Pen, Point, outline
from modules.age_gender.sample.people import Colour, Person, jitter, mix

_DARK: Colour = (16, 12, 10)
_CURLS = 26


def draw_back(pen: Pen, person: Person) -> None:
    """Draws the hair that falls behind the face."""
    colour = mix(person.hair, _DARK, 0.18)
    if person.style == "long":
        pen.oval(0, -0.2, 1.22, 1.25, colour)
        pen.both_sides([(1.2, -0.3), (1.32, 1.5), (0.9, 1.75)], colour)
        _strands(pen, person, 1.2, -0.3, 1.6, 30)
    elif person.style == "bob":
        pen.oval(0, -0.15, 1.24, 1.25, colour)
        pen.both_sides([(1.22, -0.2), (1.2, 0.72), (0.8, 0.9)], colour)
        _strands(pen, person, 1.2, -0.2, 0.8, 22)
    elif person.style == "tails":
        for side in (-1, 1):
            pen.oval(side * 1.22, 0.1, 0.3, 0.62, colour)
            pen.oval(side * 1.05, -0.3, 0.12, 0.12, jitter(pen.rng, (210, 70, 90), 40))
    elif person.style == "bun":
        pen.oval(0, -1.12, 0.42, 0.4, colour)
    elif person.style == "curls":
        for curl in range(_CURLS):
            angle = math.pi * (0.9 + 1.2 * curl / (_CURLS - 1)) + pen.rng.uniform(-0.1, 0.1)
            size = pen.rng.uniform(0.2, 0.3)
            x, y = math.cos(angle) * 1.05, math.sin(angle) * 0.9 + 0.02
            pen.oval(x, y, size, size, jitter(pen.rng, colour, 12))


def _strands(pen: Pen, person: Person, wide: float, top: float, low: float, count: int) -> None:
    for _ in range(count):
        x = pen.rng.uniform(-wide, wide)
        shade = jitter(pen.rng, mix(person.hair, _DARK, 0.15), 22)
        pen.line([(x * 0.95, top), (x * 1.06, pen.rng.uniform(low * 0.7, low))], 0.02, shade)


def draw_front(pen: Pen, person: Person) -> None:
    """Draws the hair over the forehead and the temples, as far as there is some."""
    colour = mix(person.hair, person.skin, person.thinness)
    if person.style == "bald":
        for side in (-1, 1):
            wreath = [(0.97, -0.42), (1.08, -0.2), (1.06, 0.16), (0.95, 0.2), (0.93, -0.2)]
            pen.area([(side * x, y) for x, y in wreath], colour)
        return
    hairline = -0.6 - 0.28 * person.recession - 0.16 * person.childhood * (person.years < 3)
    cap = [(x, y) for x, y in outline(person, 1.1) if y < -0.18]
    cap.sort(key=lambda point: point[0])
    pen.area([*cap, *_fringe(pen, person, hairline)], colour)
    for _ in range(round(26 * (1 - person.thinness))):
        x = pen.rng.uniform(-0.95, 0.95)
        root = -1.08 * math.sqrt(max(0.0, 1 - (x / 1.1) ** 2))
        end = min(root + pen.rng.uniform(0.1, 0.4), hairline - 0.1 + 0.5 * x**4)
        pen.line([(x * 0.85, root), (x, max(root, end))], 0.02, jitter(pen.rng, colour, 24))


def _fringe(pen: Pen, person: Person, hairline: float) -> list[Point]:
    """The lower edge of the hair from the right temple to the left one."""
    temple = 0.02 if person.style in ("long", "bob", "curls") else -0.16
    corner = 0.72 - 0.2 * person.recession
    parting = pen.rng.uniform(-0.4, 0.4)
    return [
        (1.06, temple),
        (0.95, temple),
        (0.88, -0.36),
        (corner, hairline + 0.1),
        (parting + 0.25, hairline),
        (parting, hairline - 0.06),
        (parting - 0.25, hairline),
        (-corner, hairline + 0.1),
        (-0.88, -0.36),
        (-0.95, temple),
        (-1.06, temple),
    ]
