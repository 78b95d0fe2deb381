"""Numbers that a person gives to `lianxi predict`. No TensorFlow."""

from __future__ import annotations

from modules.common.errors import DataError


def parse_number(name: str, text: str, kind: type[int] | type[float]) -> int | float:
    """Reads a number.

    Args:
        name: The option that it is of.
        text: What was typed.
        kind: `int` for a whole number, or `float`.

    Raises:
        DataError: If it is none.
    """
    try:
        return kind(text)
    except ValueError as error:
        whole = "a number" if kind is float else "a whole number"
        raise DataError(f"{name} takes {whole}, found {text!r}") from error
