"""Real names in days: what has moved is stopped before training, and what is as ever passes."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import GateError
from modules.name_gender.sample.maker import write_sample
from pipelines.builder import assemble, ingest_components
from pipelines.careful_launcher import launch_by
from pipelines.data import locate
from pipelines.environment import Environment, environment
from pipelines.explanations import exit_code, explain
from pipelines.span_nodes import compared_with

_TASK = load_task("name_gender")
_SETTINGS = _TASK.resolve({})


def write_days(folder: Path) -> None:
    """Writes days 1, 3 and 4 of one kind, and day 2 with few women."""
    (folder / "sample").mkdir(parents=True)
    write_sample(folder / "sample", _TASK.resolve({"sample_rows": 2000}))
    with (folder / "sample/names.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    random.Random(0).shuffle(rows)
    men = [row for row in rows if row[1] == "男"]
    for day, part in (("1", rows[:500]), ("2", men[:450] + rows[:50]), ("3", rows[500:1000])):
        (folder / "days" / day).mkdir(parents=True)
        with (folder / "days" / day / "names.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([header, *part])


def run(env: Environment, data: Path, **choices: Any) -> tuple[str, list[str]]:
    """Reads the newest day up to the gate; gives the day before, and what ran."""
    located = locate(_TASK, f"{data}/{{SPAN}}", env, _SETTINGS, choices.pop("window", None))
    nodes = ingest_components(_TASK, env, located, _SETTINGS, **choices)
    pipeline = assemble("name_gender", env, list(nodes.values()))
    with launch_by():
        LocalDagRunner().run(pipeline)
    return compared_with(pipeline), [node.id for node in nodes.values()]


@pytest.mark.e2e
def test_a_day_that_has_moved_is_stopped_and_the_next_passes(tmp_path: Path) -> None:
    write_days(tmp_path)
    env = environment("local", str(tmp_path / "root"))
    data = tmp_path / "now"
    for day in ("1", "2"):
        shutil.copytree(tmp_path / "days" / day, data / day)
        if day == "1":
            assert run(env, data)[0] == ""
    with pytest.raises(Exception, match="the data has changed") as caught:
        run(env, data)
    said = explain(caught.value, env.metadata_path("name_gender"))
    assert "span 2 against span 1: gender is 0.4" in said
    assert "by L-infinity" in said and "0.15 at most allowed" in said
    assert "--accept-drift" in said and "schemas/name_gender/schema.pbtxt" in said
    assert exit_code(caught.value) == GateError.exit_code
    # What was refused is no measure for others, and day 1 is not read again.
    shutil.copytree(tmp_path / "days/3", data / "3")
    before, nodes = run(env, data)
    assert before == "1"
    assert "EarlierStatistics" in nodes and "EarlierExampleGen" not in nodes
    # Accepted, it is what the next is held against.
    shutil.rmtree(data / "3")
    assert run(env, data, accept_drift=True)[0] == "1"
    shutil.copytree(tmp_path / "days/3", data / "3")
    with pytest.raises(Exception, match="span 3 against span 2: gender"):
        run(env, data)
