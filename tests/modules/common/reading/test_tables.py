"""Tables in text: what parts their columns, rows, and cells as Excel writes them."""

from __future__ import annotations

import pytest

from modules.common.reading.tables import Dialect, clean, lines_of, name_key, read_rows, sniff


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","), ("a;b\n1;2\n", ";"), ("a\tb\n1\t2\n", "\t"), ("a|b\n1|2\n", "|"),
        ("姓名，性别\n张三，男\n", "，"),
        ("date;value\n2008-01;89,0\n2008-02;97,4\n", ";"),
        ("2008-01;89,0\n2008-02;97,4\n", ";"),
        ("date\tvalue\n2008-01\t9,300\n", "\t"),
        ("date,note\n2008-01,a;b\n2008-02,c\n", ","),
        ('a,b\n"1;2;3",2\n"1;2;4",2\n', ","),
        ('"a\n;b",c\n"a\n;d",c\n', ","),
        ("数据库：月度数据\n\n指标,2015年12月,2015年11月\n客运量,1,2\n数据来源：国家统计局\n", ","),
        ("a\n1\n", ","), ("", ","),
    ],
)  # fmt: skip
def test_what_parts_the_columns(text: str, delimiter: str) -> None:
    assert sniff(text) == Dialect(delimiter)
    assert sniff(text + "1", is_whole=False) == Dialect(delimiter)


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [
        ("sep=;\r\n", ";"),
        ("SEP=,\n", ","),
        ('"sep=|"\n', "|"),
        ("sep=\t\n", "\t"),
        ("sep=^\n", "^"),
    ],
)
def test_a_line_that_says_it(first: str, delimiter: str) -> None:
    text = f"{first}a{delimiter}b\n1{delimiter}2 3\n"
    assert sniff(text) == Dialect(delimiter, has_separator_line=True)
    rows = list(read_rows(lines_of(text), sniff(text)))
    assert [(row.line, list(row.cells)) for row in rows] == [(2, ["a", "b"]), (3, ["1", "2 3"])]


def test_rows() -> None:
    text = 'a,b\r\n"x\ny, z",\u200b 1\xa0\n,,\n\n' + "0" * 140_000 + ",1\nc\0,2\n"
    rows = list(read_rows(lines_of(text), Dialect(",")))
    assert [(row.line, row.last_line) for row in rows] == [
        (1, 1), (2, 3), (4, 4), (5, 5), (6, 6), (7, 7),
    ]  # fmt: skip
    assert list(rows[1].cells) == ["x\ny, z", "1"]
    assert [row.is_blank for row in rows] == [False, False, True, True, False, False]
    assert "field larger than field limit" in rows[4].fault
    assert rows[5].cells[0] == "c\ufffd"


def test_cells_as_excel_writes_them() -> None:
    assert clean('="张三"') == "张三"
    assert clean(" ＝1 ") == "＝1" and clean('="') == '="'


def test_one_name_of_a_column() -> None:
    assert name_key(" 铁路客运量（万人） ") == name_key("铁路客运量 (万人)")
    assert name_key("VALUE") == name_key("value") != name_key("values")
