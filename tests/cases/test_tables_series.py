"""Series as people have them: what becomes of each file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from asked import read_request
from run_executor import execute

from components.example_gen.quarantine import read_counts
from components.example_gen.series.time_series import TimeSeriesExampleGen
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError, SettingError
from modules.common.series.settings import SeriesSettings
from modules.common.series.time_series import TimeSeries, parse
from modules.railway_forecast.task import SOURCE, TASK

Case = Callable[[str], Path]


def read(folder: Path, **settings: str) -> TimeSeries:
    [file] = folder.glob("[!.]*.csv")
    return parse(file.read_bytes(), SOURCE, SeriesSettings(**settings))[0]


@pytest.mark.parametrize(
    ("number", "folder", "first", "last"),
    [
        ("04", "in2", 8895.19, 12023.46),
        ("20", "in", 8895.19, 12023.46), ("20", "in2", 8895.19, 12023.46),
        ("20", "in3", 8895.19, 12023.46),
        ("22", "in", 89.0, 120.2), ("22", "in2", 8895.2, 12023.5), ("22", "in3", 88.9519, 120.235),
        ("28", "in2", 8895.19, 12023.46), ("28", "in3", 8895.19, 12023.46),
    ],
)  # fmt: skip
def test_a_series_that_is_read(
    case: Case, number: str, folder: str, first: float, last: float
) -> None:
    series = read(case(number) / folder)
    assert (series.values[0], series.values[-1], len(series.values)) == (first, last, 96)
    assert series.frequency == "monthly" and str(series.dates[0]) == "2008-01-01"


def test_20_which_column_and_which_others(case: Case) -> None:
    upright = read(case("20") / "in3")
    assert upright.column == "铁路客运量当期值(万人)"
    assert upright.others == ("铁路客运量累计值(万人)",)
    sums = read(case("20") / "in3", value_column=upright.others[0])
    assert sums.values[1] == 18630.88
    with pytest.raises(DataError, match="there are: 铁路客运量累计值.万人., 铁路客运量当期值"):
        read(case("20") / "in3", value_column="客运量")


def test_20_a_request_chooses_too(case: Case) -> None:
    path = str(case("20") / "in3" / "cumulative-first.csv")
    _, request = read_request(TASK, path)
    _, sums = read_request(TASK, path, value_column="铁路客运量累计值(万人)")
    assert request["history"][0][1] == 9735.69 and sums["history"][0][1] == 18630.88
    with pytest.raises(SettingError, match="decimal_mark: expected one of auto, point, comma"):
        read_request(TASK, path, decimal_mark=";")


def test_22_what_the_mark_settles_cannot_be_overruled_in_silence(case: Case) -> None:
    assert read(case("22") / "in", decimal_mark="comma").values[0] == 89.0
    with pytest.raises(DataError, match="expected a decimal point"):
        read(case("22") / "in", decimal_mark="point")


@pytest.mark.parametrize("folder", ["in", "in2", "in3"])
def test_23_quarters(case: Case, folder: str) -> None:
    with pytest.raises(DataError, match="expected monthly, weekly or daily dates, found quarter"):
        read(case("23") / folder)


def test_26_odd_cells(case: Case) -> None:
    [file] = (case("26") / "in").glob("*.csv")
    series, rejects = parse(file.read_bytes(), SOURCE, SeriesSettings())
    assert (series.values[0], series.values[-1], len(series.values)) == (8895.19, 13465.17, 90)
    assert [(reject.line, reject.is_bad) for reject in rejects] == [
        (92, True), (93, True), (94, True), (95, True), (96, False), (97, True), (98, False),
    ]  # fmt: skip


@pytest.mark.parametrize("folder", ["in", "in4"])
def test_28_zones_are_refused(case: Case, folder: str) -> None:
    with pytest.raises(DataError, match=r"line 2: expected a date such as .*\+0"):
        read(case("28") / folder)


def test_65_a_copy_of_macos_beside_it(case: Case) -> None:
    [data] = [case("65") / "in6"]
    assert [path.name for path in data.glob("[!.]*.csv")] == ["s.csv"]
    assert len(read(data).values) == 120


def test_20_notes_count_nothing_and_the_run_says_the_column(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "component" / "examples" / "1"
    task = load_task("railway_forecast")
    execute(monkeypatch, TimeSeriesExampleGen, task, case("20") / "in2", output)
    counts = read_counts(str(output))
    assert (counts.quarantined, counts.set_aside, counts.used) == (0, 4, 96)
    assert "values from '铁路客运量当期值(万人)'" in str(counts)
    rejects = (output / "quarantine" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["kind"] for line in rejects} == {"set aside"}


def test_28_an_append_of_the_same_file_is_half_of_its_rows(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "component" / "examples" / "1"
    task = load_task("railway_forecast")
    with pytest.raises(DataError, match="96 of 192 records are bad"):
        execute(monkeypatch, TimeSeriesExampleGen, task, case("28") / "in3", output)


def test_days_become_months_as_a_person_says(tmp_path: Path) -> None:
    day = datetime.date(2015, 1, 1)
    days = [day + datetime.timedelta(days=n) for n in range(800)]
    (tmp_path / "a.csv").write_text("".join(f"{each},2\n" for each in days))
    sums = read_request(TASK, str(tmp_path / "a.csv"))[1]["history"][0]
    means = read_request(TASK, str(tmp_path / "a.csv"), combine="mean")[1]["history"][0]
    assert sums[:2] == [62, 56] and means[:2] == [2, 2]
