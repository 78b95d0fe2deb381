"""id_number_ocr: the numbers: GB 11643-1999, with the check character of ISO 7064 MOD 11-2.

A number is 18 characters: six digits of the region, eight of the birth date (YYYYMMDD), three of
the sequence, odd for men and even for women, and the check character, `X` for ten. No TensorFlow.

Source: GB 11643-1999, "Citizen identification number"; ISO/IEC 7064:2003, MOD 11-2.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CHARACTERS = "0123456789X"
NUMBER_CHARS = 18

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the first 17 digits: 2 to the power of what stands right of them, modulo 11."""

CHECK_CHARACTERS = "10X98765432"
"""Check character by the weighted sum of the first 17 digits, modulo 11."""

_PROVINCES = (
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
    50, 51, 52, 53, 54, 61, 62, 63, 64, 65,
)  # fmt: skip
# Parts of a region's code that, as far as we know, were given to no place: by GB/T 2260
# prefectures are 01 to 70 and 90, and the numbers of counties leave 41 to 69 free.
_NO_PREFECTURE = range(71, 90)
_NO_COUNTY = range(41, 70)
_FIRST_BIRTH = datetime.date(1940, 1, 1).toordinal()
_LAST_BIRTH = datetime.date(2025, 12, 31).toordinal()
_FORM = re.compile(r"[0-9]{17}[0-9X]")


def check_character(first17: str) -> str:
    """Computes the check character.

    Args:
        first17: The first 17 digits.

    Returns:
        A digit or `X`.

    Raises:
        ValueError: If these are not 17 digits.
    """
    if not re.fullmatch("[0-9]{17}", first17):
        raise ValueError(f"expected 17 digits, found {first17!r}")
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first17, strict=True))
    return CHECK_CHARACTERS[total % 11]


def random_number(rng: np.random.Generator) -> str:
    """Draws a valid number that is meant to be nobody's.

    The first two digits are a province's. The other four digits of the region are drawn until the
    part of the prefecture or that of the county is one that, as far as we know, was given to no
    place, where nobody was registered; every digit still occurs at each of these positions. Birth
    dates are evenly spread over 1940 to 2025, sequences over 001 to 999.

    Args:
        rng: Where the randomness comes from.
    """
    province = _PROVINCES[rng.integers(len(_PROVINCES))]
    prefecture = county = 1
    while prefecture not in _NO_PREFECTURE and county not in _NO_COUNTY:
        prefecture, county = rng.integers(1, 100, size=2).tolist()
    birth = datetime.date.fromordinal(int(rng.integers(_FIRST_BIRTH, _LAST_BIRTH + 1)))
    sequence = rng.integers(1, 1000)
    first17 = f"{province}{prefecture:02d}{county:02d}{birth:%Y%m%d}{sequence:03d}"
    return first17 + check_character(first17)


def is_valid(number: str) -> bool:
    """Tells whether form, birth date and check character of a number are right.

    The region is not looked up: the list of regions changes every year.
    """
    return bool(
        _FORM.fullmatch(number)
        and birth_date(number)
        and number[-1] == check_character(number[:17])
    )


def birth_date(number: str) -> str:
    """Reads the birth date as `YYYY-MM-DD`; empty where the eight digits are no date."""
    try:
        return datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14])).isoformat()
    except ValueError:
        return ""


def gender(number: str) -> str:
    """Reads the gender: `male` where the sequence is odd, `female` where it is even."""
    return "male" if int(number[16]) % 2 else "female"
