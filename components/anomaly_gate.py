"""Stops a run whose data has anomalies, has moved too far, or has nothing to learn.

TFX's ExampleValidator and DistributionValidator only report what they find; training would go on
with data that does not follow the schema.
"""

import os

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics

from components.class_counts import class_problems, split_problem
from components.drift import describe_drift, describe_skew, measure_skew, read_drift
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError, GateError

_FILE = "SchemaDiff.pb"

_FIXES = {
    "SCHEMA_MISSING_COLUMN": "give the data this column, or take the feature out of the schema",
    "SCHEMA_NEW_COLUMN": "add the feature to the schema, or drop the column",
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": "correct the values, or add them to the domain",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": "fill the missing values, or lower min_fraction",
    "DATASET_HIGH_NUM_EXAMPLES": "check whether the data was doubled",
}
_FIX = "correct the data, or the schema if the data is right (lianxi schema shows the difference)"


@component
def AnomalyGate(
    anomalies: InputArtifact[ExampleAnomalies],
    task_name: Parameter[str],
    statistics: InputArtifact[ExampleStatistics] = None,
    drift: InputArtifact[ExampleAnomalies] = None,
    data: Parameter[str] = "",
    newest: Parameter[str] = "",
    before: Parameter[str] = "",
    accept_drift: Parameter[int] = 0,
) -> None:
    """Fails where any split has an anomaly, or does not hold what there is to learn.

    Fails too where the newest span is too far from the one before, or the evaluation split from the
    training split.

    Args:
        anomalies: What ExampleValidator found.
        task_name: Names the schema in the message, and the classes.
        statistics: What StatisticsGen counted.
        drift: What DistributionValidator found between two spans, where there are two.
        data: The path of all spans, where there are any; by it and by `newest` is known later which
            spans were let through.
        newest: The newest span, in words.
        before: The span before it, in words.
        accept_drift: Not 0 where a person has said that such distances are right.

    Raises:
        GateError: With each split, feature, anomaly and what to do.
        DataError: If a split is empty, or there are not two classes in both.
    """
    del data
    problem = split_problem(statistics) if statistics is not None else ""
    if problem:
        raise DataError(problem)
    found = list(describe_anomalies(anomalies))
    if found:
        raise GateError(
            "the data does not follow "
            f"schemas/{task_name}/schema.pbtxt, so nothing was trained:\n" + "\n".join(found)
        )
    distant = describe_drift(read_drift(drift), newest, before) if drift is not None else []
    if statistics is not None:
        distant += describe_skew(measure_skew(task_name, statistics))
    if distant and not accept_drift:
        raise GateError(_word_distant(distant, task_name))
    problems = class_problems(load_task(task_name), statistics) if statistics is not None else []
    if problems:
        raise DataError("nothing was trained: " + "\n".join(problems))


def _word_distant(distant: list[str], task_name: str) -> str:
    lines = "\n".join(distant)
    return (
        f"the data has changed, so nothing was trained:\n{lines}\n"
        "  To do: look whether the data is right. If it is not, correct it and run again. If it is "
        "and stays so, give the same command with --accept-drift: the next span is then held "
        f"against this one. What is allowed stands in schemas/{task_name}/schema.pbtxt."
    )


def describe_anomalies(anomalies: ExampleAnomalies) -> list[str]:
    """Says each anomaly in a line: split, feature, what is wrong, what to do.

    Args:
        anomalies: An artifact of ExampleValidator.
    """
    lines = []
    for split in artifact_utils.decode_split_names(anomalies.split_names):
        found = anomalies_pb2.Anomalies()
        path = os.path.join(anomalies.uri, f"Split-{split}", _FILE)
        with fileio.open(path, "rb") as file:
            found.ParseFromString(file.read())
        if found.data_missing:
            lines.append(f"  {split}: no examples; give more data")
        for feature, info in sorted(found.anomaly_info.items()):
            lines += _describe(f"{split}, {feature}", info)
        lines += _describe(f"{split}, all examples", found.dataset_anomaly_info)
    return lines


def _describe(where: str, info: anomalies_pb2.AnomalyInfo) -> list[str]:
    lines = []
    for reason in info.reason:
        kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
        lines.append(
            f"  {where}: {reason.description or reason.short_description} "
            f"To do: {_FIXES.get(kind, _FIX)}."
        )
    return lines
