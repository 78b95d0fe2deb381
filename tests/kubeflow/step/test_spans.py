"""Runs that come again, as the CronJob asks for them, on data whose newest span is read."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from launcher import Cluster, Run
from launcher_process import Forks
from launcher_tasks import compile_package, cut, said
from launcher_versions import NEWEST

from modules.common.declaring.registry import load_task
from modules.name_gender.sample.maker import write_sample

_ROWS = 4000
_MANIFEST = Path(__file__).parents[3] / "kubeflow/manifests/recurring-run/cron-job.yaml"
_GENDERS = ("男", "女")

Rows = Sequence[tuple[str, str]]


@pytest.fixture
def names(tmp_path: Path) -> Rows:
    """Names of one kind, three times as many as a span has."""
    (tmp_path / "names").mkdir()
    settings = load_task("name_gender").resolve({"seed": 1, "sample_rows": 3 * _ROWS})
    write_sample(tmp_path / "names", settings)
    with (tmp_path / "names/names.csv").open(encoding="utf-8", newline="") as file:
        return [(name, gender) for name, gender in list(csv.reader(file))[1:]]


def _write(folder: Path, rows: Rows) -> None:
    folder.mkdir(parents=True)
    with (folder / "names.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("姓名", "性别"), *rows])


def _noised(rows: Rows) -> Rows:
    """Draws half of the genders anew, as a broken source would."""
    draw = random.Random(0)
    return [
        (name, draw.choice(_GENDERS) if draw.random() < 0.5 else gender) for name, gender in rows
    ]


def _parameters(data: str) -> dict[str, object]:
    """Gives what the CronJob asks for, and where the data is."""
    manifest = yaml.safe_load(_MANIFEST.read_text(encoding="utf-8"))
    [container] = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    mark = "--runtime_parameter="
    given = [text.removeprefix(mark) for text in container["args"] if text.startswith(mark)]
    return {name: int(value) for name, _, value in (text.partition("=") for text in given)} | {
        "data": data
    }


def _passed(run: Run) -> bool:
    """Tells what the report in Evaluator's log says of the gate."""
    mark = "report: "
    [report] = [line for line in run.logs["Evaluator"].splitlines() if line.startswith(mark)]
    return bool(json.loads(report.removeprefix(mark))["metrics"]["accuracy"]["passed"])


def _span(run: Run) -> int:
    return int(run.outputs["ExampleGen"].artifacts["examples"].metadata["custom:span"])


@pytest.mark.e2e
@pytest.mark.sweep
def test_a_worse_span_is_refused_and_a_better_one_pushed(
    names: Rows, tmp_path: Path, forks: Forks
) -> None:
    package = compile_package("name_gender", tmp_path, str(tmp_path / "models"))
    cluster = Cluster(tmp_path / "cluster", kfp=NEWEST, execute=forks.run)
    parameters = _parameters(f"{tmp_path}/data/span-{{SPAN}}")
    pushed = tmp_path / "models/name_gender"
    versions, gates = [], []
    spans = (names[:_ROWS], _noised(names[_ROWS : 2 * _ROWS]), names)
    for number, rows in enumerate(spans, start=1):
        _write(tmp_path / f"data/span-{number}", rows)
        run = cluster.run(package, parameters)
        assert run.succeeded, said(run)
        assert _span(run) == number
        gates.append(_passed(run))
        versions.append(len(list(pushed.iterdir())))
    assert gates == [True, False, True]
    assert versions == [1, 1, 2]


@pytest.mark.parametrize(
    ("pattern", "older", "newer", "span", "version"),
    [
        ("day-{YYYY}{MM}{DD}", "day-20261128", "day-20261129", 20786, None),
        ("span-{SPAN}/v{VERSION}", "span-7/v1", "span-7/v2", 7, 2),
    ],
)
@pytest.mark.e2e
def test_dates_and_versions(
    pattern: str,
    older: str,
    newer: str,
    span: int,
    version: int | None,
    names: Rows,
    tmp_path: Path,
    forks: Forks,
) -> None:
    package = compile_package("name_gender", tmp_path, str(tmp_path / "models"))
    cut(package, "ExampleGen")
    cluster = Cluster(tmp_path / "cluster", kfp=NEWEST, execute=forks.run)
    parameters = _parameters(f"{tmp_path}/data/{pattern}")
    states, rows = [], []
    for folder, count in ((older, 300), (newer, 200)):
        _write(tmp_path / "data" / folder, names[:count])
        for _ in range(2):
            run = cluster.run(package, parameters)
            assert run.succeeded, said(run)
            states.append(run.states["ExampleGen"])
        rows.append(run.outputs["ExampleGen"].artifacts["examples"].metadata)
    assert states == ["succeeded", "cached"] * 2
    assert [metadata["examples"] for metadata in rows] == [300, 200]
    assert rows[-1]["custom:span"] == span
    assert rows[-1].get("custom:version") == version
