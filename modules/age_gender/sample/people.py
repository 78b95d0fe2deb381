"""age_gender: who is drawn. What age and gender do to a face, with people's differences.

The proportions of a child (large eyes below the middle, round cheeks, little nose) grow into an
adult's; from thirty on there are wrinkles, grey and thinner hair. Women have longer hair, fuller
and redder lips, thinner brows and a narrower jaw, men beards: often, not always. No TensorFlow.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from modules.age_gender.labels import AGE_RANGES

Colour = tuple[int, int, int]

_SKINS: tuple[Colour, ...] = (
    (246, 213, 190),
    (233, 192, 162),
    (214, 166, 130),
    (184, 134, 98),
    (146, 100, 70),
    (108, 72, 50),
)
_HAIRS: tuple[Colour, ...] = (
    (28, 22, 20),
    (58, 40, 28),
    (96, 64, 40),
    (150, 106, 60),
    (206, 170, 110),
    (150, 72, 36),
)
_EYES: tuple[Colour, ...] = ((70, 46, 30), (96, 70, 40), (80, 110, 80), (80, 120, 160))
_GREY: Colour = (206, 204, 202)
_ADULT_YEARS = 17.0


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may be drawn many times. Shares are 0 to 1.

    Attributes:
        is_male: Gender.
        years: Age.
        childhood: How much of a newborn's proportions is left, 0 for adults.
        wear: Strength of wrinkles.
        skin: Colour in full light.
        hair: Colour, grey included.
        eyes: Colour of the iris.
        style: `bald`, `short`, `bob`, `long`, `tails`, `bun` or `curls`.
        recession: How far the hairline has gone up.
        thinness: How much skin shows through the hair.
        beard: `none`, `stubble`, `moustache` or `full`.
        makeup: How much redder than skin the lips are, and how dark the lashes.
        jaw: 0 narrow to 1 square.
        width: Width of the face relative to others'.
        brows: Thickness of the brows relative to others'.
        has_glasses: Whether glasses are usual.
        has_earrings: Whether there are earrings.
    """

    is_male: bool
    years: float
    childhood: float
    wear: float
    skin: Colour
    hair: Colour
    eyes: Colour
    style: str
    recession: float
    thinness: float
    beard: str
    makeup: float
    jaw: float
    width: float
    brows: float
    has_glasses: bool
    has_earrings: bool


def draw_lots(rng: random.Random, group: int, is_male: bool) -> Person:
    """Makes up a person.

    Args:
        rng: Where all choices come from.
        group: Index in `labels.AGE_RANGES`; within it every age is as likely, but those above 85.
        is_male: Gender.
    """
    first, last = AGE_RANGES[group]
    years = rng.uniform(first, min(last, 85) + 0.99)
    # People look older or younger than they are.
    looks = max(0.0, years * (1 + rng.gauss(0, 0.06)) + rng.gauss(0, 0.4))
    childhood = _share(_ADULT_YEARS - looks, _ADULT_YEARS)
    grown = 1 - childhood
    tone = rng.randrange(len(_SKINS))
    # Fair hair goes with fair skin.
    hair = rng.choice(_HAIRS if tone < 2 else _HAIRS[:3] if tone < 4 else _HAIRS[:2])
    grey = _share(looks - 36, 30) * rng.uniform(0.6, 1.25)
    recession = _share(looks - 24, 45) * rng.uniform(0.0, 1.5) if is_male else 0.0
    return Person(
        is_male=is_male,
        years=years,
        childhood=childhood,
        wear=_share(looks - 27, 45) * rng.uniform(0.8, 1.15),
        skin=jitter(rng, _SKINS[tone], 10),
        hair=mix(jitter(rng, hair, 10), _GREY, min(1.0, grey)),
        eyes=rng.choice(_EYES if tone < 3 else _EYES[:2]),
        style=_style(rng, looks, is_male, recession),
        recession=min(1.0, recession),
        thinness=0.65 * _share(3 - looks, 3) + 0.35 * _share(looks - 55, 30),
        beard=_beard(rng, looks, is_male),
        makeup=0.1 if is_male else grown * rng.choice((0.2, 0.5, 0.8, 1.0)),
        jaw=grown * min(1.0, max(0.0, rng.gauss(0.75 if is_male else 0.25, 0.15))),
        width=rng.uniform(0.95, 1.06),
        brows=rng.uniform(0.85, 1.15),
        has_glasses=rng.random() < 0.03 + 0.3 * _share(looks - 5, 60),
        has_earrings=not is_male and looks > 5 and rng.random() < 0.45,
    )


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Mixes two colours, `share` being how much there is of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def jitter(rng: random.Random, colour: Colour, by: int) -> Colour:
    """Changes a colour by up to `by` steps, in brightness more than in hue."""
    light = rng.uniform(-by, by)
    red, green, blue = (
        min(255, max(0, round(value + light + rng.uniform(-by, by) / 3))) for value in colour
    )
    return red, green, blue


def _share(years: float, of_years: float) -> float:
    return min(1.0, max(0.0, years / of_years))


def _style(rng: random.Random, looks: float, is_male: bool, recession: float) -> str:
    if looks < 3:
        return "short"
    if is_male:
        if recession > 0.8:
            return "bald"
        return "bob" if rng.random() < 0.07 else "short"
    if looks < 14:
        return rng.choice(("tails", "tails", "long", "long", "bob", "short"))
    if looks < 55:
        return rng.choice(("long", "long", "long", "bob", "bob", "bun", "curls", "short"))
    return rng.choice(("curls", "curls", "bob", "bun", "bun", "short"))


def _beard(rng: random.Random, looks: float, is_male: bool) -> str:
    if not is_male or looks < 16:
        return "none"
    if looks < 21:
        return rng.choice(("none", "none", "none", "stubble"))
    return rng.choice(("none", "none", "stubble", "stubble", "moustache", "full", "full"))
