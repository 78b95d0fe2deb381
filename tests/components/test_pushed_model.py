"""The model that was pushed last, as a step of a cluster finds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.dsl.components.base import base_executor
from tfx.types.standard_artifacts import Model
from tfx.utils import path_utils

from components.pushed_model import ABSENT, NO_VERSION, PushedModel, newest_version
from modules.common.runtime.errors import DataError


def push(folder: Path, version: str, fingerprint: str = "") -> None:
    (folder / version / "variables").mkdir(parents=True)
    (folder / version / "saved_model.pb").write_text(version, encoding="utf-8")
    if fingerprint:
        (folder / version / "fingerprint.pb").write_text(fingerprint, encoding="utf-8")


def execute(models_dir: Path, output: Path, version: str = "") -> Model:
    model = Model()
    model.uri = str(output)
    executor = PushedModel.EXECUTOR_SPEC.executor_class(base_executor.BaseExecutor.Context())
    properties = {"models_dir": str(models_dir), "task_name": "name_gender", "version": version}
    executor.Do({}, {"model": [model]}, properties)
    return model


def test_versions_are_numbers_and_whole(tmp_path: Path) -> None:
    assert newest_version(str(tmp_path / "nothing")) == NO_VERSION
    for version in ("9", "10", "temp"):
        push(tmp_path, version)
    (tmp_path / "11").mkdir()
    assert newest_version(str(tmp_path)) == "10"


def test_copies_of_the_candidate_are_left_out(tmp_path: Path) -> None:
    models, trained = tmp_path / "models", tmp_path / "trained"
    push(trained, "new", "c")
    for version, fingerprint in (("1", "a"), ("2", ""), ("3", "b")):
        push(models, version, fingerprint)
    assert newest_version(str(models), str(trained / "new")) == "3"
    push(models, "4", "c")
    push(models, "5", "c")
    assert newest_version(str(models), str(trained / "new")) == "3"
    assert newest_version(str(models)) == "5"
    assert newest_version(str(models), str(models / "2")) == "5"


def test_the_only_version_is_the_candidate_itself(tmp_path: Path) -> None:
    push(tmp_path, "1", "a")
    assert newest_version(str(tmp_path), str(tmp_path / "1")) == NO_VERSION


def test_the_newest_version_lies_where_evaluator_looks(tmp_path: Path) -> None:
    for version in ("1", "2"):
        push(tmp_path / "models/name_gender", version)
    for _ in range(2):
        model = execute(tmp_path / "models", tmp_path / "output")
    path = Path(path_utils.serving_model_path(model.uri))
    assert (path / "saved_model.pb").read_text(encoding="utf-8") == "2"
    assert model.get_int_custom_property("version") == 2
    assert not model.has_custom_property(ABSENT)


def test_before_the_first_push_there_is_none(tmp_path: Path) -> None:
    model = execute(tmp_path / "models", tmp_path / "output")
    assert model.get_int_custom_property(ABSENT) == 1
    push(tmp_path / "models/name_gender", "1")
    model = execute(tmp_path / "models", tmp_path / "output", NO_VERSION)
    assert model.get_int_custom_property(ABSENT) == 1


def test_a_version_may_be_named(tmp_path: Path) -> None:
    for version in ("1", "2"):
        push(tmp_path / "models/name_gender", version)
    model = execute(tmp_path / "models", tmp_path / "output", "1")
    assert model.get_int_custom_property("version") == 1
    with pytest.raises(DataError, match="is gone; start another run"):
        execute(tmp_path / "models", tmp_path / "output", "3")
