"""Numbers as people write them: what stands before the decimals, and what is refused."""

from __future__ import annotations

import pytest

from modules.common.reading.numbers import decimal_mark, is_no_value, is_number, parse_number
from modules.common.runtime.errors import DataError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234", 1234), ("1,234", 1234), ("1,234.5", 1234.5), ("1,234,567.25", 1234567.25),
        ("1 234.5", 1234.5), ("1\xa0234", 1234), ("1\u202f234\u2009567", 1234567),
        ("1'234.5", 1234.5), ("1’234", 1234), ("１２，３４５．６", 12345.6), ("−12.5", -12.5),
        ("－１", -1), ("–3", -3), ("+7", 7), ("1e5", 1e5), ("1.5E+03", 1500), (".5", 0.5), 
        ("5.", 5), (" 8895.19 ", 8895.19), ("0.000", 0), ("8895.195", 8895.195),
    ],
)  # fmt: skip
def test_a_number_with_a_decimal_point(text: str, value: float) -> None:
    assert parse_number(text, ".") == value
    assert is_number(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8895,19", 8895.19), ("8.895,2", 8895.2), ("1 234,5", 1234.5), ("1.234.567", 1234567),
        ("88,9519", 88.9519), ("1.234", 1234), ("1,234", 1.234), ("0,5", 0.5), ("1,5e3", 1500),
        ("-1'234,50", -1234.5),
    ],
)  # fmt: skip
def test_a_number_with_a_decimal_comma(text: str, value: float) -> None:
    assert parse_number(text, ",") == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("88,9519", "expected a decimal point, as others of the column have, found '88,9519'"),
        ("8.895,2", "expected a decimal point"),
        ("12,34,567", "expected groups of three digits"),
        ("12 34", "expected groups of three digits"),
        ("1,234 567", "expected groups of three digits"),
        ("1,2345.6", "expected groups of three digits"),
        ("1.2.3", "expected groups of three digits"),
        ("01,234", "expected a decimal point"),
        ("5%", "found '5%', which is 5 or 0.05"),
        ("", "expected a number, found nothing"),
        ("n/a", "found 'n/a'"), ("nan", "found 'nan'"), ("inf", "a finite number"),
        ("1e999", "a finite number"), ("1.2万", "found '1.2万'"), ("12a", "found '12a'"),
        ("1_000", "found '1_000'"), ("0x10", "found '0x10'"), ("- 5 -", "expected a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_with_a_decimal_point(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        parse_number(text, ".")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1", "2", ""], "."),
        (["1.5"], "."), (["1,5"], ","),
        (["1,234", "8.5"], "."), (["1,234", "8,5"], ","),
        (["1.234", "12.5"], "."), (["1.234", "12,5"], ","),
        (["1,234", "1,234,567"], "."), (["1.234", "1.234.567"], ","),
        (["1,234", "0,123"], ","), (["1.234", "0.123"], "."),
        (["1,234", "1,234.5"], "."), (["1.234", "1.234,5"], ","),
        (["88,9519", "102,075", "97,3569"], ","),
        (["1,234", "1234.5"], "."), (["1,234", "1e3", "2,5e3"], ","),
        (["1,234"] * 500 + ["1,234,567"], "."),
        (["8.5"] * 50 + ["88,9519"], "."),
        (["1,234", "n/a", "12.5%"], "."),
    ],
)  # fmt: skip
def test_other_numbers_of_the_column_settle_it(cells: list[str], mark: str) -> None:
    assert decimal_mark(cells) == mark
    assert decimal_mark(reversed(cells)) == mark


@pytest.mark.parametrize(
    "cells", [["1,234"], ["1,234", "987", "-2,345"], ["１，２３４"], ["1.234"]]
)
def test_what_can_be_read_two_ways_is_refused_with_both(cells: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        decimal_mark(cells)
    for part in ("as 1234", "as 1.234", "decimal_mark=point", "decimal_mark=comma"):
        assert part.replace("as ", "", 1) in str(caught.value)
    assert decimal_mark(cells, "comma") == ","
    assert decimal_mark(cells, "point") == "."


def test_one_slip_among_many_settles_nothing() -> None:
    with pytest.raises(DataError, match="can be read as"):
        decimal_mark(["1,234"] * 100 + ["3,5"])


def test_both_marks_in_one_column_are_refused() -> None:
    with pytest.raises(DataError, match=r"'1.5' and '2,5'"):
        decimal_mark(["1.5", "2,5"] * 10)


def test_a_point_is_usual_in_files_as_programs_write_them() -> None:
    assert decimal_mark(["1.234"], points_are_usual=True) == "."
    with pytest.raises(DataError, match="can be read as"):
        decimal_mark(["1,234"], points_are_usual=True)


def test_cells_that_say_there_is_no_value() -> None:
    for text in ("", " ", "-", "－", "——", "…", "N/A", "NULL", "nan", "暂无"):
        assert is_no_value(text) and not is_number(text)
    for text in ("0", "-1", "x"):
        assert not is_no_value(text)
