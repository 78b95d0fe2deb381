"""What a run says of its components is read from their artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types.standard_artifacts import ExampleAnomalies, Model, ModelRun

from modules.common.declaring.registry import load_task
from pipelines.outcome import Outcome
from pipelines.results import RunResult

_REASON = "reason {{ type: ENUM_TYPE_UNEXPECTED_STRING_VALUES description: '{}' }}"


@pytest.mark.parametrize(
    ("reasons", "said"),
    [([], "no anomalies"), (["x"], "1 anomaly"), (["x", "y"], "2 anomalies")],
)
def test_the_validator_s_line_counts_what_it_found(
    reasons: list[str], said: str, tmp_path: Path
) -> None:
    artifact = ExampleAnomalies()
    artifact.uri = str(tmp_path)
    artifact.split_names = '["train"]'
    (tmp_path / "Split-train").mkdir()
    info = " ".join(_REASON.format(reason) for reason in reasons)
    text = f"anomaly_info {{ key: 'gender' value {{ {info} }} }}" if reasons else ""
    found = text_format.Parse(text, anomalies_pb2.Anomalies())
    (tmp_path / "Split-train" / "SchemaDiff.pb").write_bytes(found.SerializeToString())
    outcome = Outcome(
        name="ExampleValidator",
        state="done",
        seconds=1.0,
        cpu_seconds=1.0,
        outputs={"anomalies": [artifact]},
    )
    assert RunResult(task=load_task("name_gender")).add(outcome) == said


def test_the_trainer_s_line_is_what_its_report_says(tmp_path: Path) -> None:
    model, logs = Model(), ModelRun()
    model.uri, logs.uri = str(tmp_path / "model"), str(tmp_path)
    outputs = {"model": [model], "model_run": [logs]}
    outcome = Outcome(name="Trainer", state="done", seconds=1.0, cpu_seconds=1.0, outputs=outputs)
    result = RunResult(task=load_task("music_rbm"))
    assert result.add(outcome) == "" and "report" not in result.paths
    (tmp_path / "report.png").write_bytes(b"")
    (tmp_path / "said.txt").write_text("in key 0.98 (0.97)", encoding="utf-8")
    assert result.add(outcome) == "in key 0.98 (0.97)"
    assert result.paths["report"] == str(tmp_path / "report.png")
