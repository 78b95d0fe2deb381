"""Records of runs in ML Metadata, and what is known of runs that have none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_runs import run

from modules.common.declaring.registry import load_task
from pipelines import git_commit, metadata_pruning, run_record
from pipelines.environment import Environment, environment
from pipelines.locks import exclusive
from pipelines.metadata_pruning import find_kept, prune
from pipelines.run_record import ComponentRecord, RunRecord, from_json, read_records, write_record

TASK = load_task("name_gender")


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A root in which one run was pushed, by TFX's own runner."""
    made = environment("local", str(tmp_path / "root"))
    run(made, 1)
    return made


def full_record(run_id: str, number: int = 1) -> RunRecord:
    return RunRecord(
        task=TASK.name,
        run_id=run_id,
        number=number,
        started_s=1.5,
        seconds=2.5,
        command=("lianxi", "run", "name_gender"),
        settings={"epochs": 3, "precision": "float32"},
        components=(ComponentRecord(name="Trainer", state="done", seconds=1.0, said="王"),),
        counts={"examples": 3, "passed_over": {".txt": 1}},
        metrics={"accuracy": {"value": 0.9}},
        state="refused",
        refused=("accuracy",),
        paths={"root": "/there"},
    )


def test_a_record_is_read_as_it_was_written(env: Environment) -> None:
    [known] = read_records(env, TASK)
    record = full_record(known.run_id)
    assert write_record(env, record)
    assert read_records(env, TASK) == [record]
    assert write_record(env, replace(record, state="pushed"))
    assert [each.state for each in read_records(env, TASK)] == ["pushed"]


def test_a_later_run_leaves_it_alone_and_is_read_after_it(env: Environment) -> None:
    [known] = read_records(env, TASK)
    write_record(env, full_record(known.run_id))
    run(env, 2)
    first, second = read_records(env, TASK)
    assert first == full_record(known.run_id)
    assert second.run_id > first.run_id and second.paths["model"].endswith("4")
    assert read_records(env, TASK, limit=1) == [second]


def test_what_metadata_knows_of_a_run_without_a_record(env: Environment) -> None:
    [known] = read_records(env, TASK)
    assert [each.name for each in known.components] == ["Trainer", "Evaluator", "Pusher"]
    assert {each.state for each in known.components} == {"done"}
    assert time.time() - 60 < known.started_s < time.time()
    assert 0 < sum(each.seconds for each in known.components) <= known.seconds < 60
    run(env, 1)
    assert {each.state for each in read_records(env, TASK)[1].components} == {"cached"}
    with pytest.raises(RuntimeError):
        run(env, 3, fails="Trainer")
    failed = read_records(env, TASK)[2]
    assert failed.state == "failed" and [each.state for each in failed.components] == ["failed"]


def test_a_killed_run_is_stopped_and_one_under_way_is_running(env: Environment) -> None:
    [known] = read_records(env, TASK)
    begun = replace(full_record(known.run_id), state="stopped", started_s=known.started_s)
    write_record(env, replace(begun, components=()))
    with closing(sqlite3.connect(env.metadata_path(TASK.name))) as store, store:
        store.execute("UPDATE Execution SET last_known_state = 2 WHERE id > 2")
    [stopped] = read_records(env, TASK)
    assert stopped.state == "stopped" and stopped.command == begun.command
    assert [each.state for each in stopped.components] == ["done", "done", "stopped"]
    with exclusive(env, TASK.name):
        [running] = read_records(env, TASK)
    assert running.state == "running" and running.components[-1].state == "running"
    # The next run calls the killed component failed.
    run(env, 1)
    assert [each.state for each in read_records(env, TASK)[0].components][-1] == "stopped"


def test_a_record_goes_with_its_run(env: Environment) -> None:
    [known] = read_records(env, TASK)
    write_record(env, full_record(known.run_id))
    run(env, 2)
    path = Path(env.metadata_path(TASK.name))
    prune(path, find_kept(path, 1, "Pusher"))
    [left] = read_records(env, TASK)
    assert left.run_id != known.run_id
    with metadata_pruning.open_store(path) as store:
        [(kept,)] = store.execute(
            "SELECT COUNT(*) FROM ContextProperty WHERE name = ?", (run_record.PROPERTY,)
        )
    assert kept == 0


@pytest.mark.parametrize("harm", ["read-only", "gone", "damaged"])
def test_a_store_that_takes_nothing_costs_only_the_record(env: Environment, harm: str) -> None:
    [known] = read_records(env, TASK)
    path = Path(env.metadata_path(TASK.name))
    if harm == "read-only":
        with closing(sqlite3.connect(path)) as store, store:
            store.execute(
                "CREATE TRIGGER no BEFORE INSERT ON ContextProperty "
                "BEGIN SELECT RAISE(ABORT, 'read-only'); END"
            )
    elif harm == "gone":
        path.unlink()
    else:
        path.write_bytes(b"no store" * 1000)
    assert not write_record(env, full_record(known.run_id))
    assert harm != "gone" or not path.exists()


def test_a_run_that_failed_before_metadata_knew_of_it_is_kept(env: Environment) -> None:
    assert write_record(env, full_record("2026-11-30T00:00:00"))
    assert read_records(env, TASK)[-1].run_id == "2026-11-30T00:00:00"


def test_numbers_are_given_once_and_stay(env: Environment) -> None:
    run(env, 2)
    run(env, 3)
    # Runs without a record are counted.
    known = read_records(env, TASK)
    assert [each.number for each in known] == [1, 2, 3]
    assert write_record(env, full_record(known[2].run_id, number=0))
    assert write_record(env, full_record("2026-11-30T00:00:00", number=0))
    path = Path(env.metadata_path(TASK.name))
    prune(path, find_kept(path, 2, "Pusher"))
    assert [each.id for each in read_records(env, TASK)] == [
        f"name_gender@{number}" for number in (2, 3, 4)
    ]
    assert write_record(env, full_record("2026-11-30T00:00:00", number=0))
    assert read_records(env, TASK)[-1].number == 4


def test_what_a_newer_release_adds_to_a_record_is_passed_over() -> None:
    record = full_record("a")
    assert from_json(record.to_json() | {"mood": "good"}) == record


def test_many_runs_are_read_at_once(env: Environment) -> None:
    for number in range(200):
        write_record(env, full_record(f"run {number}", number + 2))
    begun_s = time.process_time()
    assert len(read_records(env, TASK)) == 201
    assert time.process_time() - begun_s < 1


def test_the_commit_is_that_of_the_project_and_of_no_folder_around_it(tmp_path: Path) -> None:
    assert git_commit.read_git_commit(tmp_path) == ""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "a"], check=True)
    commit = git_commit.read_git_commit(tmp_path)
    assert len(commit) == 40
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.py").touch()
    assert git_commit.read_git_commit(tmp_path) == f"{commit}+changes"
    assert git_commit.read_git_commit(tmp_path / "inside") == ""


def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", "/nowhere")
    assert git_commit.read_git_commit() == ""
