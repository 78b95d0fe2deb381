"""age_gender: the age group and the gender that a row or a file's name says. No TensorFlow.

Adience writes an age as the range of a group, `(25, 32)`; as a range that is nearly one, `(38, 42)`
or even `(25, 23)`; as a number, `35`; or not at all, `None` or nothing. A gender is `f`, `m`, `u`
where nobody could tell, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import RawFeatures

AGE_RANGES = ((0, 2), (4, 6), (8, 13), (15, 20), (25, 32), (38, 43), (48, 53), (60, 100))
AGE_GROUPS = tuple(f"{first}-{last}" for first, last in AGE_RANGES)
"""The eight of Adience, in years, youngest first."""
GENDERS = ("female", "male")
UNKNOWN = "unknown"

# Whoever is older than the oldest person ever was is a slip of the pen.
_MAX_YEARS = 122
_NO_AGE = ("", "none")
_NO_GENDER = ("", "u", "none")
_GENDER_NAMES = {"f": "female", "female": "female", "m": "male", "male": "male"}
# As the files of UTKFace are numbered.
_GENDER_NUMBERS = {"0": "male", "1": "female"}
_NUMBER = re.compile(r"\d{1,3}")
_RANGE = re.compile(r"\(?\s*(\d{1,3})\s*[,-]\s*(\d{1,3})\s*\)?")


def label_from_row(row: Mapping[str, str], settings: Settings) -> RawFeatures:
    """Reads the labels of a row of Adience's tables.

    Args:
        row: The row, by column; `age` and `gender` are read.
        settings: Not used.

    Returns:
        `age_group`, one of `AGE_GROUPS` or `unknown`, and `gender`, one of `GENDERS` or `unknown`.

    Raises:
        ValueError: If both are unknown, or one is written in no way that is known.
    """
    return _labels(read_age_group(row["age"]), _read_gender(row["gender"], _GENDER_NAMES))


def label_from_name(relative_path: str, settings: Settings) -> RawFeatures:
    """Reads the labels that a file is named after.

    Args:
        relative_path: `AGE_GENDER_anything.jpg`, in a folder or not. The age is a number or a
            range, `25-32`; the gender `0` for male and `1` for female, as in UTKFace, or `f`, `m`,
            `female`, `male`. One of the two may be `u` or `None`.
        settings: Not used.

    Returns:
        As `label_from_row` does.

    Raises:
        ValueError: As `label_from_row` does.
    """
    stem = PurePosixPath(relative_path).stem
    parts = stem.split("_")
    if len(parts) < 2:
        raise ValueError(
            "expected a file named AGE_GENDER_anything.jpg, such as 25_f_1.jpg, found "
            f"{PurePosixPath(relative_path).name!r}"
        )
    age = "" if parts[0].lower() == "u" else parts[0]
    gender = _read_gender(parts[1], {**_GENDER_NAMES, **_GENDER_NUMBERS})
    return _labels(read_age_group(age), gender)


def read_age_group(text: str) -> str:
    """Finds the age group of an age.

    A range whose first number is a group's first is that group; any other counts as its middle. A
    number belongs to the nearest group, and to the younger of two that are equally near.

    Args:
        text: A number, a range, `None` or nothing.

    Returns:
        One of `AGE_GROUPS`, or `unknown`.

    Raises:
        ValueError: If it is none of these, or above 122 years.
    """
    found = text.strip()
    if found.lower() in _NO_AGE:
        return UNKNOWN
    as_range = _RANGE.fullmatch(found)
    if as_range:
        years = [int(part) for part in as_range.groups()]
    elif _NUMBER.fullmatch(found):
        years = [int(found)]
    else:
        years = []
    if not years or max(years) > _MAX_YEARS:
        raise ValueError(
            f"age: expected a number of years up to {_MAX_YEARS}, such as 35, or a range, such as "
            f"(25, 32), or None, found {text!r}"
        )
    firsts = [first for first, _ in AGE_RANGES]
    if len(years) == 2 and years[0] in firsts:
        return AGE_GROUPS[firsts.index(years[0])]
    return _nearest(sum(years) / len(years))


def _nearest(years: float) -> str:
    distances = [max(first - years, years - last, 0) for first, last in AGE_RANGES]
    return AGE_GROUPS[distances.index(min(distances))]


def _read_gender(text: str, names: Mapping[str, str]) -> str:
    found = text.strip().lower()
    if found in _NO_GENDER:
        return UNKNOWN
    if found not in names:
        raise ValueError(f"gender: expected one of {', '.join(names)} or u, found {text!r}")
    return names[found]


def _labels(age_group: str, gender: str) -> RawFeatures:
    if age_group == gender == UNKNOWN:
        raise ValueError("neither an age nor a gender is known: expected one of them at least")
    return {"age_group": age_group, "gender": gender}
