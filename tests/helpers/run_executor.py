"""Runs an ExampleGen of ours in this process, as TFX does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types.standard_artifacts import Examples

from components.example_gen import told
from modules.common.declaring.settings import DATA, tell
from modules.common.declaring.task import Task
from pipelines.engines.local import BEAM_ARGS

Features = dict[str, Any]


def execute(
    monkeypatch: pytest.MonkeyPatch,
    component_class: Any,
    task: Task,
    data: Path | str,
    output: Path,
    **settings: Any,
) -> Examples:
    """Runs the executor with the properties of a real component, on the task's first source."""
    monkeypatch.setattr(told, "load_task", lambda name: task)
    monkeypatch.setattr("components.example_gen.read_config.load_task", lambda name: task)
    settings_told = tell(task.resolve(settings), DATA)
    component = component_class(task, task.sources[0], str(data), settings_told, "digest")
    examples = Examples()
    examples.uri = str(output)
    executor = component_class.EXECUTOR_SPEC.executor_class(beam_context(output.parent))
    executor.Do({}, {"examples": [examples]}, dict(component.exec_properties))
    return examples


def beam_context(folder: Path) -> BaseBeamExecutor.Context:
    """Gives an executor what TFX does where Beam is in this process, and packs nothing."""
    return BaseBeamExecutor.Context(
        beam_pipeline_args=list(BEAM_ARGS), tmp_dir=str(folder), unique_id="1"
    )


def read_back(output: Path, split: str) -> list[Features]:
    """Gives a split's examples, lists of one unpacked."""
    files = [str(path) for path in output.glob(f"Split-{split}/*.gz")]
    assert files
    found = []
    for serialized in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(serialized).features.feature
        found.append(
            {
                name: getattr(feature, feature.WhichOneof("kind")).value[0]
                for name, feature in features.items()
            }
        )
    return found
