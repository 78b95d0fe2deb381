"""Runs by what people call them, and two runs beside each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ml_metadata import MetadataStore
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import WrongUsage
from pipelines.environment import Environment, environment
from pipelines.run_history import compare, find_run, list_runs
from pipelines.run_record import ComponentRecord, RunRecord, read_records, write_record


def record(task: str, number: int, **fields: Any) -> RunRecord:
    known = {
        "run_id": f"2026-11-{number:02d}T{len(task):02d}:00:00.123456",
        "started_s": 1e9 + 100 * number + len(task),
        "state": "pushed",
    }
    return RunRecord(task=task, number=number, **(known | fields))


def keep(env: Environment, *records: RunRecord) -> None:
    for each in records:
        path = Path(env.metadata_path(each.task))
        path.parent.mkdir(parents=True, exist_ok=True)
        MetadataStore(sqlite_metadata_connection_config(str(path)), enable_upgrade_migration=True)
        assert write_record(env, each)


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """Runs 1, 2, 3 and 5 of name_gender, 1 and 2 of pixelcnn."""
    made = environment("local", str(tmp_path))
    keep(made, *(record("name_gender", number) for number in (1, 2, 3, 5)))
    keep(made, *(record("pixelcnn", number) for number in (1, 2)))
    return made


def test_the_newest_comes_first_over_all_tasks(env: Environment) -> None:
    runs = list_runs(env, ["name_gender", "pixelcnn", "age_gender"])
    assert [run.id for run in runs] == [
        "name_gender@5", "name_gender@3", "name_gender@2", "pixelcnn@2", "name_gender@1",
        "pixelcnn@1",
    ]  # fmt: skip
    assert list_runs(env, ["name_gender", "pixelcnn"], limit=2) == runs[:2]


@pytest.mark.parametrize(
    ("named", "task", "found"),
    [
        ("name_gender@2", None, "name_gender@2"),
        ("na@2", None, "name_gender@2"),
        ("pix@-1", None, "pixelcnn@2"),
        ("@-1", None, "name_gender@5"),
        ("@-2", "pixelcnn", "pixelcnn@1"),
        ("@5", None, "name_gender@5"),
        ("3", None, "name_gender@3"),
        ("2", "pixelcnn", "pixelcnn@2"),
        ("-1", "pixelcnn", "pixelcnn@2"),
        ("name_gender", None, "name_gender@5"),
        ("2026-11-03", None, "name_gender@3"),
        ("2026-11-02T08", None, "pixelcnn@2"),
    ],
)
def test_a_run_goes_by_many_names(
    env: Environment, named: str, task: str | None, found: str
) -> None:
    assert find_run(env, named, task).id == found


@pytest.mark.parametrize(
    ("named", "task", "said"),
    [
        ("@2", None, "@2 may be name_gender@2, pixelcnn@2; name one"),
        ("2026-11-01", None, "2026-11-01 may be name_gender@1, pixelcnn@1; name one"),
        ("name_gender@4", None, "the newest are name_gender@5, name_gender@3, name_gender@2"),
        ("@-9", "pixelcnn", "the newest are pixelcnn@2, pixelcnn@1"),
        ("name_gendre@1", None, "did you mean 'name_gender'?"),
        ("colorization", None, "no run is called colorization: none was made in"),
        ("a@1", None, "'a' may be age_gender or audio_style_transfer; write more of it"),
        ("a@b", None, "no run is called a@b; the newest are"),
    ],
)
def test_what_no_run_is_called_says_which_there_are(
    env: Environment, named: str, task: str | None, said: str
) -> None:
    with pytest.raises(WrongUsage) as raised:
        find_run(env, named, task)
    assert said in str(raised.value)


def test_two_runs_are_compared() -> None:
    metric = {"value": 0.90, "standard_error": 0.003}
    a = record(
        "name_gender",
        1,
        settings={"epochs": 3, "dropout": 0.5},
        metrics={"accuracy": metric, "ece": {"value": 0.02, "standard_error": None}},
        data_digest="d",
        code_digest="c",
        versions={"keras": "3.12"},
        components=(ComponentRecord(name="Trainer", state="done", seconds=3.0),),
    )
    b = replace(
        a,
        number=2,
        settings={"epochs": 4, "dropout": 0.5},
        metrics={"accuracy": metric | {"value": 0.91}, "ece": {"value": 0.01}},
        code_digest="other",
        versions={"keras": "3.15"},
        components=(
            ComponentRecord(name="Tuner", state="done", seconds=9.0),
            ComponentRecord(name="Trainer", state="done", seconds=4.0),
        ),
    )
    found = compare(a, b)
    assert [(each.name, each.a, each.b) for each in found.settings] == [("epochs", 3, 4)]
    assert [(each.name, each.a, each.b) for each in found.versions] == [("keras", "3.12", "3.15")]
    assert (found.same_data, found.same_code, found.same_schema) == (True, False, None)
    assert found.seconds == {"Trainer": (3.0, 4.0), "Tuner": (None, 9.0)}
    accuracy, calibration = found.metrics
    assert accuracy.change == pytest.approx(0.01)
    # Both errors together: 0.0042, of which 0.01 is 2.4.
    assert accuracy.error == pytest.approx(0.003 * 2**0.5)
    assert accuracy.is_better is True and accuracy.by_more_than_chance is True
    # A lower calibration error is better; how sure it is, is not known.
    assert calibration.is_better is True and calibration.by_more_than_chance is None
    back = compare(b, a).metrics[0]
    assert back.is_better is False and back.by_more_than_chance is True
    near = replace(b, metrics={"accuracy": metric | {"value": 0.908}})
    assert compare(a, near).metrics[0].by_more_than_chance is False
    same = compare(a, a)
    assert same.settings == () and same.metrics[0].is_better is None


def test_runs_of_two_tasks_are_not_compared() -> None:
    with pytest.raises(WrongUsage, match="expected two runs of one task"):
        compare(record("name_gender", 1), record("pixelcnn", 1))


def test_a_task_that_was_not_run_has_no_runs(tmp_path: Path) -> None:
    env = environment("local", str(tmp_path))
    assert read_records(env, load_task("pixelcnn")) == [] and not list(tmp_path.iterdir())
