"""Which models there are, where a person is sent, and what `lianxi list` says of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from modules.common.runtime.errors import LianxiError
from pipelines import last_run, pushed
from pipelines.commands.list import command
from pipelines.environment import Environment, environment, other

_TASK = "name_gender"


@pytest.fixture
def local(tmp_path: Path) -> Environment:
    return environment("local", str(tmp_path))


@pytest.fixture
def smoke(tmp_path: Path) -> Environment:
    return environment("smoke", str(tmp_path))


def push(env: Environment, version: int, task: str = _TASK) -> Path:
    folder = Path(env.models_dir) / task / str(version)
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"x")
    return folder


def listed(root: Path, *options: str) -> str:
    return CliRunner().invoke(command, ["--root", str(root), *options]).output


def test_the_environments_are_beside_each_other(local: Environment, smoke: Environment) -> None:
    assert other(local) == smoke and other(smoke) == local
    assert local.options == f" --root {local.root}"
    assert smoke.options == f" --env smoke --root {local.root}"
    assert environment().options == "" and environment("smoke").options == " --env smoke"
    assert environment(root="a b").options == " --root 'a b'"


def test_the_newest_version_has_a_date(local: Environment) -> None:
    assert pushed.newest(local, _TASK) is None
    folder = push(local, 7)
    os.utime(folder, (86_400 * 365, 86_400 * 365))
    assert pushed.newest(local, _TASK).date.startswith("1971-01-0")
    push(local, 1_700_000_000)
    assert pushed.newest(local, _TASK).date.startswith("2023-11-1")
    (Path(local.models_dir) / _TASK / "1800000000").mkdir()
    assert pushed.newest(local, _TASK).version == 1_700_000_000
    os.utime(push(local, 20_000_000_000), (1_600_000_000, 1_600_000_000))
    assert pushed.newest(local, _TASK).date.startswith("2020-09-1")


def test_who_has_no_model_here_is_sent_to_the_one_that_there_is(
    local: Environment, smoke: Environment
) -> None:
    with pytest.raises(LianxiError) as caught:
        pushed.check(local, _TASK)
    way = (
        f"name_gender has no pushed model in {local.models_dir}; "
        f"push one (lianxi run name_gender --root {local.root})"
    )
    assert str(caught.value) == way
    with pytest.raises(LianxiError) as caught:
        pushed.check(local, _TASK, ", or name a --server")
    assert str(caught.value) == f"{way}, or name a --server"
    push(smoke, 1_700_000_000)
    with pytest.raises(LianxiError, match="a smoke model is in .*smoke/models, pushed 2023-11-1"):
        pushed.check(local, _TASK)
    with pytest.raises(LianxiError, match=r"smoke models are in .* \(name_gender\): lianxi serve "):
        pushed.check_any(local)
    pushed.check(smoke, _TASK)
    push(local, 1_700_000_001, "voice_gender")
    with pytest.raises(LianxiError, match="one is in .*: leave --env smoke out"):
        pushed.check(smoke, "voice_gender")
    pushed.check_any(local)


def test_who_asks_for_another_environment_s_run_is_sent_there(
    local: Environment, smoke: Environment
) -> None:
    Path(smoke.pipeline_dir(_TASK)).mkdir(parents=True)
    run = last_run.LastRun(data_files="", model="m", evaluation="e", settings={})
    last_run.save(smoke, _TASK, run)
    assert last_run.load(smoke, _TASK) == run
    with pytest.raises(LianxiError, match="it was in .*smoke: add --env smoke. Or run it: lianxi"):
        last_run.load(local, _TASK)
    (Path(smoke.pipeline_dir(_TASK)) / "last_run.json").write_text("{")
    with pytest.raises(LianxiError, match="is damaged .*; run it again: lianxi run name_g"):
        last_run.load(smoke, _TASK)


def test_list_shows_dates_smoke_models_and_refusals(
    local: Environment, smoke: Environment, tmp_path: Path
) -> None:
    assert "(not trained yet)" in listed(tmp_path)
    push(smoke, 1_700_000_000)
    last_run.note_end(local, _TASK, ["accuracy"])
    [line] = [each for each in listed(tmp_path).splitlines() if each.startswith(_TASK)]
    assert (
        "the last run was refused by its gate: accuracy; smoke model 1700000000 on 2023-11-1"
        in line
    )
    assert f"in {smoke.models_dir})" in line and "pushed" not in line
    push(local, 1_700_000_001)
    last_run.note_end(local, _TASK, [])
    last_run.note_end(smoke, _TASK, ["Trainer"])
    [line] = [each for each in listed(tmp_path).splitlines() if each.startswith(_TASK)]
    assert "(pushed 1700000001 on 2023-11-1" in line
    assert line.endswith("the last run of smoke was refused by its gate: Trainer)")
    [row] = json.loads(listed(tmp_path, _TASK, "--json"))
    assert (row["version"], row["smoke"]["version"]) == (1_700_000_001, 1_700_000_000)
    assert (row["refused_by"], row["smoke"]["refused_by"]) == ([], ["Trainer"])
