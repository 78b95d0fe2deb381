"""The step RunReport where there is nothing to report on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kubeflow.step import run_report
from kubeflow.step.staging import ROOT_VARIABLE
from modules.common.declaring.registry import load_task


def test_what_cannot_be_read_is_said_on_the_page_and_fails_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def artifact(uri: str) -> dict[str, object]:
        return {"artifacts": [{"uri": f"minio://bucket/{uri}", "metadata": {}}]}

    names = (
        "examples", "statistics", "anomalies", "model", "model_run", "evaluation", "blessing",
        "infra_blessing",
    )  # fmt: skip
    given = {
        "inputs": {
            "artifacts": {name: artifact(f"in/{name}") for name in names},
            "parameterValues": {"custom_config": json.dumps({"settings": {"epochs": 3}})},
        },
        "outputs": {"artifacts": {"report": artifact("out/report")}},
    }
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["run_report", "name_gender", json.dumps(given)])
    run_report.main()
    page = (tmp_path / "minio/bucket/out/report").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "The report was not made" in page
    assert 'report: {"step": "RunReport"' in capsys.readouterr().out


def test_a_smoke_run_is_told_by_its_settings() -> None:
    task = load_task("name_gender")
    smoke = {each.name: each.smoke for each in task.declared if each.smoke is not None}
    assert run_report._is_smoke(task, smoke)
    assert not run_report._is_smoke(task, smoke | {"epochs": -1})
