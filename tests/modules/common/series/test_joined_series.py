"""Stretches of a series laid end to end."""

from __future__ import annotations

import pytest

from modules.common.runtime.errors import DataError
from modules.common.series.joined_series import join_series
from modules.common.series.settings import SeriesSettings
from modules.common.series.time_series import parse
from modules.railway_forecast.task import SOURCE

HEAD = "时间,铁路客运量_当期值(万人)\n"


def join(*texts: str) -> str:
    contents = {f"span {number}": text.encode() for number, text in enumerate(texts, 1)}
    return join_series(contents, SOURCE, SeriesSettings())


def values(text: str) -> tuple[float, ...]:
    return parse(text.encode(), SOURCE, SeriesSettings())[0].values


def test_stretches_are_one_series_whichever_way_they_run() -> None:
    newest_first = f"{HEAD}2005年4月,4\n2005年3月,3"
    joined = join(newest_first, f"{HEAD}2005年2月,2\n2005年1月,1\n")
    assert joined == f"{HEAD}2005年4月,4\n2005年3月,3\n2005年2月,2\n2005年1月,1\n"
    assert values(joined) == (1, 2, 3, 4)


def test_a_row_that_two_have_is_read_once() -> None:
    joined = join(f"{HEAD}2005年1月,1\n2005年2月,2\n", f"{HEAD}2005年2月,2\n2005年3月,3\n")
    series, rejects = parse(joined.encode(), SOURCE, SeriesSettings())
    assert series.values == (1, 2, 3)
    assert not rejects


def test_what_is_wrong_in_one_is_found_in_the_whole() -> None:
    joined = join(
        f"{HEAD}2005年1月,1\n2005年2月,x\n", f"{HEAD}2005年3月,3\n2005年4月,4\n2005年5月,5\n"
    )
    _, rejects = parse(joined.encode(), SOURCE, SeriesSettings())
    assert any("x" in reject.reason for reject in rejects)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (f"{HEAD}2005年1月,7\n2005年2月,2\n", "value 1 in span 1 and 7 in span 2.*whole series"),
        ("date,value\n2005年2月,2\n2005年3月,3\n", "not written alike"),
        ("时间;铁路客运量_当期值(万人)\n2005年2月;2\n2005年3月;3\n", "not written alike"),
        ("时间,2005年2月,2005年3月,2005年4月\n客运量,2,3,4\n", "a column for each date"),
        (f"{HEAD}", "span 2 holds no date"),
    ],
)
def test_what_cannot_be_laid_end_to_end_is_refused(second: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        join(f"{HEAD}2005年1月,1\n2005年2月,2\n", second)
