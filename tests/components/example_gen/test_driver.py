"""What TFX's cache is told of raw data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.example_gen.tables.example_gen import CsvExampleGen
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import DataError


def properties(data: Path, **changes: Any) -> dict[str, Any]:
    """Those by which TFX's cache knows an execution, as its launcher resolves them."""
    task = load_task("name_gender")
    told = tell(task.settings(), DATA)
    component = CsvExampleGen(task, task.sources[0], str(data), told, "digest", **changes)
    driver = component.driver_class(None)
    return driver.resolve_exec_properties(dict(component.exec_properties), None, None)


@pytest.mark.parametrize("name", ["data", "x[1]", "in {SPAN}-{VERSION}"])
def test_the_same_data_is_known_again_and_changed_data_is_not(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    data.mkdir()
    (data / "a.csv").write_text("name,gender\n", encoding="utf-8")
    (data / "notes.txt").write_text("", encoding="utf-8")
    before = properties(data)
    assert (before["span"], before["version"]) == (0, None)
    assert properties(data) == before
    (data / "notes.txt").write_text("nothing that is read", encoding="utf-8")
    assert properties(data) == before
    (data / "a.csv").rename(data / "b.csv")
    after = properties(data)
    assert after["input_fingerprint"] != before["input_fingerprint"]
    assert {**after, "input_fingerprint": ""} == {**before, "input_fingerprint": ""}


def test_a_file_s_name_is_no_span(tmp_path: Path) -> None:
    for name in ("{SPAN}.csv", "7.csv"):
        (tmp_path / name).write_text("name,gender\n", encoding="utf-8")
    before = properties(tmp_path, patterns=("{SPAN}.csv",))
    (tmp_path / "7.csv").unlink()
    assert properties(tmp_path, patterns=("{SPAN}.csv",)) == before


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere cannot be listed"):
        properties(tmp_path / "nowhere")
