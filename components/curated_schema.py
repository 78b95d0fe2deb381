"""Brings a task's curated schema into a run.

TFX's ImportSchemaGen remembers a schema by its path alone: an edited file would stay cached, and
the path of one machine would travel to another. Here the schema comes with the installed package,
and its digest is part of the execution.
"""

import hashlib
import importlib.resources
import os

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import Schema

from modules.common.runtime.errors import TaskError

FILE = "schema.pbtxt"


@component
def CuratedSchema(
    schema: OutputArtifact[Schema],
    task_name: Parameter[str],
    digest: Parameter[str],
) -> None:
    """Writes the task's schema as an artifact.

    Args:
        schema: The artifact.
        task_name: The task.
        digest: `schema_digest(task_name)`, so that an edit means a new execution.
    """
    del digest
    with fileio.open(os.path.join(schema.uri, FILE), "w") as file:
        file.write(schema_text(task_name))


def schema_text(task_name: str) -> str:
    """Reads `schemas/<task>/schema.pbtxt`.

    Raises:
        TaskError: If the task has no schema.
    """
    path = importlib.resources.files("schemas") / task_name / FILE
    if not path.is_file():
        raise TaskError(
            f"{task_name} has no schemas/{task_name}/{FILE}; "
            f"`lianxi schema {task_name} --data …` infers one from data"
        )
    return path.read_text(encoding="utf-8")


def schema_digest(task_name: str) -> str:
    """Digests the task's schema: 16 hexadecimal digits."""
    return hashlib.sha256(schema_text(task_name).encode()).hexdigest()[:16]
