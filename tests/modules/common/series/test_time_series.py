"""Reading a series: spellings of dates, headers, encodings, gaps, duplicates, months."""

from __future__ import annotations

import datetime

import pytest

from modules.common.runtime.errors import DataError
from modules.common.series.dates import parse_date
from modules.common.series.settings import SeriesSettings
from modules.common.series.sources import TimeSeriesSource
from modules.common.series.time_series import TimeSeries, parse
from modules.railway_forecast.monthly import to_months

SOURCE = TimeSeriesSource(
    pattern="*.csv",
    layout="a date and a value",
    date_headers=("时间", "date"),
    value_headers=("客运量", "value"),
    windower="",
)


def read(text: str, encoding: str = "utf-8") -> tuple[TimeSeries, list[tuple[int, str]]]:
    series, rejects = parse(text.encode(encoding), SOURCE, SeriesSettings())
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


def test_one_season_before_a_gap_is_enough() -> None:
    # The month before the gap is the first that has one a season before it, the series' first.
    values = [(1.1 ** (m / 12)) * (2 if m % 12 == 1 else 1) for m in range(24)]
    rows = [f"{2005 + m // 12}-{m % 12 + 1:02d},{values[m]}" for m in range(24) if m != 13]
    series, _ = read("\n".join(rows))
    assert series.values == pytest.approx(values)


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


def monthly(count: int = 6) -> list[str]:
    return [f"{2005 + month // 12}年{month % 12 + 1}月" for month in range(count)]


def test_upright_among_credits_and_notes_newest_first() -> None:
    rows = [f"{date},{place + 1}" for place, date in enumerate(monthly())]
    text = "\n".join(
        ["数据库：月度数据", "时间：2005", "", "指标,客运量,", *rows[::-1], "", "注：估算,", "来源"]
    )
    series, rejects = parse(text.encode("gbk"), SOURCE, SeriesSettings())
    assert series.values == (1, 2, 3, 4, 5, 6) and series.rows == 6
    assert [(reject.line, reject.is_bad) for reject in rejects] == [
        (1, False), (2, False), (12, False), (13, False),
    ]  # fmt: skip


def test_wide_with_a_column_for_each_month() -> None:
    dates = ",".join(monthly()[::-1])
    text = (
        f"库：月度\n指标,单位,{dates}\n客运量累计值,万人,21,15,10,6,3,1\n客运量当期值,万人,6,5,4,,2,1\n"
        "货运量,,,,,,,\n来源：某局\n"
    )
    series, rejects = read(text)
    assert series.values == pytest.approx((1, 2, 8**0.5, 4, 5, 6), rel=0.2)
    assert series.column == "客运量当期值 万人" and series.others == ("客运量累计值 万人",)
    assert any("has no value" in reason for _, reason in rejects)
    chosen, _ = parse(text.encode(), SOURCE, SeriesSettings(value_column="客运量累计值 万人"))
    assert chosen.values == (1, 3, 6, 10, 15, 21)


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("指标,客运量累计值,客运量当期值", "客运量当期值"), ("月份,累计,本月", "本月"),
        ("Date,Open,High,Low,Close,Volume", "Close"), ("Date,Open,Adj Close", "Adj Close"),
        ("月份,同比增长,旅客", "旅客"), ("date,a,value", "value"),
        ("date,passengers,freight", "passengers"),
        ("Month,Cumulative,Monthly", "Monthly"), (",a", "a"), ("id,date,b", "b"),
        ("时间（月）,客运量（万人）", "客运量（万人）"),
    ],
)  # fmt: skip
def test_which_column_is_taken_and_said(header: str, column: str) -> None:
    names = header.split(",")
    at = names.index("date") if "date" in names else 0
    rows = [
        ",".join(date if place == at else str(10 * place + row) for place in range(len(names)))
        for row, date in enumerate(monthly())
    ]
    text = "\n".join([header, *rows])
    series, rejects = read(text)
    assert series.column == column and not rejects
    assert series.values[0] == 10 * names.index(column)
    for name in series.others:
        chosen, _ = parse(text.encode(), SOURCE, SeriesSettings(value_column=name.lower()))
        assert chosen.column == name and chosen.values[0] == 10 * names.index(name)
    with pytest.raises(DataError, match="no column 'x' of numbers; there are: ") as caught:
        parse(text.encode(), SOURCE, SeriesSettings(value_column="x"))
    assert column in str(caught.value)


def test_sums_since_january_are_taken_only_if_a_person_says_so() -> None:
    text = "时间,客运量累计值\n" + "".join(f"{date},{n}\n" for n, date in enumerate(monthly(), 1))
    with pytest.raises(DataError, match="only sums since January: .*--set value_column="):
        read(text)
    assert (
        parse(text.encode(), SOURCE, SeriesSettings(value_column="客运量累计值"))[0].values[-1] == 6
    )


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("88,9", "97,45", "102,075"), (88.9, 97.45, 102.075)),
        (("8.895,2", "9.735,7", "10.207"), (8895.2, 9735.7, 10207)),
        (("8 895,2", "9\xa0735", "10'207"), (8895.2, 9735, 10207)),
        (("5%", "6,5 %", "7%"), (5, 6.5, 7)),
    ],
)
def test_decimal_commas(cells: tuple[str, ...], values: tuple[float, ...]) -> None:
    rows = [f"{date};{cell}" for date, cell in zip(monthly(3), cells, strict=True)]
    assert read("\n".join(rows))[0].values == pytest.approx(values)
    assert read("\n".join(["时间;客运量", *rows]))[0].values == pytest.approx(values)


def test_what_can_be_read_in_two_ways_is_refused_and_settled_by_a_setting() -> None:
    text = "".join(f"{date};1,23{n}\n" for n, date in enumerate(monthly()))
    with pytest.raises(DataError, match=r"'1,230' can be read as 1230 .* or as 1.23 "):
        read(text)
    assert parse(text.encode(), SOURCE, SeriesSettings(decimal_mark="comma"))[0].values[1] == 1.231
    assert parse(text.encode(), SOURCE, SeriesSettings(decimal_mark="point"))[0].values[1] == 1231
    days = "".join(f"{n:02}/01/2005,{n}\n" for n in range(1, 13))
    with pytest.raises(DataError, match="'02/01/2005' can be read as 2005-01-02 or as 2005-02-01"):
        read(days)
    assert parse(days.encode(), SOURCE, SeriesSettings(date_order="mdy"))[0].frequency == "monthly"
    assert parse(days.encode(), SOURCE, SeriesSettings(date_order="dmy"))[0].frequency == "daily"


def test_a_number_in_another_way_than_the_others_costs_its_row() -> None:
    cells = ["8895.19"] * 30
    cells[7] = "88,9519"
    series, rejects = read("".join(f'{d},"{c}"\n' for d, c in zip(monthly(30), cells, strict=True)))
    assert series.values == pytest.approx([8895.19] * 30)
    assert [line for line, _ in rejects] == [8, 9]
    assert "expected a decimal point, as others of the column have" in rejects[0][1]


@pytest.mark.parametrize("pattern", ["{0}Q{1}", "{0}年第{1}季度", "Q{1} {0}", "{0}年{1}季度"])
def test_quarters(pattern: str) -> None:
    dates = [pattern.format(2000 + n // 4, n % 4 + 1) for n in range(12)]
    for text in ("".join(f"{date},1\n" for date in dates), f"x,{','.join(dates)}\ny{',1' * 12}\n"):
        with pytest.raises(DataError, match="expected monthly, weekly or daily dates, found quart"):
            read(text)


def test_a_table_that_is_none() -> None:
    with pytest.raises(DataError, match="a date and a value; the file is an Excel workbook"):
        parse(b"PK\3\4 xl/workbook.xml", SOURCE, SeriesSettings())
    with pytest.raises(
        DataError, match="at least three different dates\n  line 2: expected a date"
    ):
        read("姓名,性别\n王芳,女\n")
    with pytest.raises(DataError, match="at least three"):
        read("")


def test_dates_that_cannot_be_read_are_shown_and_no_values() -> None:
    rows = "".join(f"Jan-{n:02},{2000 + n}\n" for n in range(40))
    with pytest.raises(DataError, match="line 2: expected a date such as .*, found 'Jan-00'"):
        read(f"time,x\n{rows}")
    with pytest.raises(DataError, match="expected a date such as .*, found '2005'"):
        read("year,x\n" + "".join(f"{2005 + n},{2000 + n}\n" for n in range(9)))
