from __future__ import annotations

import glob
import importlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from drawing import DRAWN, FOLDER, task, write_picture

from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import change
from modules.common.declaring.task import Task
from modules.common.runtime.errors import DataError, TaskError
from modules.name_gender.task import Settings
from pipelines.data import DataLocation, locate
from pipelines.environment import Environment, environment

_TASK: Task = load_task("name_gender")
_sample = importlib.import_module("modules.name_gender.sample.maker")
_SETTINGS = _TASK.resolve({"sample_rows": 50})


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(name="local", root=str(tmp_path / "root"))


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that samples were written to."""
    folders: list[Path] = []
    write_sample = _sample.write_sample

    def counted(folder: Path, settings: Settings) -> None:
        folders.append(folder)
        write_sample(folder, settings)

    monkeypatch.setattr(_sample, "write_sample", counted)
    return folders


def files(location: DataLocation) -> list[str]:
    folder = Path(location.folder)
    return sorted(path.name for pattern in location.patterns for path in folder.glob(pattern))


def test_a_folder_is_taken_with_the_layout_it_has(tmp_path: Path, env: Environment) -> None:
    for name in ("a.csv", "b.csv", "notes.txt"):
        (tmp_path / name).write_text("")
    location = locate(_TASK, str(tmp_path), env, _SETTINGS)
    assert location == DataLocation(
        folder=str(tmp_path.resolve()), source=_TASK.sources[0], patterns=_TASK.sources[0].patterns
    )
    assert files(location) == ["a.csv", "b.csv"]
    assert not location.is_sample
    assert location.description == location.folder
    assert location.files.splitlines() == [
        f"{tmp_path.resolve()}/{pattern}" for pattern in location.patterns
    ]


def test_the_folder_is_absolute(
    tmp_path: Path, env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    wanted = str((tmp_path / "data").resolve())
    for typed in ("data", "./data/", "~/data", str(tmp_path / "data")):
        assert locate(_TASK, typed, env, _SETTINGS).folder == wanted


@pytest.mark.parametrize("name", ["one.csv", "names[1].csv", "名字 *.csv", "what?.csv"])
def test_a_file_is_taken_alone(tmp_path: Path, env: Environment, name: str) -> None:
    for other in (name, "two.csv", "names1.csv", "名字 2.csv", "whatx.csv"):
        (tmp_path / other).write_text("")
    assert files(locate(_TASK, str(tmp_path / name), env, _SETTINGS)) == [name]


@pytest.mark.parametrize("name", ["x[1]", "x*", "x?", "{SPAN}"])
def test_a_folder_s_name_is_no_pattern(tmp_path: Path, env: Environment, name: str) -> None:
    for folder in (name, "x1", "xy"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"of {folder}.csv").write_text("")
    location = locate(_TASK, str(tmp_path / name), env, _SETTINGS)
    assert location.folder == str(tmp_path / name)
    assert files(location) == [f"of {name}.csv"]
    found = [path for pattern in location.files.splitlines() for path in glob.glob(pattern)]
    assert found == [str(tmp_path / name / f"of {name}.csv")]


def test_a_path_that_is_not_utf_8_is_an_error(tmp_path: Path, env: Environment) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "a.csv").write_text("")
    with pytest.raises(DataError, match=r"names in UTF-8, found .*caf\\xe9"):
        locate(_TASK, str(folder), env, _SETTINGS)
    with pytest.raises(DataError, match=r"names in UTF-8, found .*caf\\xe9"):
        environment("local", str(folder))


def test_a_missing_folder_is_an_error(tmp_path: Path, env: Environment) -> None:
    with pytest.raises(DataError) as caught:
        locate(_TASK, str(tmp_path / "nowhere"), env, _SETTINGS)
    assert f"{tmp_path / 'nowhere'} does not exist" in str(caught.value)
    assert "expected a folder of CSV files" in str(caught.value)


def test_an_empty_folder_is_an_error(tmp_path: Path, env: Environment) -> None:
    with pytest.raises(DataError, match="holds nothing; expected a folder of CSV files"):
        locate(_TASK, str(tmp_path), env, _SETTINGS)


def test_a_folder_of_other_things_is_an_error_that_lists_some(
    tmp_path: Path, env: Environment
) -> None:
    for number in range(7):
        (tmp_path / f"{number}.txt").write_text("")
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(DataError) as caught:
        locate(_TASK, str(tmp_path), env, _SETTINGS)
    assert "holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more (7 .txt); ex" in str(caught.value)


def test_a_sample_is_made_once(env: Environment, writes: list[Path]) -> None:
    first = locate(_TASK, None, env, _SETTINGS)
    assert first.is_sample
    assert files(first) == ["names.csv"]
    assert Path(env.root) in Path(first.folder).parents
    lines = (Path(first.folder) / "names.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 50
    assert locate(_TASK, None, env, _SETTINGS) == first
    assert len(writes) == 1


def test_what_does_not_shape_the_sample_makes_no_new_one(
    env: Environment, writes: list[Path]
) -> None:
    first = locate(_TASK, None, env, _SETTINGS)
    assert locate(_TASK, None, env, change(_SETTINGS, epochs=1, filters=3)) == first
    assert len(writes) == 1


@pytest.mark.parametrize("changes", [{"seed": 5}, {"sample_rows": 60}])
def test_what_shapes_the_sample_makes_a_new_one(
    env: Environment, writes: list[Path], changes: dict[str, Any]
) -> None:
    first = locate(_TASK, None, env, _SETTINGS)
    second = locate(_TASK, None, env, change(_SETTINGS, **changes))
    assert first.folder != second.folder
    texts = {(Path(location.folder) / "names.csv").read_text() for location in (first, second)}
    assert len(texts) == 2
    assert len(writes) == 2


def test_a_half_made_sample_is_made_anew(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, settings: Settings) -> None:
        (folder / "half.csv").write_text("姓名,性别\n")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_sample, "write_sample", fail)
        with pytest.raises(KeyboardInterrupt):
            locate(_TASK, None, env, _SETTINGS)
    location = locate(_TASK, None, env, _SETTINGS)
    assert files(location) == ["names.csv"]
    assert [path.name for path in Path(env.sample_dir("name_gender")).iterdir()] == [
        Path(location.folder).name
    ]


def test_two_first_runs_make_one_sample(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    write = _sample.write_sample

    def slowly(folder: Path, settings: Settings) -> None:
        made.append(folder)
        time.sleep(0.3)
        write(folder, settings)

    monkeypatch.setattr(_sample, "write_sample", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: locate(_TASK, None, env, _SETTINGS), range(4)))
    assert len(made) == 1
    assert len({location.folder for location in found}) == 1
    assert files(found[0]) == ["names.csv"]


def test_a_sample_that_was_emptied_is_made_anew(env: Environment) -> None:
    location = locate(_TASK, None, env, _SETTINGS)
    (Path(location.folder) / "names.csv").unlink()
    (Path(location.folder) / "empty").mkdir()
    assert files(locate(_TASK, None, env, _SETTINGS)) == ["names.csv"]


def test_a_task_that_draws_its_examples_needs_no_sample(env: Environment) -> None:
    tiny = task(FOLDER, DRAWN)
    location = locate(tiny, None, env, tiny.resolve({"drawn_examples": 12_000}))
    assert location == DataLocation(folder="", source=DRAWN, patterns=(), drawn=12_000)
    assert location.description == "12,000 examples, drawn as they are read"
    assert location.files == ""
    assert not Path(env.root).exists()
    with pytest.raises(TaskError, match="drawn_examples takes a whole number, 1 or more"):
        locate(tiny, None, env, tiny.resolve({"drawn_examples": 0}))


def test_a_task_that_draws_its_examples_reads_folders_too(tmp_path: Path, env: Environment) -> None:
    tiny = task(DRAWN, FOLDER)
    with pytest.raises(DataError, match="holds nothing; expected a folder of TEXT.png$"):
        locate(tiny, str(tmp_path), env, tiny.settings())
    write_picture(tmp_path / "1.png", 1)
    write_picture(tmp_path / "a" / "2.JPG", 1)
    location = locate(tiny, str(tmp_path), env, tiny.settings())
    assert (location.folder, location.source) == (str(tmp_path.resolve()), FOLDER)
    assert files(location) == ["1.png", "2.JPG"]
    assert locate(tiny, str(tmp_path / "1.png"), env, tiny.settings()).patterns == ("1.png",)
    with pytest.raises(DataError, match="expected no data: the task draws its own"):
        locate(task(DRAWN), str(tmp_path), env, tiny.settings())
