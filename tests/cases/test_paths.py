"""Data folders whose own names a library may take for patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from run_executor import execute

from components.example_gen.pictures.image_folder import ImageFolderExampleGen
from components.example_gen.tables.example_gen import CsvExampleGen
from modules.common.declaring.registry import load_task
from modules.common.reading.data_files import find_files
from pipelines.data import locate
from pipelines.environment import Environment

_NAMES = ["in [2024]", "in {SPAN}", "in 照片 v1.0 (copy)", "in#1%20", "x[1]", "*", "what?"]


@pytest.mark.parametrize("name", _NAMES)
def test_a_table_is_read_from_the_folder_that_was_named(
    case: Callable[[str], Path], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = case("32")
    data = folder / f"{name}_csv"
    if not data.exists():
        data = copied(folder / "in [2024]_csv", tmp_path / f"{name}_csv", folder / "x1_csv")
    wanted = len((data / "names.csv").read_text(encoding="utf-8").splitlines()) - 1
    task = load_task("name_gender")
    location = locate(
        task, str(data), Environment(name="local", root=str(tmp_path)), task.settings()
    )
    assert find_files(location.folder, location.patterns) == [str(data.resolve() / "names.csv")]
    examples = execute(monkeypatch, CsvExampleGen, task, location.folder, tmp_path / "out")
    assert examples.get_int_custom_property("examples") == wanted
    assert examples.get_int_custom_property("quarantined") == 0


@pytest.mark.parametrize("name", ["in [2024]", "in {SPAN}", "in 照片 v1.0 (copy)"])
def test_pictures_are_read_from_the_folder_that_was_named(
    case: Callable[[str], Path], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task("image_retrain")
    data = case("32") / name
    location = locate(
        task, str(data), Environment(name="local", root=str(tmp_path)), task.settings()
    )
    assert len(find_files(location.folder, location.patterns)) == 12
    examples = execute(monkeypatch, ImageFolderExampleGen, task, location.folder, tmp_path / "out")
    read = examples.get_int_custom_property("examples")
    assert read + examples.get_int_custom_property("set_aside") == 12


def copied(source: Path, target: Path, sibling: Path) -> Path:
    """Copies a case under a name that not every file system can hold, and others beside it."""
    target.mkdir()
    (target / "names.csv").write_bytes((source / "names.csv").read_bytes())
    other = target.with_name(re.sub(r"[*?]", "x", target.name))
    other.mkdir()
    (other / "names.csv").write_bytes((sibling / "others.csv").read_bytes())
    return target
