"""What is said to be pushed is what is served: the newest version, whole, and once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tfx.dsl.components.base import base_executor
from tfx.types.standard_artifacts import InfraBlessing, Model, ModelBlessing, PushedModel

from components.model_pusher import Executor, is_served
from components.pushed_versions import leftovers, publish
from serving.models.versions import find_versions

_NOW = 1_700_000_000


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: float(_NOW))


def trained(folder: Path, mark: str, fingerprint: bool = True) -> Path:
    """A SavedModel as far as files go; all of one size."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text("graph", encoding="utf-8")
    (folder / "variables" / "variables.index").write_text(mark, encoding="utf-8")
    if fingerprint:
        (folder / "fingerprint.pb").write_text(mark, encoding="utf-8")
    return folder


def push(model: Path, models: Path, blessed: bool = True, keep_versions: int = 0) -> PushedModel:
    """Runs the executor, as TFX does, on the output of a Trainer."""
    candidate = Model()
    candidate.uri = str(model.parent)
    blessing, infra, pushed = ModelBlessing(), InfraBlessing(), PushedModel()
    blessing.set_int_custom_property("blessed", int(blessed))
    infra.set_int_custom_property("blessed", 1)
    infra.set_string_custom_property("blessing_status", "INFRA_BLESSED")
    pushed.uri = str(model.parent.parent / f"pushed {time.perf_counter_ns()}")
    os.makedirs(pushed.uri)
    destination = json.dumps({"filesystem": {"base_directory": str(models)}})
    Executor(base_executor.BaseExecutor.Context()).Do(
        {"model": [candidate], "model_blessing": [blessing], "infra_blessing": [infra]},
        {"pushed_model": [pushed]},
        {
            "push_destination": destination,
            "custom_config": json.dumps(
                {"keep_versions": keep_versions} if keep_versions else None
            ),
        },
    )
    return pushed


def version_of(pushed: PushedModel) -> int:
    return int(pushed.get_string_custom_property("pushed_version"))


def candidate(tmp_path: Path, mark: str) -> Path:
    return trained(tmp_path / mark / "Format-Serving", mark)


def test_a_model_that_is_not_blessed_is_not_pushed(tmp_path: Path) -> None:
    pushed = push(candidate(tmp_path, "a"), tmp_path / "models", blessed=False)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "models").exists()
    assert is_served(pushed)


def test_a_version_is_a_whole_copy(tmp_path: Path) -> None:
    model, models = candidate(tmp_path, "a"), tmp_path / "models"
    pushed = push(model, models)
    assert pushed.get_int_custom_property("pushed") == 1
    assert version_of(pushed) == _NOW
    assert pushed.get_string_custom_property("pushed_destination") == str(models / str(_NOW))
    assert os.listdir(models) == [str(_NOW)]
    for folder in (models / str(_NOW), Path(pushed.uri)):
        found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert found == {"saved_model.pb", "fingerprint.pb", "variables/variables.index"}
    assert (models / str(_NOW)).stat().st_mode & 0o055 == model.stat().st_mode & 0o055


def test_two_models_in_one_second_are_two_versions(tmp_path: Path) -> None:
    pushed = [push(candidate(tmp_path, mark), tmp_path / "models") for mark in "ab"]
    assert [version_of(each) for each in pushed] == [_NOW, _NOW + 1]
    assert [is_served(each) for each in pushed] == [False, True]


@pytest.mark.parametrize("there", ["1800000000", "01800000000"])
def test_a_version_is_above_those_there_though_the_clock_was_set_back(
    tmp_path: Path, there: str
) -> None:
    trained(tmp_path / "models" / there, "old")
    (tmp_path / "models" / "99999999999999999999").mkdir()  # No version, to any server.
    assert version_of(push(candidate(tmp_path, "a"), tmp_path / "models")) == 1_800_000_001


@pytest.mark.parametrize("fingerprint", [True, False])
def test_the_newest_version_is_not_pushed_again(tmp_path: Path, fingerprint: bool) -> None:
    model = trained(tmp_path / "a" / "Format-Serving", "a", fingerprint)
    versions = [version_of(push(model, tmp_path / "models")) for _ in range(3)]
    assert versions == [_NOW] * 3
    other = trained(tmp_path / "b" / "Format-Serving", "b", fingerprint)
    assert version_of(push(other, tmp_path / "models")) == _NOW + 1
    assert version_of(push(model, tmp_path / "models")) == _NOW + 2


def test_a_version_that_lost_a_file_is_no_copy(tmp_path: Path) -> None:
    model = candidate(tmp_path, "a")
    pushed = push(model, tmp_path / "models")
    (tmp_path / "models" / str(_NOW) / "variables" / "variables.index").unlink()
    assert not is_served(pushed)
    assert version_of(push(model, tmp_path / "models")) == _NOW + 1


@pytest.mark.parametrize("what", ["models", f"models/{_NOW}"])
def test_a_destination_that_was_deleted_is_noticed(tmp_path: Path, what: str) -> None:
    model = candidate(tmp_path, "a")
    pushed = push(model, tmp_path / "models")
    assert is_served(pushed)
    shutil.rmtree(tmp_path / what)
    assert not is_served(pushed)
    assert is_served(push(model, tmp_path / "models"))


def test_a_model_of_before_is_pushed_again_above_the_one_that_replaced_it(tmp_path: Path) -> None:
    old, new = candidate(tmp_path, "a"), candidate(tmp_path, "b")
    first = push(old, tmp_path / "models")
    push(new, tmp_path / "models")
    assert not is_served(first)
    assert version_of(push(old, tmp_path / "models")) == _NOW + 2


def test_a_push_that_is_killed_leaves_nothing_that_is_served_or_kept(tmp_path: Path) -> None:
    model, models = candidate(tmp_path, "a"), tmp_path / "models"
    code = (
        "import os, shutil, signal, sys; from components.pushed_versions import publish\n"
        "copy = shutil.copyfile\n"
        "def killed(*args, **kwargs):\n"
        "    copy(*args, **kwargs); os.kill(os.getpid(), signal.SIGKILL)\n"
        "shutil.copyfile = killed\n"
        "publish(*sys.argv[1:])"
    )
    process = subprocess.run([sys.executable, "-c", code, str(model), str(models)], check=False)
    assert process.returncode == -signal.SIGKILL
    assert [path.name.startswith(".") for path in models.iterdir()] == [True]
    assert find_versions(models) == {}
    assert len(leftovers(str(models))) == 1
    assert publish(str(model), str(models)) == str(_NOW)
    assert os.listdir(models) == [str(_NOW)]


def test_a_push_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        publish(str(candidate(tmp_path, "a")), str(tmp_path / "models"))
    assert os.listdir(tmp_path / "models") == []


def test_half_a_version_is_removed_once_nobody_copies_it(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for version, age_s in (("5", 3600), ("6", 1)):
        (models / version / "variables").mkdir(parents=True)
        (models / version / "variables" / "half").write_text("x")
        for path in (models / version, models / version / "variables" / "half"):
            os.utime(path, (_NOW - age_s, _NOW - age_s))
    trained(models / "4", "old")
    (models / "notes").mkdir()
    assert [os.path.basename(path) for path in leftovers(str(models))] == ["5"]
    assert publish(str(candidate(tmp_path, "a")), str(models)) == str(_NOW)
    assert sorted(os.listdir(models)) == [str(_NOW), "4", "6", "notes"]


def test_as_many_versions_stay_as_are_to_be_kept(tmp_path: Path) -> None:
    models = tmp_path / "models"
    (models / "5").mkdir(parents=True)
    (models / "notes").mkdir()
    for mark in "abc":
        push(candidate(tmp_path, mark), models)
    assert len(find_versions(models)) == 3
    newest = push(candidate(tmp_path, "d"), models, keep_versions=2)
    kept = find_versions(models)
    assert len(kept) == 2 and max(kept) == version_of(newest)
    assert (kept[min(kept)] / "variables" / "variables.index").read_text(encoding="utf-8") == "c"
    # What is no whole version but is called like one goes too, and nothing else does.
    assert sorted(path.name for path in models.iterdir()) == [*map(str, sorted(kept)), "notes"]


def test_a_model_that_is_not_pushed_removes_nothing(tmp_path: Path) -> None:
    for mark in "ab":
        push(candidate(tmp_path, mark), tmp_path / "models")
    push(candidate(tmp_path, "c"), tmp_path / "models", blessed=False, keep_versions=1)
    assert len(find_versions(tmp_path / "models")) == 2
