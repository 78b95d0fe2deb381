"""Tables of names and of voices as people have them: what becomes of each folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from components.example_gen.tables.example_gen import Executor, read_csv
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.reading.data_files import find_files
from modules.common.runtime.errors import DataError

Case = Callable[[str], Path]


@dataclass
class Found:
    """What a folder gave."""

    features: list[Any] = field(default_factory=list)
    splits: dict[str, set[str]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def genders(self) -> Counter[str]:
        return Counter(item.get("gender", item.get("label")) for item in self.features)

    def bad(self) -> list[tuple[str, str]]:
        return [(reject.where, reject.reason) for reject in self.rejects if reject.kind == "bad"]


def read(folder: Path, task_name: str = "name_gender", **settings: str) -> Found:
    task = load_task(task_name)
    config = ReadConfig(
        task_name=task_name,
        source=task.sources[0],
        settings=tell(task.resolve(settings), DATA),
        data_dir=str(folder),
    )
    paths = find_files(str(folder), task.sources[0].patterns)
    config = Executor.prepare(paths, config)
    found = Found(notes=config.notes)
    for path in paths:
        for item in read_csv(path, config):
            if isinstance(item, Record):
                found.features.append(item.features)
                key = str(item.features.get("name", ""))
                found.splits.setdefault(key, set()).add(item.split)
            else:
                found.rejects.append(item)
    return found


@pytest.mark.parametrize(
    ("number", "folder"),
    [
        ("03", "in"), ("03", "in2"), ("03", "in3"), ("04", "in"), ("09", "in"), ("09", "in2"),
        ("09", "in3"), ("13", "in"), ("13", "in2"), ("13", "in4"), ("13", "in5"), ("13", "in6"),
        ("13", "in7"), ("15", "in3"),
    ],
)  # fmt: skip
def test_the_same_120_names(case: Case, number: str, folder: str) -> None:
    found = read(case(number) / folder)
    assert not found.rejects and not found.notes
    assert sum(found.genders.values()) == 120 and set(found.genders) == {"male", "female"}
    plain = read(case("13") / "in4")
    assert [(item["name"], item["gender"]) for item in found.features] == [
        (item["name"], item["gender"]) for item in plain.features
    ]


def test_01_quotes_commas_and_newlines(case: Case) -> None:
    found = read(case("01") / "in")
    assert not found.rejects and set(found.genders) == {"male", "female"}
    assert all(item["name"] for item in found.features)


def test_07_one_key_for_one_name(case: Case) -> None:
    found = read(case("07") / "in")
    names = {item["name"] for item in found.features}
    assert {"阿依古丽·买买提", "迪丽热巴·迪力木拉提", "𠮷野家明", "Anna李", "李娜", "王芳"} <= names
    assert not any(set("\u200b\ufeff\u3000Ａ•") & set(name) for name in names)
    assert all(len(splits) == 1 for splits in found.splits.values())
    assert [reason.split("'")[1] for _, reason in found.bad()] == ["?", "—"]


def test_11_a_huge_field_costs_its_row(case: Case) -> None:
    found = read(case("11") / "in")
    [(_, reason)] = found.bad()
    assert "field larger than field limit" in reason and found.genders.total() > 100  # type: ignore[attr-defined]


def test_13_codes_0_and_1_are_refused_until_a_person_says_it(case: Case) -> None:
    with pytest.raises(DataError, match="codes 0 and 1 for genders can be read in several ways"):
        read(case("13") / "in3")
    told = read(case("13") / "in3", gender_codes="1_male_0_female").genders
    assert told == read(case("13") / "in").genders


@pytest.mark.parametrize(
    ("folder", "what"),
    [("in", "names.csv is a zip archive"), ("in2", "names.csv is an HTML page")],
)
def test_15_what_is_no_table_is_named(case: Case, folder: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        read(case("15") / folder)


def test_15_mojibake_is_quarantined(case: Case) -> None:
    found = read(case("15") / "in4")
    assert not found.features and len(found.bad()) == 120
    assert all("UTF-8 that was taken for iso-8859-1" in reason for _, reason in found.bad())


@pytest.mark.parametrize("folder", ["in", "in2", "in3", "in4", "in5"])
def test_63_tables_of_voices(case: Case, folder: str) -> None:
    found = read(case("63") / folder, "voice_gender")
    assert len(found.features) == 60 and set(found.genders) <= {"male", "female"}
    assert all(0 < item["meanfreq"] < 0.3 for item in found.features)
    # A header in the midst, and cells that are no number.
    assert [where for where, _ in found.bad()] == (
        ["line 62", "line 63", "line 64"] if folder == "in5" else []
    )


@pytest.mark.parametrize("folder", ["in", "in2", "in3", "in4"])
def test_65_what_lies_beside_a_table(case: Case, folder: str) -> None:
    found = read(case("65") / folder)
    assert found.genders.total() > 0 and not found.bad()  # type: ignore[attr-defined]
    said = {
        "in3": ("without rows: empty.csv (the file is empty)",),
        "in4": ("without rows: more.csv (a header and no rows)",),
    }
    assert found.notes == said.get(folder, ())


def test_65_a_copy_is_read_too(case: Case) -> None:
    one, two = read(case("65") / "in"), read(case("65") / "in5")
    assert len(two.features) == 2 * len(one.features)
