from __future__ import annotations

import datetime

import numpy as np
import pytest

from modules.id_number_ocr import numbers

# Both from GB 11643-1999 itself.
_PUBLISHED = ("11010519491231002X", "440524188001010014")


def is_agreed(number: str) -> bool:
    """ISO 7064's recursive method for pure systems of modulus 11 and radix 2."""
    product = 0
    for character in number[:-1]:
        product = (product + numbers.CHARACTERS.index(character)) * 2 % 11
    return (product + numbers.CHARACTERS.index(number[-1])) % 11 == 1


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    rng = np.random.default_rng(7)
    return [numbers.random_number(rng) for _ in range(5000)]


@pytest.mark.parametrize("number", _PUBLISHED)
def test_published_numbers(number: str) -> None:
    assert numbers.check_character(number[:17]) == number[17]
    assert numbers.is_valid(number)


def test_published_birth_dates_and_genders() -> None:
    assert [numbers.birth_date(number) for number in _PUBLISHED] == ["1949-12-31", "1880-01-01"]
    assert [numbers.gender(number) for number in _PUBLISHED] == ["female", "male"]


def test_the_check_character_is_iso_7064s_and_the_only_one_that_agrees() -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        first17 = "".join(map(str, rng.integers(0, 10, 17)))
        agreed = [end for end in numbers.CHARACTERS if is_agreed(first17 + end)]
        assert agreed == [numbers.check_character(first17)]


@pytest.mark.parametrize("text", ["", "1" * 16, "1" * 18, "1101051949123100X", "１" * 17])
def test_what_is_not_17_digits_has_no_check_character(text: str) -> None:
    with pytest.raises(ValueError, match="expected 17 digits"):
        numbers.check_character(text)


def test_drawn_numbers_are_valid_and_spread(drawn: list[str]) -> None:
    assert all(numbers.is_valid(number) and is_agreed(number) for number in drawn)
    assert len(set(drawn)) == len(drawn)
    births = [datetime.date.fromisoformat(numbers.birth_date(number)) for number in drawn]
    assert min(births).year == 1940
    assert max(births).year == 2025
    assert np.std([birth.year for birth in births]) == pytest.approx(86 / 12**0.5, rel=0.05)
    assert np.mean([number[-1] == "X" for number in drawn]) == pytest.approx(1 / 11, rel=0.15)
    assert np.mean([numbers.gender(n) == "male" for n in drawn]) == pytest.approx(0.5, abs=0.03)


def test_drawn_numbers_are_nobodys_though_every_digit_occurs(drawn: list[str]) -> None:
    for number in drawn:
        assert 71 <= int(number[2:4]) <= 89 or 41 <= int(number[4:6]) <= 69
    assert len({number[:2] for number in drawn}) == 31
    for position in range(2, 6):
        share = np.bincount([int(number[position]) for number in drawn], minlength=10) / len(drawn)
        assert share.min() > 0.02, position


def test_one_wrong_character_or_a_swap_is_never_valid() -> None:
    number = _PUBLISHED[0]
    for position, right in enumerate(number):
        for wrong in numbers.CHARACTERS:
            if wrong != right:
                assert not numbers.is_valid(number[:position] + wrong + number[position + 1 :])
    for position in range(17):
        one, other = number[position : position + 2]
        if one != other:
            swapped = number[:position] + other + one + number[position + 2 :]
            assert not numbers.is_valid(swapped)


@pytest.mark.parametrize("birth", ["19490231", "19491301", "19000229", "00000101", "19490100"])
def test_a_birth_date_that_is_no_date(birth: str) -> None:
    first17 = f"110105{birth}002"
    number = first17 + numbers.check_character(first17)
    assert is_agreed(number)
    assert numbers.birth_date(number) == ""
    assert not numbers.is_valid(number)


@pytest.mark.parametrize("text", ["", "11010519491231002x", "11010519491231002", "X" * 18])
def test_another_form_is_not_valid(text: str) -> None:
    assert not numbers.is_valid(text)
