"""The whole report: of every way a run ends, escaped, bounded, and without outside parts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Visit
from test_media import noise_png

from gallery.report import write
from gallery.report.held_out import section
from gallery.report.held_out.asking import Answered, Asked
from gallery.report.held_out.questions import Question
from gallery.report.lineage import Lineage
from gallery.report.write import render_report, write_report
from modules.common.declaring.registry import load_task
from pipelines.environment import Environment, environment
from pipelines.run_record import ComponentRecord, RunRecord

NAMES = load_task("name_gender")
MOST_BYTES = 5_000_000


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A new root."""
    return environment("smoke", str(tmp_path))


def record(**values: Any) -> RunRecord:
    return RunRecord(**{"task": "name_gender", "run_id": "2026-11-30T01:02:03.4", **values})


def failed() -> RunRecord:
    components = (
        ComponentRecord(name="ExampleGen", state="done", seconds=1.0),
        ComponentRecord(name="Trainer", state="failed", seconds=2.0),
    )
    return record(
        state="failed", components=components, error="Trainer failed: no room\nTo do: make <room>"
    )


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition("<body>")[2]))


def test_a_failed_run_says_what_failed_and_what_to_do(env: Environment) -> None:
    path = write_report(failed(), env, NAMES, graph={"Pusher": ["Trainer"]})
    assert path == env.report_path("name_gender", "2026-11-30T01:02:03.4")
    page = path.read_text(encoding="utf-8")
    assert "failed in Trainer" in words(page)
    assert "To do: make &lt;room&gt;" in page
    assert "Pusher: not reached" in page and "smoke run" in page
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_refused_run_says_by_what_and_advises(env: Environment) -> None:
    accuracy = {
        "value": 0.5,
        "baselines": {"bigram_logistic": 0.8},
        "gate": "> it",
        "passed": False,
    }
    made = record(state="refused", refused=("accuracy",), metrics={"accuracy": accuracy})
    said = words(render_report(made, env, NAMES, advice="Give it more data."))
    assert "refused by accuracy" in said and "Give it more data." in said
    assert "50.00% accuracy ✕ gate not passed" in said


@pytest.mark.parametrize("state", ["pushed", "refused", "failed", "stopped"])
def test_a_run_of_which_next_to_nothing_is_known(env: Environment, state: str) -> None:
    page = render_report(record(state=state, run_id=""), env, NAMES)
    assert state in words(page)
    assert env.report_path("name_gender", "").name == "not_begun.html"


def test_what_comes_from_outside_is_escaped(env: Environment) -> None:
    nasty = "<script>alert(1)</script>"
    made = record(
        command=("lianxi", nasty),
        settings={"epochs": nasty},
        changed={"epochs": nasty},
        data=nasty,
        error=nasty,
        components=(ComponentRecord(name=nasty, state="done", said=nasty),),
        versions={nasty: nasty},
        state="failed",
    )
    assert "<script" not in render_report(made, env, NAMES)


def test_nothing_is_asked_of_another_place(env: Environment) -> None:
    page = render_report(failed(), env, NAMES)
    assert "default-src 'none'" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert not re.findall(r"url\(|@import", page)


def test_a_section_that_cannot_be_made_costs_only_itself(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("it is damaged\nby something")

    monkeypatch.setattr(write.measures, "make_section", fail)
    said = words(render_report(failed(), env, NAMES))
    assert "Metrics is not shown: it is damaged" in said and "by something" not in said
    assert "The run" in said


def test_bad_records_are_shown_though_reading_them_failed(env: Environment) -> None:
    kept = Path(env.pipeline_dir("name_gender"), "ExampleGen", "rejects-3.jsonl")
    kept.parent.mkdir(parents=True)
    reject = {"path": "a.csv", "where": "line 7", "reason": "found nothing", "kind": "bad"}
    kept.write_text(json.dumps(reject), encoding="utf-8")
    said = words(render_report(failed(), env, NAMES))
    assert "found nothing bad 1 a.csv, line 7" in said


@pytest.fixture
def worst(env: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A report whose every part is as large as it may be."""
    task = load_task("colorization")
    noise = [noise_png(900, 900) for _ in range(3)]
    examples = [{"image": [noise[number % 3]]} for number in range(200)]

    def ask(task: object, folder: str, questions: list[Question], is_cheap: bool) -> Asked:
        answered = tuple(
            Answered(
                question=each,
                answer={"image": each.request["image"], "colourfulness": np.float32(1)},
            )
            for each in questions
        )
        return Asked(
            answered=answered, problems=("x" * 2000,), seconds=1, is_cut=True, is_cheap=True
        )

    monkeypatch.setattr(section, "draw_examples", lambda *arguments: examples)
    monkeypatch.setattr(section, "ask_model", ask)
    monkeypatch.setattr(section, "_SHOWN_LONG", 40)
    own = tmp_path / "report.png"
    own.write_bytes(noise[0])
    tensorboard = tmp_path / "board"
    tensorboard.mkdir()
    figures = [f"figure_{number}" for number in range(8)]
    rows = [f"{epoch},{epoch},1,{','.join(['0.123456'] * 8)}" for epoch in range(1, 5001)]
    (tensorboard / "curve.csv").write_text(
        "\n".join([f"epoch,step,minutes,{','.join(figures)}", *rows])
    )
    quarantine = tmp_path / "examples" / "quarantine"
    quarantine.mkdir(parents=True)
    for name in ("Model", "Format-Serving"):
        (tmp_path / "model" / name).mkdir(parents=True)
    rejects = [
        json.dumps(
            {"path": "p" * 4000, "where": "", "reason": chr(65 + place) * 4000, "kind": "bad"}
        )
        for place in range(50)
    ]
    (quarantine / "rejects.jsonl").write_text("\n".join(rejects))
    (quarantine / "counts.json").write_text("{}")
    lineage = Lineage(
        folders={
            ("ExampleGen", "Examples"): str(quarantine.parent),
            ("Trainer", "Model"): str(tmp_path / "model"),
        }
    )
    monkeypatch.setattr(write, "read_lineage", lambda *arguments: lineage)
    made = record(
        task=task.name,
        paths={"report": str(own), "tensorboard": str(tensorboard)},
        error="e" * 5000,
    )
    return lambda: render_report(made, env, task)


def test_the_largest_report_is_below_five_megabytes(worst: Callable[[], str]) -> None:
    page = worst()
    assert "is not shown" not in page
    assert page.count("<img ") > 20 and "the report is full" in page
    assert 3_000_000 < len(page.encode()) < MOST_BYTES


@pytest.mark.e2e
def test_a_failed_and_a_refused_run_open_in_a_browser(
    env: Environment, visit: Callable[..., Visit]
) -> None:
    for made in (failed(), record(state="refused", refused=("accuracy",), run_id="r2")):
        path = write_report(made, env, NAMES)
        seen = visit(path.as_uri(), width_px=375)
        seen.check_quiet()
        assert seen.overflow_px() == 0 and seen.find_nameless() == []
