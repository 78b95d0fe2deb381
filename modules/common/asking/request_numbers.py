"""Numbers that a person gives to `lianxi predict`. No TensorFlow."""

from __future__ import annotations

import math

from modules.common.runtime.errors import SettingError


def parse_number(
    name: str,
    text: str,
    kind: type[int] | type[float],
    least: float | None = None,
    most: float | None = None,
) -> int | float:
    """Reads a number.

    Args:
        name: The option that it is of.
        text: What was typed.
        kind: `int` for a whole number, or `float`.
        least: The least that it may be; given with `most`, or neither.
        most: The most that it may be.

    Raises:
        SettingError: If it is none, or out of range.
    """
    expected = "a number" if kind is float else "a whole number"
    try:
        number = kind(text)
    except ValueError as error:
        raise SettingError(f"{name} takes {expected}, found {text!r}") from error
    if least is not None and most is not None and not least <= number <= most:
        raise SettingError(f"{name} takes {expected} from {least} to {most}, found {text!r}")
    if not math.isfinite(number):
        raise SettingError(f"{name} takes {expected}, found {text!r}")
    return number
