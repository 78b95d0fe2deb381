"""Data whose path has `{SPAN}` in it: the newest span, and windows of several read as one."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from drawing import FOLDER, task, write_picture

from components.example_gen.told import read_spans
from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.sources import Source
from modules.common.runtime.errors import DataError, WrongUsage
from pipelines.data import DataLocation, locate
from pipelines.environment import Environment
from pipelines.example_nodes import example_gen_component

_NAMES = load_task("name_gender")
_SETTINGS = _NAMES.resolve({})
_REAL = Path(__file__).parents[3] / "shared/data"


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(name="local", root=str(tmp_path / "root"))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def content(location: DataLocation) -> dict[str, str]:
    """Gives what lies in a folder, by the names it has there."""
    folder = Path(location.folder)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def test_the_newest_span_is_read_and_the_one_before_it_known(
    tmp_path: Path, env: Environment
) -> None:
    for span in ("9", "10", "7"):
        write(tmp_path / "days" / span / "names.csv", f"name,gender\n王{span},男\n")
    data = f"{tmp_path}/days/{{SPAN}}"
    found = locate(_NAMES, data, env, _SETTINGS)
    assert found.folder == str(tmp_path / "days/10")
    assert [span.label for span in found.spans] == ["10"]
    assert [span.name for span in found.earlier] == ["7", "9"]
    assert found.description == f"{tmp_path}/days/10 (span 10)"
    named = locate(_NAMES, f"{data}/names.csv", env, _SETTINGS)
    assert (named.folder, named.patterns[0]) == (found.folder, "names.csv")
    component = example_gen_component(_NAMES, found, _SETTINGS)
    properties = component.driver_class(None).resolve_exec_properties(
        dict(component.exec_properties), None, None
    )
    assert (properties["span"], properties["version"]) == (10, None)
    assert read_spans(properties) == [{"name": "10", "number": 10, "version": None}]


def test_a_window_is_one_data_set_that_is_made_once(tmp_path: Path, env: Environment) -> None:
    for span in ("2026-11-29", "2026-11-30", "2026-12-01"):
        write(tmp_path / span / "names.csv", f"name,gender\n{span},男\n")
    data = f"{tmp_path}/{{YYYY}}-{{MM}}-{{DD}}"
    found = locate(_NAMES, data, env, _SETTINGS, window=2)
    assert set(content(found)) == {"names_2026-11-30.csv", "names_2026-12-01.csv"}
    assert found.newest and found.newest.folder == str(tmp_path / "2026-12-01")
    assert found.earlier[-1].name == "2026-11-30"
    assert found.description.startswith("spans 2026-11-30, 2026-12-01 of ")
    assert locate(_NAMES, data, env, _SETTINGS, window=2) == found
    write(tmp_path / "2026-12-02/names.csv", "name,gender\n新,女\n")
    newer = locate(_NAMES, data, env, _SETTINGS, window=2)
    assert newer.folder != found.folder
    assert set(content(newer)) == {"names_2026-12-01.csv", "names_2026-12-02.csv"}


def test_pictures_keep_their_labels_and_folders(tmp_path: Path, env: Environment) -> None:
    for grey, span in enumerate(("1", "2")):
        for name in ("train/12.png", "test/34_a.png"):
            write_picture(tmp_path / "days" / span / name, grey)
    declared = task(FOLDER)
    found = locate(declared, f"{tmp_path}/days/{{SPAN}}", env, declared.resolve({}), window=2)
    links = sorted(
        str(path.relative_to(found.folder))
        for path in Path(found.folder).rglob("*")
        if path.is_symlink()
    )
    assert links == ["test/34_a_1.png", "test/34_a_2.png", "train/12_1.png", "train/12_2.png"]
    assert os.path.realpath(Path(found.folder, links[0])) == str(tmp_path / "days/1/test/34_a.png")


@pytest.mark.skipif(not _REAL.is_dir(), reason="the real data is not here")
def test_a_real_series_in_two_stretches_is_the_whole_again(
    tmp_path: Path, env: Environment
) -> None:
    railway = load_task("railway_forecast")
    with (_REAL / "railway/railway.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    for span, part in (("1", rows[70:]), ("2", rows[:70])):
        (tmp_path / span).mkdir()
        with (tmp_path / span / "railway.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *part])
    found = locate(railway, f"{tmp_path}/{{SPAN}}", env, railway.resolve({}), window=2)
    [(name, text)] = content(found).items()
    assert name == "1_2.csv"
    assert list(csv.reader(text.splitlines())) == [header, *rows[70:], *rows[:70]]


@pytest.mark.parametrize(
    ("task_name", "names", "said"),
    [
        ("pixelcnn", ["train-images-idx3-ubyte"], "its files are one of each name"),
        ("audio_style_transfer", ["a.wav"], "have the same name, by which they are known"),
        ("chinese_asr", ["list.csv", "a.wav"], "of several lists of recordings one is read"),
        ("captcha_ocr", ["0.png", "0.txt"], "says what pictures show, by names"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_why(
    task_name: str, names: list[str], said: str, tmp_path: Path, env: Environment
) -> None:
    declared = load_task(task_name)
    for span in ("1", "2"):
        for name in names:
            write(tmp_path / "days" / span / name, "AB12\n")
    with pytest.raises(DataError, match=f"(?s){said}.*--spans"):
        locate(declared, f"{tmp_path}/days/{{SPAN}}", env, declared.resolve({}), window=2)


def test_a_window_needs_spans(tmp_path: Path, env: Environment) -> None:
    write(tmp_path / "names.csv", "name,gender\n")
    for data in (None, str(tmp_path)):
        with pytest.raises(WrongUsage, match=r"--spans counts spans .*\{SPAN\}"):
            locate(_NAMES, data, env, _SETTINGS, window=2)
    with pytest.raises(DataError, match=r"does not exist.*\{SPAN\}, \{SPAN:3\}"):
        locate(_NAMES, f"{tmp_path}/{{Span}}.csv", env, _SETTINGS)


def test_every_layout_says_how_its_spans_are_joined() -> None:
    sources = [source for name in task_names() for source in load_task(name).sources]
    unsaid = {type(each).__name__ for each in sources if each.joining is Source.joining}
    assert len(sources) > 14
    assert not unsaid
