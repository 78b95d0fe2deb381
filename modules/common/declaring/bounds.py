"""From where to where a number may be, and how that is said. No TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from modules.common.runtime.errors import TaskError


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Bounds of a number, of each of several numbers, or of how many characters a text has.

    Attributes:
        at_least: The least that it may be.
        above: What it must be more than.
        at_most: The most that it may be.
        below: What it must be less than.
    """

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def check_order(self, whose: str) -> None:
        """Raises `TaskError` where an end is said twice, or nothing lies between both."""
        for first, second in (("at_least", "above"), ("at_most", "below")):
            if getattr(self, first) is not None and getattr(self, second) is not None:
                raise TaskError(f"{whose} says both {first} and {second}; one of them is the end")
        low = self.above if self.at_least is None else self.at_least
        high = self.below if self.at_most is None else self.at_most
        is_open = self.above is not None or self.below is not None
        if low is not None and high is not None and (low > high or (is_open and low == high)):
            raise TaskError(f"{whose} can be nothing: no number is {self.words}")

    @property
    def words(self) -> str:
        """Says the bounds, such as `1 to 10`, `more than 1, up to 3`; empty without any."""
        low = "" if self.above is None else f"more than {_plain(self.above)}"
        if self.at_least is not None:
            if self.at_most is not None:
                return f"{_plain(self.at_least)} to {_plain(self.at_most)}"
            if self.below is None:
                return f"{_plain(self.at_least)} or more"
            low = f"at least {_plain(self.at_least)}"
        high = "" if self.below is None else f"less than {_plain(self.below)}"
        if self.at_most is not None:
            high = f"{'up to' if low else 'at most'} {_plain(self.at_most)}"
        return ", ".join(filter(None, (low, high)))

    def holds(self, number: float) -> bool:
        """Tells whether a number is finite and within the bounds."""
        return (
            _is_finite(number)
            and (self.at_least is None or number >= self.at_least)
            and (self.above is None or number > self.above)
            and (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
        )


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:g}"


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        # A whole number of more digits than a float holds.
        return False
