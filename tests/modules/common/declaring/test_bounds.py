"""Bounds of numbers: what they allow, and what is said of them."""

from __future__ import annotations

import math

import pytest

from modules.common.declaring.bounds import Bounds
from modules.common.runtime.errors import TaskError


@pytest.mark.parametrize(
    ("bounds", "allowed", "refused"),
    [
        (Bounds(at_least=1), (1, 1.5, 10**9), (0.999, 0, -1)),
        (Bounds(above=0), (1e-300, 5), (0, -1e-300)),
        (Bounds(at_most=2), (2, -5), (2.001, 3)),
        (Bounds(below=1), (0.999, -5), (1, 2)),
        (Bounds(at_least=0, below=1), (0, 0.999), (-0.001, 1)),
        (Bounds(above=0, at_most=1), (0.001, 1), (0, 1.001)),
        (Bounds(at_least=3, at_most=3), (3,), (2, 4)),
        (Bounds(), (0, -1e300, 1e300), ()),
    ],
)
def test_a_number_on_the_right_side_is_allowed(
    bounds: Bounds, allowed: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    assert [bounds.holds(number) for number in allowed] == [True] * len(allowed)
    assert [bounds.holds(number) for number in refused] == [False] * len(refused)


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(at_least=0), Bounds(at_most=0)])
@pytest.mark.parametrize(
    "number",
    [math.nan, math.inf, -math.inf, 10**400, -(10**400)],
    ids=["nan", "inf", "-inf", "many digits", "many digits below 0"],
)
def test_what_no_number_of_a_computer_is_never_is(bounds: Bounds, number: float) -> None:
    assert not bounds.holds(number)


@pytest.mark.parametrize(
    "bounds", [{"at_least": 0, "above": 0}, {"at_most": 1, "below": 1}, {"above": 0, "at_least": 1}]
)
def test_two_bounds_of_one_side_exclude_each_other(bounds: dict[str, float]) -> None:
    with pytest.raises(TaskError, match="rate says both (at_least and above|at_most and below)"):
        Bounds(**bounds).check_order("rate")


@pytest.mark.parametrize(
    "bounds",
    [{"at_least": 2, "at_most": 1}, {"above": 1, "at_most": 1}, {"at_least": 1, "below": 1}],
)
def test_bounds_with_nothing_between_them_are_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(TaskError, match="rate can be nothing"):
        Bounds(**bounds).check_order("rate")


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(), ""),
        (Bounds(at_least=1), "1 or more"),
        (Bounds(above=0), "more than 0"),
        (Bounds(at_most=2), "at most 2"),
        (Bounds(below=1), "less than 1"),
        (Bounds(at_least=1, at_most=10), "1 to 10"),
        (Bounds(at_least=0, below=1), "at least 0, less than 1"),
        (Bounds(above=0, at_most=0.5), "more than 0, up to 0.5"),
        (Bounds(above=0, below=1), "more than 0, less than 1"),
        # All digits of a whole number, and no more of another than it needs.
        (Bounds(at_least=0, at_most=2**32 - 1), "0 to 4294967295"),
        (Bounds(at_least=0.10, below=1.0), "at least 0.1, less than 1"),
    ],
)
def test_bounds_in_words(bounds: Bounds, words: str) -> None:
    assert bounds.words == words
