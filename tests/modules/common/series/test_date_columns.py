"""Columns of dates that can be read in two ways alone."""

from __future__ import annotations

import datetime

import pytest

from modules.common.runtime.errors import DataError
from modules.common.series.date_columns import is_quarter, looks_like_date, parse_dates


def months(count: int, first: int = 0, year: int = 2012) -> list[datetime.date]:
    return [
        datetime.date(year + month // 12, month % 12 + 1, 1)
        for month in range(first, first + count)
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "{0}.{1}", "{0}.{1:02}", "{0}-{1:02}", "01/{1:02}/{0}", "{1:02}/01/{0}", "1.{1}.{0}",
        "{0}年{1}月", "{0}/{1}/1",
    ],
)  # fmt: skip
def test_months(pattern: str) -> None:
    wanted = months(30)
    assert parse_dates([pattern.format(date.year, date.month) for date in wanted]) == wanted


def test_months_that_lost_a_zero_as_numbers() -> None:
    wanted = months(60)
    cells = [f"{date.year}.{date.month:02}".removesuffix("0") for date in wanted]
    assert cells[9] == "2012.1"
    assert parse_dates(cells) == wanted
    assert parse_dates(cells[::-1]) == wanted[::-1]
    cells = [f"{date.year}.{date.month}".removesuffix("0") for date in wanted]
    assert cells[0] == cells[9] == "2012.1"
    assert parse_dates(cells) == wanted
    assert parse_dates(cells[::-1]) == wanted[::-1]
    assert parse_dates(["2012.11", "2012.12", "2013.1", "2013.2"]) == months(4, 10)
    assert parse_dates(["2012.08", "2012.09", "2012.1", "2012.11"]) == months(4, 7)


@pytest.mark.parametrize("digits", [2, 3, 4, 8])
def test_decimal_years(digits: int) -> None:
    wanted = months(36)
    cells = [f"{date.year + (date.month - 1) / 12:.{digits}f}" for date in wanted]
    assert parse_dates(cells) == wanted
    assert parse_dates([cell.rstrip("0").rstrip(".") for cell in cells]) == wanted
    assert parse_dates([f"{date.year + (date.month - 0.5) / 12:.4f}" for date in wanted]) == wanted


@pytest.mark.parametrize("cells", [["2012.1"], ["2012.1", "2013.1", "2014.1"]])
def test_january_or_october(cells: list[str]) -> None:
    with pytest.raises(DataError, match="'2012.1' can be read as 2012-01-01 or as 2012-") as caught:
        parse_dates(cells)
    assert "write them as 2012-01 or 2012-10" in str(caught.value)


def test_days_and_months() -> None:
    days = [datetime.date(2005, 1, 1) + datetime.timedelta(days=n) for n in range(40)]
    assert parse_dates([f"{day:%d/%m/%Y}" for day in days]) == days
    assert parse_dates([f"{day:%m/%d/%Y}" for day in days]) == days
    twelve = [f"01/{n:02}/2005" for n in range(1, 13)]
    with pytest.raises(DataError, match="'01/02/2005' can be read as 2005-01-02 or as 2005-02-01"):
        parse_dates(twelve)
    assert parse_dates(twelve, "dmy") == months(12, year=2005)
    assert parse_dates(twelve, "mdy")[11] == datetime.date(2005, 1, 12)
    assert parse_dates(["13/01/2005"]) == [datetime.date(2005, 1, 13)]
    assert "there is no date" in str(parse_dates(["13/01/2005"], "mdy")[0])


def test_one_slip_does_not_turn_the_column_round() -> None:
    cells = [f"01/{date.month:02}/{date.year}" for date in months(100)]
    wanted: list[object] = list(months(100))
    cells[50] = "01/13/2016"
    parsed = parse_dates(cells)
    assert parsed[:50] == wanted[:50] and parsed[51:] == wanted[51:]
    assert "there is no date" in str(parsed[50])


def test_one_such_date_among_others_costs_its_row_or_fits() -> None:
    cells = [f"{date:%Y-%m-%d}" for date in months(60)]
    cells[3] = "01/04/2012"
    assert parse_dates(cells) == months(60)
    cells[3] = "05/06/2011"
    assert "can be read as 2011-05-06 or as 2011-06-05" in str(parse_dates(cells)[3])


def test_what_looks_like_a_date() -> None:
    for text in ("2000Q1", "2000年第1季度", "2000年一季度", "Q3 2001", "2000-Q4"):
        assert is_quarter(text) and looks_like_date(text)
    for text in ("2012.0833", "3/4/2005", "2005年1月", "Jan 2005", "200501", "2005"):
        assert looks_like_date(text) and not is_quarter(text)
    for text in ("", "指标", "8895.19", "合计", "数据来源：国家统计局", "9300", "时间：2008-2015"):
        assert not looks_like_date(text)
