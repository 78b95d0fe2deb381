"""By which raw features every task is asked about held-out examples."""

from __future__ import annotations

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema import schema_text
from modules.common.declaring.task import Task


def raw_features(task: Task) -> set[str]:
    schema = text_format.Parse(schema_text(task.name), schema_pb2.Schema())
    return {feature.name for feature in schema.feature}


def test_what_is_served_names_raw_features_that_there_are(task: Task) -> None:
    fields = (*task.serving.inputs, *task.serving.outputs)
    named = {field.raw for field in fields if field.raw}
    assert named <= raw_features(task)


def test_a_held_out_example_gives_every_input_that_a_request_needs(task: Task) -> None:
    without = [
        field.name for field in task.serving.inputs if field.default is None and not field.raw
    ]
    assert not without, f"{task.name}: say by `raw` what these inputs are made of: {without}"


def test_an_answer_is_held_against_the_truth_where_there_is_one(task: Task) -> None:
    """A class that the model tells apart is known of every held-out example."""
    truths = {field.raw for field in task.serving.outputs}
    is_answered = any(field.kind in ("label", "labels") for field in task.serving.outputs)
    missing = set(task.classes) - truths if is_answered else set()
    assert not missing, f"{task.name}: say by `raw` which output should be {missing}"
