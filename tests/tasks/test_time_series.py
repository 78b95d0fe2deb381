"""Reading a series: spellings of dates, headers, encodings, gaps, duplicates, months."""

from __future__ import annotations

import datetime

import pytest

from modules.common.dates import parse_date
from modules.common.errors import DataError
from modules.common.monthly import to_months
from modules.common.sources import TimeSeriesSource
from modules.common.time_series import TimeSeries, parse, parse_value

SOURCE = TimeSeriesSource(
    pattern="*.csv",
    layout="a date and a value",
    date_headers=("时间", "date"),
    value_headers=("客运量", "value"),
    windower="",
)


def read(text: str, encoding: str = "utf-8") -> tuple[TimeSeries, list[tuple[int, str]]]:
    series, rejects = parse(text.encode(encoding), SOURCE)
    return series, [(reject.line, reject.reason) for reject in rejects]


@pytest.mark.parametrize(
    "text",
    [
        "2005年1月", "2005年01月", "２００５年１月", "2005年1月1日", "2005-01", "2005-1-01",
        "2005/1/1", "2005.01", "200501", "20050101", "2005M01", "1/2005", "Jan 2005",
        "January 2005", "2005-Jan", "Jan-2005", "Jan 1, 2005", "1 January 2005",
        "2005-01-01 00:00:00", "2005-01-01T00:00:00Z", " 2005-01 ",
    ],
)  # fmt: skip
def test_dates_are_read_in_many_spellings(text: str) -> None:
    assert parse_date(text) == datetime.date(2005, 1, 1)


@pytest.mark.parametrize(
    "text", ["", "soon", "2005", "2005-13", "2005-02-30", "3/4/2005", "Foo 2005"]
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date|month"):
        parse_date(text)


def test_values_are_read_as_people_write_them() -> None:
    assert [parse_value(text) for text in ("1,234.5", " 9300 ", "１２", "1e3")] == [
        1234.5, 9300, 12, 1000,
    ]  # fmt: skip
    for text in ("", "n/a", "nan", "inf"):
        with pytest.raises(ValueError, match="number"):
            parse_value(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(
    "header",
    ["时间,客运量\n", "客运量 ,x\n".replace("客运量 ,x", "什么,多少"), "Date,Value\r\n", ""],
)
def test_header_and_encoding(encoding: str, header: str) -> None:
    series, rejects = read(f"{header}2005年1月,1\n2005年2月,2\n2005年3月,3\n", encoding)
    assert series.values == (1, 2, 3)
    assert series.frequency == "monthly"
    assert not rejects


def test_columns_go_by_name() -> None:
    series, _ = read("id\tvalue\tdate\n7\t1\t2005-01\n8\t2\t2005-02\n9\t3\t2005-03\n")
    assert series.values == (1, 2, 3)
    series, _ = read("value;when\n1;2005-01\n2;2005-02\n3;2005-03\n")
    assert series.values == (1, 2, 3)


def test_bad_rows_are_reported_with_their_line() -> None:
    series, rejects = read(
        "date,value\n2005-01,1\nyesterday,2\n2005-02,many\n\n2005-02,2\n2005-03\n2005-03,3\n"
    )
    assert series.values == (1, 2, 3)
    assert [line for line, _ in rejects] == [3, 4, 7]
    assert "yesterday" in rejects[0][1]
    assert "many" in rejects[1][1]


def test_duplicates_are_dropped_and_reported() -> None:
    series, rejects = read("2005-02,2\n2005-01,1\n2005-02,2\n2005-02,9\n2005-03,3\n")
    assert series.values == (1, 2, 3)
    assert [line for line, _ in rejects] == [3, 4]
    assert "the same value" in rejects[0][1]
    assert "another value 9" in rejects[1][1]


def test_short_gaps_are_filled_with_the_season() -> None:
    # 10 % a year on a season that has one high month: the gap is that month.
    values = [(1.1 ** (m / 12)) * (2 if m % 12 == 6 else 1) for m in range(36)]
    rows = [f"{2005 + m // 12}-{m % 12 + 1:02d},{values[m]}" for m in range(36) if m != 30]
    series, rejects = read("\n".join(rows))
    assert series.values == pytest.approx(values)
    [(line, reason)] = rejects
    assert line == 31
    assert "2007-07 is missing" in reason


def test_short_gaps_without_a_season_before_are_filled_log_linearly() -> None:
    series, _ = read("2005-01,1\n2005-02,2\n2005-05,16\n2005-06,32\n")
    assert series.values == pytest.approx((1, 2, 4, 8, 16, 32))


def test_long_gaps_are_an_error_that_names_the_dates() -> None:
    with pytest.raises(DataError, match="2005-03, 2005-04, 2005-05"):
        read("2005-01,1\n2005-02,2\n2005-06,6\n2005-07,7\n2005-08,7\n")


def test_uneven_or_empty_series_are_errors() -> None:
    with pytest.raises(DataError, match="monthly, weekly or daily"):
        read("2005-01,1\n2005-04,2\n2005-07,3\n2005-10,3\n")
    with pytest.raises(DataError, match="at least three"):
        read("date,value\n")


def test_weeks_and_days_are_brought_to_months() -> None:
    day = datetime.date(2005, 1, 30)
    rows = [f"{day + datetime.timedelta(days=i)},{i}" for i in range(40)]
    daily, _ = read("\n".join(rows))
    assert daily.frequency == "daily"
    months = to_months(daily, "sum")
    assert months.dates == (datetime.date(2005, 2, 1),)
    assert months.values == (sum(range(2, 30)),)
    assert to_months(daily, "mean").values == (15.5,)

    weekly, _ = read("\n".join(f"{day + datetime.timedelta(days=7 * i)},7" for i in range(9)))
    assert weekly.frequency == "weekly"
    assert to_months(weekly, "sum").values == pytest.approx((28, 31))
    assert to_months(weekly, "mean").values == pytest.approx((7, 7))


def test_weeks_off_the_grid_are_reported() -> None:
    _, rejects = read(
        "2005-01-03,1\n2005-01-10,1\n2005-01-12,1\n2005-01-17,1\n2005-01-24,1\n2005-01-31,1"
    )
    assert [line for line, _ in rejects] == [3]
