from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types.standard_artifacts import Schema

from components import curated_schema
from modules.common.runtime.errors import TaskError

_FILE = Path(__file__).resolve().parents[2] / "schemas" / "name_gender" / "schema.pbtxt"


def test_the_component_writes_the_task_s_schema(tmp_path: Path) -> None:
    artifact = Schema()
    artifact.uri = str(tmp_path)
    context = BaseExecutor.Context(tmp_dir=str(tmp_path), unique_id="1")
    executor = curated_schema.CuratedSchema.EXECUTOR_SPEC.executor_class(context)
    executor.Do({}, {"schema": [artifact]}, {"task_name": "name_gender", "digest": "x"})
    # TFX's own readers look for this name.
    written = (tmp_path / "schema.pbtxt").read_text()
    assert written == _FILE.read_text()
    schema = text_format.Parse(written, schema_pb2.Schema())
    assert {feature.name for feature in schema.feature} == {"name", "gender", "name_chars"}


def test_the_digest_is_of_the_file_s_bytes() -> None:
    digest = hashlib.sha256(_FILE.read_bytes()).hexdigest()
    assert curated_schema.schema_digest("name_gender") == digest[:16]


def test_an_edit_changes_the_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "name_gender").mkdir()
    edited = tmp_path / "name_gender" / "schema.pbtxt"
    edited.write_text(_FILE.read_text() + "# edited\n")
    before = curated_schema.schema_digest("name_gender")
    monkeypatch.setattr(curated_schema.importlib.resources, "files", lambda _: tmp_path)
    assert curated_schema.schema_digest("name_gender") != before


def test_a_task_without_a_schema_is_told_how_to_get_one() -> None:
    with pytest.raises(TaskError) as caught:
        curated_schema.schema_text("no_such_task")
    assert "schemas/no_such_task/schema.pbtxt" in str(caught.value)
    assert "lianxi schema no_such_task" in str(caught.value)
