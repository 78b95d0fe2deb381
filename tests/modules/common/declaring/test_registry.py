from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

import modules
from modules.common.declaring import registry
from modules.common.runtime.errors import LianxiError, TaskError, did_you_mean

_names = (f"temporary_task_{number}" for number in itertools.count())
_TASK = """
import dataclasses
from modules.name_gender.task import TASK as OTHER
TASK = dataclasses.replace(OTHER, name={name!r})
"""


@pytest.fixture
def make_task_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str | None], str]:
    """Adds a folder beside the real tasks, with the given `task.py`; returns its name."""
    monkeypatch.setattr(modules, "__path__", [*modules.__path__, str(tmp_path)])
    real = registry.task_names
    monkeypatch.setattr(registry, "task_names", lambda: sorted([*real(), *real(tmp_path)]))

    def make(source: str | None) -> str:
        name = next(_names)
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        if source is not None:
            (tmp_path / name / "task.py").write_text(source.format(name=name))
        return name

    return make


def test_every_folder_but_common_and_hidden_ones_is_a_task(tmp_path: Path) -> None:
    for name in ("zebra_task", "ant_task", "common", "__pycache__", ".git", "_private"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.py").write_text("")
    assert registry.task_names(tmp_path) == ["ant_task", "zebra_task"]


def test_the_real_folder_holds_name_gender_and_not_common() -> None:
    names = registry.task_names()
    assert "name_gender" in names
    assert "common" not in names


def test_a_valid_folder_is_loaded(make_task_folder: Callable[[str | None], str]) -> None:
    name = make_task_folder(_TASK)
    assert registry.load_task(name).name == name


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "has no task.py"),
        ("", "must bind TASK to a Task, found None"),
        ("TASK = 'name_gender'", "must bind TASK to a Task, found 'name_gender'"),
        (
            "from modules.name_gender.task import TASK",
            "declares the name 'name_gender', not 'temporary_task_",
        ),
    ],
)
def test_a_folder_that_holds_no_task_is_an_error(
    make_task_folder: Callable[[str | None], str], source: str | None, message: str
) -> None:
    name = make_task_folder(source)
    with pytest.raises(TaskError) as caught:
        registry.load_task(name)
    assert message in str(caught.value)
    assert f"modules/{name}" in str(caught.value)


def test_one_bad_folder_stops_discovery(make_task_folder: Callable[[str | None], str]) -> None:
    name = make_task_folder(None)
    with pytest.raises(TaskError, match=name):
        registry.all_tasks()


def test_a_missing_dependency_is_not_taken_for_a_missing_task(
    make_task_folder: Callable[[str | None], str],
) -> None:
    name = make_task_folder("import no_such_package_anywhere")
    with pytest.raises(ModuleNotFoundError, match="no_such_package_anywhere"):
        registry.load_task(name)


@pytest.mark.parametrize("misspelt", ["name_gendr", "namegender", "gender_name_"])
def test_a_misspelt_name_is_answered_with_the_one_meant(misspelt: str) -> None:
    with pytest.raises(TaskError, match=rf"no task is called '{misspelt}'; did you mean '\w+"):
        registry.load_task(misspelt)


def test_did_you_mean_takes_the_closest_and_else_lists_all() -> None:
    known = {"name_gender": 1, "voice_gender": 2, "captcha_ocr": 3}
    assert did_you_mean("captcha", known) == "did you mean 'captcha_ocr'?"
    assert did_you_mean("name_gander", known) == "did you mean 'name_gender'?"
    everything = "it must be one of captcha_ocr, name_gender, voice_gender"
    assert did_you_mean("xyz", known) == everything


def test_people_s_errors_have_one_base() -> None:
    with pytest.raises(LianxiError):
        registry.load_task("zzz")
