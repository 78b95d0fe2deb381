from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types.standard_artifacts import ExampleAnomalies

from components.anomaly_gate import AnomalyGate, describe_anomalies
from modules.common.runtime.errors import GateError

_GENDER = """
anomaly_info {
  key: "gender"
  value {
    reason {
      type: ENUM_TYPE_UNEXPECTED_STRING_VALUES
      short_description: "Unexpected string values"
      description: "Examples contain values missing from the schema: neutral (<1%)."
    }
    reason { type: FEATURE_TYPE_LOW_FRACTION_PRESENT short_description: "Column dropped" }
  }
}
"""
_AGE = """
anomaly_info {
  key: "age"
  value { reason { type: FLOAT_TYPE_HAS_NAN description: "Float feature has NaN values." } }
}
"""
_DATASET = """
dataset_anomaly_info {
  reason { type: DATASET_LOW_NUM_EXAMPLES description: "The dataset has 3 examples." }
}
"""


@pytest.fixture
def anomalies(tmp_path: Path) -> ExampleAnomalies:
    """An artifact of two splits, both without an anomaly."""
    artifact = ExampleAnomalies()
    artifact.uri = str(tmp_path)
    artifact.split_names = '["train", "eval"]'
    for split in ("train", "eval"):
        write(artifact, split, "")
    return artifact


def write(artifact: ExampleAnomalies, split: str, text: str) -> None:
    proto = text_format.Parse(text, anomalies_pb2.Anomalies())
    folder = Path(artifact.uri) / f"Split-{split}"
    folder.mkdir(exist_ok=True)
    (folder / "SchemaDiff.pb").write_bytes(proto.SerializeToString())


def run_gate(artifact: ExampleAnomalies) -> None:
    context = BaseExecutor.Context(tmp_dir=artifact.uri, unique_id="1")
    executor = AnomalyGate.EXECUTOR_SPEC.executor_class(context)
    executor.Do({"anomalies": [artifact]}, {}, {"task_name": "name_gender"})


def test_every_reason_is_a_line_with_split_feature_and_fix(anomalies: ExampleAnomalies) -> None:
    write(anomalies, "train", _GENDER + _AGE)
    age, unexpected, dropped = describe_anomalies(anomalies)
    assert age.startswith("  train, age: Float feature has NaN values. To do: correct the data")
    assert unexpected == (
        "  train, gender: Examples contain values missing from the schema: neutral (<1%). "
        "To do: correct the values, or add them to the domain."
    )
    assert dropped.startswith("  train, gender: Column dropped To do: fill the missing values")


def test_each_split_is_looked_at(anomalies: ExampleAnomalies) -> None:
    write(anomalies, "train", _AGE)
    write(anomalies, "eval", _AGE)
    assert [line.split(",")[0].strip() for line in describe_anomalies(anomalies)] == [
        "train",
        "eval",
    ]


def test_a_split_without_data_is_an_anomaly(anomalies: ExampleAnomalies) -> None:
    write(anomalies, "eval", "data_missing: true")
    assert describe_anomalies(anomalies) == ["  eval: no examples; give more data"]


def test_an_anomaly_of_the_whole_data_set_is_one_too(anomalies: ExampleAnomalies) -> None:
    write(anomalies, "train", _DATASET)
    [line] = describe_anomalies(anomalies)
    assert line.startswith("  train, all examples: The dataset has 3 examples. To do: ")


def test_the_gate_lets_good_data_through(anomalies: ExampleAnomalies) -> None:
    assert describe_anomalies(anomalies) == []
    run_gate(anomalies)


@pytest.mark.parametrize("text", [_GENDER, _DATASET, "data_missing: true"])
def test_the_gate_stops_the_run(anomalies: ExampleAnomalies, text: str) -> None:
    write(anomalies, "eval", text)
    with pytest.raises(GateError) as caught:
        run_gate(anomalies)
    message = str(caught.value)
    assert "schemas/name_gender/schema.pbtxt" in message
    assert all(line in message for line in describe_anomalies(anomalies))
