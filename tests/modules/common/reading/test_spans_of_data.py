"""Paths with `{SPAN}`, `{VERSION}` and dates: what they stand for, as in TFX, and their faults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tfx.components.example_gen import utils
from tfx.proto import example_gen_pb2

from modules.common.reading.spans import Span, choose_window, find_fixed_part, find_spans
from modules.common.runtime.errors import DataError, WrongUsage


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{SPAN}/a.csv", ["2/a.csv", "10/a.csv", "9/a.csv", "11/b.csv"]),
        ("{SPAN:3}/a.csv", ["002/a.csv", "010/a.csv"]),
        ("a-{SPAN}.csv", ["a-1.csv", "a-3.csv", "b-9.csv"]),
        ("{SPAN}/v{VERSION}/a.csv", ["1/v7/a.csv", "2/v1/a.csv", "2/v10/a.csv", "2/v9/a.csv"]),
        ("{SPAN}-{VERSION:2}.csv", ["1-01.csv", "1-02.csv"]),
        ("{YYYY}-{MM}-{DD}/a.csv", ["2026-11-30/a.csv", "2026-12-01/a.csv", "2025-12-31/a.csv"]),
        ("{YYYY}/{MM}/{DD}/a.csv", ["2026/11/30/a.csv", "2026/12/01/a.csv"]),
        ("d{YYYY}{MM}{DD}.csv", ["d20261130.csv", "d20261129.csv"]),
        ("{YYYY}{MM}{DD}/{VERSION}/a.csv", ["20261129/5/a.csv", "20261130/1/a.csv"]),
    ],
)
def test_the_newest_span_is_the_one_that_tfx_finds(
    pattern: str, names: list[str], tmp_path: Path
) -> None:
    make(tmp_path, *names)
    split = example_gen_pb2.Input.Split(name="all", pattern=pattern)
    _, span, version = utils.calculate_splits_fingerprint_span_and_version(str(tmp_path), [split])
    newest = find_spans(f"{tmp_path}/{pattern}")[-1]
    assert (newest.number, newest.version) == (span, version)
    assert newest.path == os.path.join(tmp_path, split.pattern)


def test_all_spans_are_listed_by_number_each_in_its_newest_version(tmp_path: Path) -> None:
    make(tmp_path, "9/1/a", "10/1/a", "10/2/a", "8/3/a")
    found = find_spans(f"{tmp_path}/{{SPAN}}/{{VERSION}}/")
    assert [(span.number, span.version) for span in found] == [(8, 3), (9, 1), (10, 2)]
    assert found[-1].label == "10, version 2"
    assert found[-1].path == str(tmp_path / "10/2")


def test_dates_are_named_as_dates(tmp_path: Path) -> None:
    make(tmp_path, "2026-02-28/a", "2026-03-01/a")
    assert [span.name for span in find_spans(f"{tmp_path}/{{YYYY}}-{{MM}}-{{DD}}")] == [
        "2026-02-28",
        "2026-03-01",
    ]


def test_what_is_empty_hidden_or_beside_is_no_span(tmp_path: Path) -> None:
    make(tmp_path, "1/a.csv", "2/.part", ".3/a.csv", "README.md")
    (tmp_path / "4/sub").mkdir(parents=True)
    assert [span.name for span in find_spans(f"{tmp_path}/{{SPAN}}")] == ["1"]


def test_a_path_that_is_there_as_it_is_written_has_no_placeholders(tmp_path: Path) -> None:
    make(tmp_path, "{SPAN}/a", "7/a")
    assert find_fixed_part(f"{tmp_path}/{{SPAN}}/a") == ""
    assert find_fixed_part(f"{tmp_path}/x{{SPAN:2}}/a") == str(tmp_path)
    assert find_fixed_part("minio://b/days/{YYYY}/{MM}/{DD}") == "minio://b/days"
    assert find_fixed_part("days") == ""
    assert find_fixed_part("{SPAN}.csv") == "."


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{SPAN}/{YYYY}{MM}{DD}", "both {SPAN} and a date"),
        ("{SPAN}/{SPAN}", "{SPAN} more than once"),
        ("{SPAN:2}/{SPAN:3}", "{SPAN} more than once"),
        ("{SPAN}/{VERSION}/{VERSION:2}", "{VERSION} more than once"),
        ("{YYYY}/{MM}", "without {DD}"),
        ("{VERSION}", "{VERSION} without {SPAN} or a date"),
        ("{SPAN:x}", "{SPAN:x} in .* has a width that is none"),
        ("{SPAN:0}", "width that is none"),
        ("{YYYY:4}{MM}{DD}", "none after YYYY"),
    ],
)
def test_placeholders_that_do_not_go_together(pattern: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=said):
        find_spans(f"{tmp_path}/{pattern}")


@pytest.mark.parametrize(
    ("pattern", "names", "said"),
    [
        ("{SPAN}/a.csv", ["1/b.csv"], r"nothing matches .*\{SPAN\}/a.csv.*there is 1"),
        ("none/{SPAN}", ["1/b.csv"], "none is no folder"),
        ("{SPAN}", ["1/a", "new/a"], r"/new is in the place of \{SPAN\}, and is none.*digits for"),
        ("{SPAN}", ["1/a", "-2/a"], "/-2 is in the place"),
        ("{SPAN:2}", ["01/a", "100/a"], "/100 is in the place of .*2 digits"),
        ("{SPAN}", ["1/a", "01/a"], "are both span 1"),
        ("{YYYY}-{MM}-{DD}", ["2026-02-30/a"], "2026-02-30 is none; expected a day"),
        ("{YYYY}-{MM}-{DD}", ["2026-0x-30/a"], "2026-0x-30 is in the place"),
    ],
)
def test_what_stands_in_the_place_of_a_span_is_one(
    pattern: str, names: list[str], said: str, tmp_path: Path
) -> None:
    make(tmp_path, *names)
    with pytest.raises(DataError, match=said):
        find_spans(f"{tmp_path}/{pattern}")


def test_a_window_has_no_gap(tmp_path: Path) -> None:
    make(tmp_path, "3/a", "5/a", "6/a")
    data = f"{tmp_path}/{{SPAN}}"
    spans = find_spans(data)
    assert [span.name for span in choose_window(spans, 2, data)] == ["5", "6"]
    with pytest.raises(DataError, match="no span 4, only 3, 5, 6.*--spans 2"):
        choose_window(spans, 3, data)
    # As many as nobody could list.
    with pytest.raises(DataError, match="no span 4, .*--spans 2"):
        choose_window(spans, 10**12, data)
    with pytest.raises(DataError, match="there are only 0, 1. .*--spans 2"):
        choose_window([Span(number=number, path="") for number in range(2)], 3, data)
