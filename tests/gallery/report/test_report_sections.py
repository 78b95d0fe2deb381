"""Metrics, learning curve and DAG of a report, from small artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gallery.report import asked, course, learning, measures, usage
from gallery.report.lineage import Lineage
from modules.common.declaring.registry import load_task, task_names
from modules.common.evaluating import slices as slices_module
from pipelines.environment import environment
from pipelines.run_record import ComponentRecord, RunRecord

NAMES = load_task("name_gender")


def record(**values: Any) -> RunRecord:
    return RunRecord(task="name_gender", run_id="2026-11-30T01:02:03.4", **values)


def figure(value: float | None, **values: Any) -> dict[str, Any]:
    return {"value": value, "baselines": {}, "gate": None, "passed": None, **values}


def test_a_metric_stands_beside_its_baseline_with_its_error() -> None:
    accuracy = figure(
        0.9, baselines={"bigram_logistic": 0.8}, gate="> it", passed=False, standard_error=0.01
    )
    section = measures.make_section(
        NAMES, record(metrics={"accuracy": accuracy, "auc": figure(None)})
    )
    assert section is not None
    first, second = section.metrics
    assert "90.00% ± 1.00%" in first.drawing and "80.00%" in first.drawing
    assert first.passed is False and first.gate == "> it"
    assert "none" in second.drawing
    assert section.table.rows[0] == (
        "accuracy", "90.00%", "1.00%", "bigram_logistic 80.00%", "> it", "not passed",
    )  # fmt: skip
    assert section.slices is None


def test_a_floor_is_drawn_where_there_is_one() -> None:
    task = load_task("captcha_ocr")
    made = RunRecord(task=task.name, run_id="1", metrics={"text_accuracy": figure(0.9)})
    section = measures.make_section(task, made)
    assert section is not None and "gate: at least 95.00%" in section.metrics[0].drawing


def test_slices_are_in_order_and_those_without_a_value_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = {
        "overall": {"accuracy": 0.9, "example_count": 30.0},
        **{
            f"name_chars={chars}": {"accuracy": chars / 20, "example_count": 10.0}
            for chars in (10, 2, 3)
        },
        "name_chars=4": {"accuracy": float("nan")},
    }
    monkeypatch.setattr(slices_module, "slice_values", lambda folder: slices)
    made = record(metrics={"accuracy": figure(0.9)}, paths={"evaluation": str(tmp_path)})
    section = measures.make_section(NAMES, made)
    assert section is not None and section.slices is not None
    [(words, drawing)] = section.metrics[0].slices
    assert words == "accuracy by name chars"
    places = [
        drawing.index(f">{words}<") for words in ("10.00% of 10", "15.00% of 10", "50.00% of 10")
    ]
    assert places == sorted(places) and ">none<" not in drawing
    assert [row[0] for row in section.slices.rows][:2] == ["overall", "name_chars = 2"]


def test_nothing_measured_is_no_section() -> None:
    assert measures.make_section(NAMES, record()) is None


def test_a_curve_has_a_chart_for_each_figure(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text(
        "epoch,step,minutes,accuracy,loss,val_loss,learning_rate\n1,10,0.1,0.5,2,2.5,1e-3\n"
        "2,20,0.2,0.75,1,,1e-3\n"
    )
    section = learning.make_section(str(tmp_path))
    assert section is not None
    assert [name for name, _ in section.drawings] == ["loss", "accuracy", "learning rate"]
    assert "held out" in section.drawings[0][1] and "held out" not in section.drawings[1][1]
    assert section.said == "2 epochs, 20 steps, 0.2 minutes."
    assert len(section.table.rows) == 2 and section.table.rows[1][5] == "none"


def test_a_long_curve_is_a_table_of_bounded_length(tmp_path: Path) -> None:
    rows = "".join(f"{epoch},{epoch},1,1\n" for epoch in range(1, 3001))
    (tmp_path / "curve.csv").write_text(f"epoch,step,minutes,loss\n{rows}")
    section = learning.make_section(str(tmp_path))
    assert section is not None and len(section.table.rows) <= 400


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_no_curve_is_no_section(folder: str) -> None:
    assert learning.make_section(folder) is None


def test_components_that_were_not_reached_are_drawn_so() -> None:
    components = (
        ComponentRecord(name="ExampleGen", state="cached", seconds=0.1),
        ComponentRecord(name="Trainer", state="failed", seconds=125.0, said="loss 1"),
    )
    graph = {"ExampleGen": [], "Trainer": ["ExampleGen"], "Pusher": ["Trainer", "resolver"]}
    section = course.make_section(record(components=components), Lineage(), graph)
    assert section is not None
    assert "Pusher: not reached" in section.drawing and "failed 2 min 5 s" in section.drawing
    assert section.table.rows[1] == ("Trainer", "failed", "125.0", "0.0", "loss 1")
    assert course.make_section(record(), Lineage(), graph) is None


def test_settings_that_differ_stand_beside_their_defaults() -> None:
    settings = {"epochs": 1, "dropout": 0.5}
    made = record(settings=settings, changed={"epochs": 1}, command=("lianxi", "run", "a b"))
    section = asked.make_section(NAMES, made, is_smoke=True)
    assert section.changed is not None
    [row] = section.changed.rows
    # A smoke run's default is its own.
    assert row[:3] == ("epochs", "1", "6") and row[3]
    assert section.command == "lianxi run 'a b'"
    assert len(section.settings.rows) == 2
    assert asked.make_section(NAMES, record(), is_smoke=False).changed is None


@pytest.mark.parametrize("name", task_names())
def test_every_task_is_asked_by_a_command_and_from_python(name: str, tmp_path: Path) -> None:
    task = load_task(name)
    (tmp_path / "weights").write_bytes(bytes(2_500_000))
    env = environment("smoke", str(tmp_path))
    section = usage.make_section(task, env, 12.0, str(tmp_path))
    lines = [line for line, _ in section.commands]
    assert all(line.endswith(env.options) for line in lines)
    assert any(line.startswith(f"lianxi predict {name}") for line in lines)
    assert section.size_mb == pytest.approx(2.5)
    compile(section.client.replace(", …", ""), "client", "exec")
