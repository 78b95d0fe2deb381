"""Past runs and pushed versions on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from made_up_task import MadeUpModels

from gallery.page import opening
from gallery.page.asking import Desk
from gallery.page.history import Measured, find_report, list_as_table, show_comparison
from gallery.page.host import make_app, running_page
from gallery.page.page import build_page
from gallery.page.served import OwnModels
from gallery.page.versions import list_as_table as list_versions_as_table
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import LianxiError
from pipelines.environment import Environment, environment
from pipelines.run_history import compare
from pipelines.run_record import ComponentRecord, RunRecord
from pipelines.versions import Version

_METRICS = {"accuracy": {"value": 0.925, "baseline": 0.872, "standard_error": 0.01}}


def record(number: int, **changed: Any) -> RunRecord:
    known: dict[str, Any] = {
        "task": "name_gender",
        "run_id": f"run-{number}",
        "number": number,
        "started_s": 1.7e9 + number,
        "seconds": 65.0,
        "state": "pushed",
        "version": str(1000 + number),
        "metrics": _METRICS,
        "changed": {"epochs": number},
        "settings": {"epochs": number},
        "components": (ComponentRecord(name="Trainer", state="done", seconds=12.0),),
    }
    return RunRecord(**(known | changed))


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """Where nothing was run."""
    return environment("local", str(tmp_path))


def test_runs_are_a_table_that_leads_to_their_reports(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("<title>all of it</title>")
    runs = [
        record(2, paths={"report_html": str(report)}),
        record(1, state="failed", error="no <room>\nmore", metrics={}, version=""),
    ]
    html = list_as_table(runs)
    assert html.count("<tr>") == 3
    assert '<a href="reports/name_gender%402"' in html
    assert "name_gender@1</th>" in html and "no &lt;room&gt;" in html and "more" not in html
    assert "accuracy 92.50% ± 1.00%" in html and "epochs 2" in html and "1 min 05 s" in html


def test_no_run_is_said() -> None:
    assert "Nothing was run here yet." in list_as_table([])


def test_two_runs_beside_each_other() -> None:
    better = {"accuracy": {"value": 0.975, "baseline": 0.872, "standard_error": 0.01}}
    html = show_comparison(compare(record(1), record(2, metrics=better)))
    assert "name_gender@1" in html and "name_gender@2" in html
    assert "better, by more than chance" in html and "5.00%" in html
    assert '<th scope="row">epochs</th><td>1</td><td>2</td>' in html
    assert "12 s" in html


def test_a_comparison_says_where_nothing_differs() -> None:
    assert "No setting differs." in show_comparison(compare(record(1), record(1)))


def test_the_metric_of_the_version_that_answers(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def read_records(env: Environment, task: Any) -> list[RunRecord]:
        read.append(task.name)
        return [record(1), record(2, metrics={"accuracy": {"value": 0.5}})]

    monkeypatch.setattr("gallery.page.history.read_records", read_records)
    measured, task = Measured(env), load_task("name_gender")
    assert [measured(task, "1001") for _ in range(2)] == ["accuracy 92.50% (baseline 87.20%)"] * 2
    assert measured(task, "1002") == "accuracy 50.00%"
    assert measured(task, "") == measured(task, "7") == ""
    assert len(read) == 3


def test_metadata_that_is_damaged_takes_nothing_down(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*ignored: Any) -> list[RunRecord]:
        raise LianxiError("damaged")

    monkeypatch.setattr("gallery.page.history.read_records", damaged)
    assert Measured(env)(load_task("name_gender"), "1") == ""
    monkeypatch.setattr("gallery.page.history.find_run", damaged)
    assert find_report(env, "name_gender@1") is None


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A page that has one report."""
    report = tmp_path / "report.html"
    report.write_text("<title>all of it</title>")
    page = build_page(Desk(MadeUpModels([load_task("name_gender")])))
    app = make_app(page, True, {"name_gender@2": report}.get)
    with running_page(app, "127.0.0.1", 0) as address:
        yield address


def test_a_report_is_only_looked_at(url: str) -> None:
    response = httpx.get(f"{url}reports/name_gender%402")
    assert response.text == "<title>all of it</title>"
    assert "sandbox" in response.headers.get_list("content-security-policy", split_commas=True)
    for name in ("name_gender@3", "..%2F..%2Fetc%2Fpasswd"):
        assert httpx.get(f"{url}reports/{name}").status_code == 404


def test_versions_are_a_table() -> None:
    version = Version(
        task="name_gender", number=1002, path=Path("x"), pushed_s=1.7e9, size_bytes=2_500_000,
        run=record(2), is_served=True, is_pinned=True, is_loaded=True, labels=("stable",),
    )  # fmt: skip
    older = replace(
        version, number=1001, run=None, is_served=False, is_pinned=False, is_loaded=False, labels=()
    )
    html = list_versions_as_table([version, older])
    assert "served, pinned, label stable" in html and "<td>no</td>" in html
    assert "2.5 MB" in html and "name_gender@2" in html and "not known" in html
    assert "No model was pushed here yet." in list_versions_as_table([])


def push(env: Environment, name: str, version: int) -> None:
    folder = Path(env.models_dir, name, str(version))
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")


def test_the_tabs_are_the_models_that_were_pushed(env: Environment) -> None:
    with pytest.raises(LianxiError, match="no model was pushed to"):
        OwnModels(env)
    push(env, "name_gender", 7)
    push(env, "name_gender", 8)
    push(env, "of_another_project", 1)
    models = OwnModels(env)
    assert [task.name for task in models.tasks] == ["name_gender"]
    facts = models.describe("name_gender")
    assert (facts.version, facts.is_smoke) == ("8", False) and facts.date


def test_a_model_that_does_not_load_is_said(env: Environment) -> None:
    push(env, "name_gender", 7)
    with opening.opened_gallery(env, None) as url:
        from gradio_client import Client

        client = Client(url, verbose=False, analytics_enabled=False)
        answers = client.predict("王", api_name="/name_gender")
    said = str(answers[0])
    assert "The model of name_gender does not load" in said
    assert "Traceback" not in said
