"""Which versions are served, and what a person is told of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ml_metadata import MetadataStore
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from components.model_pusher import _clean_up
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import LianxiError, WrongUsage
from pipelines import pinning, versions
from pipelines.cleaning import old_versions
from pipelines.cli import cli
from pipelines.environment import Environment, environment
from pipelines.run_record import RunRecord, write_record
from serving.config import VersionPolicy

NAME = "name_gender"
TASK = load_task(NAME)


def add(env: Environment, *numbers: int) -> None:
    for number in numbers:
        folder = Path(env.models_dir, NAME, str(number))
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"12345")


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """Versions 1, 2 and 3."""
    made = environment("local", str(tmp_path))
    add(made, 1, 2, 3)
    return made


def state(env: Environment) -> tuple[VersionPolicy, dict[str, int]]:
    entry = versions.read_entry(env, NAME)
    return entry.policy, dict(entry.labels)


def served(env: Environment) -> int:
    [found] = [each for each in versions.list_versions(env, TASK) if each.is_served]
    return found.number


def test_a_rollback_lasts_until_it_is_undone(env: Environment) -> None:
    assert served(env) == 3
    assert pinning.roll_back(env, NAME) == 2
    assert pinning.roll_back(env, NAME) == 1
    with pytest.raises(LianxiError, match="version 1 of name_gender is the oldest"):
        pinning.roll_back(env, NAME)
    add(env, 4)
    assert served(env) == 1
    assert pinning.roll_back(env, NAME, to=3) == 3 and served(env) == 3
    assert pinning.unpin(env, NAME) == 3
    assert state(env) == (VersionPolicy.latest(), {}) and served(env) == 4
    assert pinning.unpin(env, NAME) is None


def test_what_is_not_there_cannot_be_served(env: Environment) -> None:
    with pytest.raises(LianxiError, match="no version 7; there are 3, 2, 1$"):
        pinning.roll_back(env, NAME, to=7)
    with pytest.raises(LianxiError, match="no version 7"):
        pinning.label(env, NAME, "canary", 7)
    with pytest.raises(WrongUsage, match="found '7'"):
        pinning.label(env, NAME, "7", 1)
    with pytest.raises(LianxiError, match="has the label 'canary'; it has no labels"):
        pinning.unlabel(env, NAME, "canary")
    with pytest.raises(LianxiError, match="pixelcnn has no pushed model"):
        pinning.roll_back(env, "pixelcnn")
    assert state(env) == (VersionPolicy.latest(), {})


def test_a_label_has_all_versions_loaded_that_it_may_be_moved_to(env: Environment) -> None:
    assert pinning.label(env, NAME, "canary", 3) is None
    assert state(env) == (VersionPolicy.all(), {"canary": 3})
    assert pinning.label(env, NAME, "canary", 2) == 3
    assert pinning.roll_back(env, NAME, to=2) == 2
    assert state(env) == (VersionPolicy.specific(1, 2), {"canary": 2})
    assert pinning.unlabel(env, NAME, "canary") == 2
    assert state(env) == (VersionPolicy.specific(2), {})


def test_no_label_takes_the_requests_of_a_pinned_version(env: Environment) -> None:
    """TensorFlow Serving gives requests without a version the highest that is loaded."""
    pinning.label(env, NAME, "canary", 3)
    with pytest.raises(LianxiError, match="version 3 has the label canary, .* instead of 2"):
        pinning.roll_back(env, NAME, to=2)
    pinning.unlabel(env, NAME, "canary")
    pinning.roll_back(env, NAME, to=2)
    with pytest.raises(LianxiError, match="version 3 is newer than 2, which is pinned"):
        pinning.label(env, NAME, "canary", 3)
    assert state(env) == (VersionPolicy.specific(2), {})


def test_pinned_and_labelled_versions_are_not_cleaned_away(env: Environment) -> None:
    add(env, 4, 5)
    pinning.roll_back(env, NAME, to=2)
    assert [path.name for path in old_versions(env, NAME, 2)] == ["1", "3"]
    pinning.unpin(env, NAME)
    pinning.label(env, NAME, "canary", 1)
    assert [path.name for path in old_versions(env, NAME, 2)] == ["2", "3"]
    _clean_up(str(Path(env.models_dir, NAME)), 2, str(versions.kept_path(env)))
    assert sorted(os.listdir(Path(env.models_dir, NAME))) == ["1", "4", "5"]
    versions.kept_path(env).write_text("broken {")
    _clean_up(str(Path(env.models_dir, NAME)), 1, str(versions.kept_path(env)))
    assert sorted(os.listdir(Path(env.models_dir, NAME))) == ["1", "4", "5"]
    with pytest.raises(LianxiError, match="Mend the file"):
        old_versions(env, NAME, 1)


def test_a_version_knows_its_run(env: Environment) -> None:
    path = Path(env.metadata_path(NAME))
    path.parent.mkdir()
    MetadataStore(sqlite_metadata_connection_config(str(path)), enable_upgrade_migration=True)
    for number, version in ((1, "1"), (2, "3"), (3, "3")):
        record = RunRecord(task=NAME, run_id=f"r{number}", number=number, state="pushed")
        write_record(env, RunRecord(**(vars(record) | {"version": version, "data": "/d"})))
    found = versions.list_versions(env, TASK)
    # A run that changes nothing pushes nothing anew.
    assert [(each.number, each.run.id if each.run else "") for each in found] == [
        (3, "name_gender@2"), (2, ""), (1, "name_gender@1"),
    ]  # fmt: skip
    assert found[0].size_bytes == 5 and found[0].is_loaded and not found[1].is_loaded


def models(env: Environment, *words: str) -> Result:
    result = CliRunner().invoke(cli, ["models", "--root", env.root, *words])
    assert not result.exception or isinstance(result.exception, (SystemExit, LianxiError))
    return result


def test_the_command_line_says_what_it_did(env: Environment) -> None:
    text = models(env, "rollback", NAME).output
    assert "version 2 is served" in text and f"unpin {NAME} --root {env.root}`" in text
    assert "label" not in models(env).output
    assert "canary is version 1." in models(env, "label", NAME, "canary", "1").output
    assert "and no longer version 1" in models(env, "label", NAME, "canary", "2").output
    lines = models(env, NAME).output.splitlines()
    assert lines[0] == NAME and [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert lines[2].endswith("served, pinned, label canary")
    listed = json.loads(models(env, "--json").output)
    assert [(each["version"], each["served"], each["labels"]) for each in listed] == [
        (3, False, []), (2, True, ["canary"]), (1, False, []),
    ]  # fmt: skip
    assert "no longer called canary" in models(env, "unlabel", NAME, "canary").output
    assert "version 3, the newest, is served again" in models(env, "unpin", NAME).output
    assert "was not pinned" in models(env, "unpin", NAME).output
    assert "did you mean 'rollback'?" in models(env, "rolback").output


def test_a_damaged_file_is_said(env: Environment) -> None:
    pinning.roll_back(env, NAME)
    versions.kept_path(env).write_text("broken {")
    for words in ([], ["rollback", NAME], ["unpin", NAME]):
        assert "Mend the file, or remove it" in str(models(env, *words).exception)
