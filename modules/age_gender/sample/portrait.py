"""age_gender: draws the features of a face, from the shoulders up. No TensorFlow."""

from __future__ import annotations

from modules.age_gender.sample.pen import Pen, outline
from modules.age_gender.sample.people import Colour, Person, jitter, mix

_DARK: Colour = (40, 24, 20)
_WHITE: Colour = (244, 240, 236)
_RED: Colour = (172, 40, 52)


def draw_bust(pen: Pen, person: Person) -> None:
    """Draws neck and clothes."""
    rng = pen.rng
    shirt: Colour = (rng.randrange(30, 230), rng.randrange(30, 230), rng.randrange(30, 230))
    neck = 0.42 + 0.2 * person.jaw
    wide = 1.75 + 0.35 * person.jaw - 0.5 * person.childhood
    pen.both_sides([(neck, 1.2), (wide * 0.85, 1.42), (wide, 2.6)], shirt)
    shade = mix(person.skin, _DARK, 0.22)
    pen.both_sides([(neck, 0.5), (neck * 1.1, 1.25), (0, 1.25 + 0.5 * neck)], shade)
    for line in range(round(3 * person.wear)):
        y = 1.08 + 0.07 * line
        pen.arc((-neck, y), (neck, y), 0.03, 0.025, mix(shade, _DARK, 0.25))


def draw_head(pen: Pen, person: Person) -> None:
    """Draws ears, head and cheeks."""
    ear = 0.16 * (0.9 + 0.25 * person.wear)
    for side in (-1, 1):
        pen.oval(side, pen.eyes + 0.12, ear, ear * 1.6, mix(person.skin, _DARK, 0.1))
        pen.oval(side, pen.eyes + 0.12, ear * 0.55, ear, mix(person.skin, _DARK, 0.22))
        if person.has_earrings:
            pen.oval(side * 1.04, pen.eyes + 0.37, 0.05, 0.05, (226, 200, 120))
    pen.area(outline(person), person.skin)
    blush = 0.07 + 0.12 * person.childhood
    for side in (-1, 1):
        for ring in range(4):
            wide = 0.3 - 0.06 * ring
            colour = mix(person.skin, (226, 96, 88), blush * (ring + 1) / 4)
            pen.oval(side * 0.52, pen.eyes + 0.44, wide, wide * 0.9, colour)


def draw_wear(pen: Pen, person: Person) -> None:
    """Draws wrinkles: on the forehead, beside the eyes, below them, from the nose down; spots."""
    wear, rng = person.wear, pen.rng
    dark = mix(person.skin, _DARK, 0.12 + 0.38 * min(1.0, wear))
    thick = 0.018 + 0.02 * wear
    for line in range(round(4 * wear)):
        y, wide = -0.42 - 0.09 * line + rng.uniform(-0.01, 0.01), rng.uniform(0.42, 0.55)
        pen.arc((-wide, y), (wide, y), -0.02, thick, dark)
    for side in (-1, 1):
        for line in range(round(4 * wear)):
            y = pen.eyes - 0.02 + 0.05 * line
            pen.line([(side * 0.68, y), (side * 0.84, y + 0.05 * (line - 1))], thick, dark)
        if wear > 0.1:
            bag, fold = pen.eyes + 0.1 + 0.03 * wear, 0.3 + 0.36 * min(1, wear + 0.3)
            pen.arc((side * 0.24, bag), (side * 0.58, bag), 0.07, thick, dark)
            pen.arc((side * 0.2, 0.3), (side * 0.42, fold), -0.03, thick, dark)
        if wear > 0.55:
            pen.line([(side * 0.34, 0.66), (side * 0.36, 0.84)], thick, dark)
            pen.arc((side * 0.62, 0.6), (side * 0.5, 0.86), 0.05, thick, dark)
    for _ in range(round(12 * max(0.0, wear - 0.6))):
        size = rng.uniform(0.02, 0.05)
        x, y = rng.uniform(-0.7, 0.7), rng.uniform(-0.6, 0.6)
        pen.oval(x, y, size, size, mix(person.skin, (120, 80, 50), 0.35))


def draw_beard(pen: Pen, person: Person) -> None:
    """Draws what grows on the lower face."""
    if person.beard == "none":
        return
    colour = jitter(pen.rng, person.hair, 8)
    if person.beard in ("stubble", "full"):
        shown = mix(person.skin, colour, 0.25 if person.beard == "stubble" else 0.9)
        lower = [(x, y) for x, y in outline(person, 1.02) if y > 0.12 and x > 0]
        pen.both_sides([(0.0, 0.46), (0.36, 0.5), (0.72, 0.42), *lower], shown)
    if person.beard in ("moustache", "full"):
        pen.both_sides([(0, 0.44), (0.34, 0.58), (0.3, 0.64), (0, 0.55)], colour)


def draw_mouth(pen: Pen, person: Person) -> None:
    """Draws the lips, and teeth where somebody laughs who has some."""
    smile, y = pen.shot.smile, 0.62 - 0.03 * person.childhood
    wide = (0.33 - 0.08 * person.childhood) * (1 + 0.2 * max(0.0, smile))
    full = (0.05 if person.is_male else 0.085) * (1 - 0.45 * person.wear) + 0.02
    colour = mix(mix(person.skin, (190, 84, 84), 0.45), _RED, person.makeup)
    up, open_by = y - 0.08 * smile, max(0.0, smile - 0.45) * 0.16
    low = y + full + open_by
    upper_lip = [(0, y - full * 0.55), (wide * 0.35, y - full * 0.8), (wide, up)]
    pen.both_sides([*upper_lip, (wide * 0.5, low), (0, low + full * 0.3)], colour)
    inside = _WHITE if person.years > 1 and open_by > 0.02 else mix(colour, _DARK, 0.6)
    teeth = y + open_by + 0.012
    pen.both_sides([(0, y - full * 0.1), (wide * 0.85, up + 0.005), (wide * 0.4, teeth)], inside)


def draw_eyes(pen: Pen, person: Person) -> None:
    """Draws eyes, lashes and brows."""
    child, wear = person.childhood, person.wear
    wide = 0.19 + 0.075 * child + (0.0 if person.is_male else 0.012)
    tall = wide * (0.56 + 0.22 * child - 0.16 * wear)
    brow_y = pen.eyes - 0.21 - 0.03 * child + (0.03 if person.is_male else -0.02)
    thick = (0.085 if person.is_male else 0.05) * person.brows * (1 - 0.55 * child)
    brow = mix(person.hair, person.skin, 0.15 + 0.5 * child)
    lash = mix(person.skin, _DARK, 0.45 + 0.5 * person.makeup * (not person.is_male))
    for side in (-1, 1):
        x = side * (0.42 + 0.02 * child)
        pen.oval(x, pen.eyes, wide * 1.06, tall * 1.1, lash)
        pen.oval(x, pen.eyes + 0.012, wide, tall, _WHITE)
        iris = tall * 0.92
        pen.oval(x, pen.eyes, iris, iris, person.eyes)
        pen.oval(x, pen.eyes, iris * 0.5, iris * 0.5, (14, 12, 12))
        pen.oval(x + 0.03, pen.eyes - 0.03, iris * 0.2, iris * 0.2, (250, 250, 250))
        lid = mix(person.skin, _DARK, 0.08)
        pen.oval(x, pen.eyes - tall * (0.62 + 0.1 * (1 - wear)), wide * 1.05, tall * 0.4, lid)
        lashes = 0.022 + 0.03 * person.makeup * (not person.is_male)
        edge = pen.eyes - 0.01
        pen.arc((x - wide, edge), (x + wide, edge), -tall * 0.36, lashes, lash)
        inner, outer = (side * 0.2, brow_y + 0.02), (side * 0.64, brow_y + 0.03 * wear)
        pen.arc(inner, outer, -0.03, thick, brow)


def draw_nose(pen: Pen, person: Person) -> None:
    """Draws the nose by its shadow and its wings."""
    wide = 0.13 + 0.06 * person.jaw + 0.03 * person.wear - 0.03 * person.childhood
    low = pen.eyes + 0.42 - 0.16 * person.childhood + 0.04 * person.wear
    dark = mix(person.skin, _DARK, 0.22)
    top = low - 0.1 if person.childhood > 0.5 else pen.eyes + 0.06
    pen.line([(0.09, top), (wide * 0.75, low - 0.05)], 0.03, mix(person.skin, _DARK, 0.14))
    pen.arc((-wide, low - 0.02), (wide, low - 0.02), 0.045, 0.04, dark)
    for side in (-1, 1):
        pen.oval(side * wide * 0.5, low, 0.035, 0.02, mix(person.skin, _DARK, 0.55))


def draw_glasses(pen: Pen, person: Person) -> None:
    """Draws glasses on most pictures of who wears them."""
    if not person.has_glasses or pen.rng.random() < 0.2:
        return
    frame: Colour = pen.rng.choice(((30, 28, 28), (110, 70, 40), (150, 150, 156)))
    wide, tall = 0.31, 0.2
    for side in (-1, 1):
        x, upper, lower = side * 0.43, pen.eyes - tall * 0.8, pen.eyes + tall
        corners = [(x - wide, upper), (x + wide, upper)]
        corners += [(x + wide * 0.9, lower), (x - wide * 0.9, lower)]
        pen.line([*corners, corners[0]], 0.045, frame)
        pen.line([(side * 0.74, pen.eyes - 0.1), (side, pen.eyes - 0.06)], 0.04, frame)
    pen.line([(-0.12, pen.eyes - 0.05), (0.12, pen.eyes - 0.05)], 0.045, frame)
