"""What ML Metadata itself knows of a run, for those without a record, or with an unfinished one.

These are runs of `tfx run create`, those that were made before there were records, and those that
were killed.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines import run_record
from pipelines.environment import Environment
from pipelines.run_record import ComponentRecord, RunRecord

# Of ml_metadata.proto.metadata_store_pb2, which takes a second to import.
_STATES = {3: "done", 4: "failed", 5: "cached"}
_ENDED_WELL = ("done", "cached")
_MS = 1000.0


@dataclass(frozen=True, kw_only=True)
class Node:
    """A component's execution in a run, as ML Metadata has it.

    Attributes:
        execution_id: Its number.
        name: The component.
        state: `done`, `cached`, `failed` or `stopped`.
        begun_ms: When it began, in ms since 1970.
        changed_ms: When its state last changed, in ms since 1970.
    """

    execution_id: int
    name: str
    state: str
    begun_ms: int
    changed_ms: int


def _state(state: int, changed_ms: int, next_ms: int | None) -> str:
    """Says how an execution ended; a killed one is called failed by the run that comes after."""
    said = _STATES.get(state, run_record.STOPPED)
    is_called_later = next_ms is not None and changed_ms >= next_ms
    return run_record.STOPPED if said == "failed" and is_called_later else said


def read_nodes(store: sqlite3.Connection, context: int, next_ms: int | None) -> list[Node]:
    """Reads the components' executions in a run, in the order in which they began.

    Args:
        store: The metadata.
        context: Number of the run's context.
        next_ms: When the next run began, which calls failed what was killed before it; `None`
            for the last.
    """
    return [
        Node(
            execution_id=execution,
            name=name.partition(".")[2],
            state=_state(state, changed_ms, next_ms),
            begun_ms=begun_ms,
            changed_ms=changed_ms,
        )
        for execution, name, state, begun_ms, changed_ms in store.execute(_NODES, (context,))
    ]


def add_components(run: RunRecord, nodes: Sequence[Node]) -> RunRecord:
    """Adds states and seconds of the components, where the record does not have them, and of all.

    Args:
        run: What is known of the run.
        nodes: Its components.
    """
    noted = {each.name: each for each in run.components}
    components = tuple(
        noted.get(each.name)
        or ComponentRecord(
            name=each.name,
            state=each.state,
            seconds=0.0
            if each.state == run_record.STOPPED
            else (each.changed_ms - each.begun_ms) / _MS,
        )
        for each in nodes
    )
    ends_ms = (each.changed_ms for each in nodes if each.state != run_record.STOPPED)
    seconds = max(0.0, max(ends_ms, default=0) / _MS - run.started_s)
    return replace(run, components=components, seconds=seconds)


def add_asked(
    run: RunRecord,
    store: sqlite3.Connection,
    env: Environment,
    task: Task,
    nodes: Sequence[Node],
) -> RunRecord:
    """Adds what the run was asked for.

    Args:
        run: What is known of it.
        store: The metadata.
        env: Where it was run.
        task: The declaration.
        nodes: Its components.
    """
    asked = {
        (node.name, name): value
        for node in nodes
        for name, value in store.execute(_PROPERTIES, (node.execution_id,))
    }
    settings = _settings(asked.get(("Trainer", "custom_config")))
    return replace(
        run,
        settings=settings,
        changed=run_record.find_changed(task, settings, env.smoke),
        data=str(asked.get(("ExampleGen", "input_base"), "")),
        data_digest=str(asked.get(("ExampleGen", "input_fingerprint"), "")),
        schema_digest=str(asked.get(("CuratedSchema", "digest"), "")),
    )


def _settings(text: object) -> dict[str, Any]:
    try:
        return dict(json.loads(str(text))["settings"])
    except (ValueError, TypeError, KeyError):
        return {}


def add_end(
    run: RunRecord, store: sqlite3.Connection, task: Task, nodes: Sequence[Node]
) -> RunRecord:
    """Adds what came of the run.

    Args:
        run: What is known of it.
        store: The metadata.
        task: The declaration.
        nodes: Its components.
    """
    made: dict[tuple[str, str], Any] = {}
    paths: dict[str, str] = {}
    for node in nodes:
        for kind, uri, name, value in store.execute(_OUTPUTS, (node.execution_id,)):
            if kind == "Examples" and node.name != "ExampleGen":
                continue
            made[kind, name] = value
            if kind in _PATHS:
                paths[_PATHS[kind]] = uri
    metrics = _read_metrics(task, paths.get("evaluation", ""))
    return replace(
        run,
        state=_end_of(nodes, bool(made.get(("PushedModel", "pushed")))),
        version=str(made.get(("PushedModel", "pushed_version"), "")),
        metrics=metrics,
        refused=tuple(name for name, each in metrics.items() if each["passed"] is False),
        counts={
            name: made.get(("Examples", name)) for name in ("examples", "quarantined", "set_aside")
        },
        paths=paths,
    )


def _end_of(nodes: Sequence[Node], is_pushed: bool) -> str:
    if is_pushed:
        return run_record.PUSHED
    if any(each.state == "failed" for each in nodes):
        return run_record.FAILED
    is_whole = any(each.name == "Pusher" and each.state in _ENDED_WELL for each in nodes)
    return run_record.REFUSED if is_whole else run_record.STOPPED


def _read_metrics(task: Task, folder: str) -> dict[str, Any]:
    """Reads what Evaluator measured, where it is still there; it imports TFMA."""
    if not folder or not Path(folder).is_dir():
        return {}
    from pipelines.results import read_metrics

    # TFMA reads its files by what TensorFlow calls outdated, to the person who lists runs.
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        return read_metrics(task, folder)
    except (OSError, LianxiError, ValueError, KeyError, StopIteration):
        # What was written before a metric was declared does not have it.
        return {}
    finally:
        log.setLevel(level)


_PATHS = {"ModelEvaluation": "evaluation", "Model": "model", "ModelRun": "tensorboard"}
_PATHS |= {"Examples": "examples"}
_NODES = """
SELECT Execution.id, node.name, Execution.last_known_state,
  Execution.create_time_since_epoch, Execution.last_update_time_since_epoch
FROM Association AS of_run
JOIN Execution ON Execution.id = of_run.execution_id
JOIN Type AS made_by ON made_by.id = Execution.type_id
JOIN Association AS of_node ON of_node.execution_id = Execution.id
JOIN Context AS node ON node.id = of_node.context_id
JOIN Type ON Type.id = node.type_id AND Type.name = 'node'
WHERE of_run.context_id = ? AND made_by.name NOT LIKE '%.Resolver'
ORDER BY Execution.id"""
_PROPERTIES = """
SELECT name, COALESCE(string_value, int_value) FROM ExecutionProperty WHERE execution_id = ?"""
_OUTPUTS = """
SELECT Type.name, Artifact.uri, held.name, COALESCE(held.string_value, held.int_value)
FROM Event JOIN Artifact ON Artifact.id = Event.artifact_id
JOIN Type ON Type.id = Artifact.type_id
LEFT JOIN ArtifactProperty AS held ON held.artifact_id = Artifact.id
WHERE Event.execution_id = ? AND Event.type IN (1, 4, 6)"""
