"""Reads runs from ML Metadata: their records, or else what it knows by itself.

It reads the SQLite tables, as `metadata_pruning` does: ML Metadata's own look-ups are one by one,
and importing it takes a second.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from dataclasses import dataclass, replace
from pathlib import Path

from modules.common.declaring.task import Task
from pipelines import run_record, unrecorded_runs
from pipelines.environment import Environment
from pipelines.metadata_pruning import open_store
from pipelines.run_record import RunRecord


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A run's context, with the record that it holds, if it does."""

    context: int
    run_id: str
    begun_ms: int
    record: RunRecord | None
    number: int


def read_runs(env: Environment, task: Task, limit: int | None = None) -> list[RunRecord]:
    """Reads a task's runs, the newest last; see `run_record.read_records`.

    Args:
        env: Where it was run.
        task: The declaration.
        limit: How many of the newest to read; all where not given.

    Raises:
        LianxiError: If the metadata is damaged.
    """
    path = Path(env.metadata_path(task.name))
    if not path.is_file():
        return []
    with open_store(path) as store:
        rows = _read_rows(store)
        ends_ms = [*(row.begun_ms for row in rows[1:]), None]
        chosen = list(zip(rows, ends_ms, strict=True))[-(limit or len(rows)) :]
        runs = [_read_run(store, env, task, row, end_ms) for row, end_ms in chosen]
    if runs and runs[-1].state == run_record.STOPPED and is_under_way(env, task.name):
        runs[-1] = _as_running(runs[-1])
    return runs


def find_number(path: Path, run_id: str) -> int:
    """Says which run of its task a run is, counted from 1.

    Args:
        path: The metadata store.
        run_id: TFX's id; of a run that ML Metadata does not know yet, too.
    """
    with open_store(path) as store:
        rows = _read_rows(store)
    known = {row.run_id: row.number for row in rows}
    return known.get(run_id) or (rows[-1].number if rows else 0) + 1


def _read_rows(store: sqlite3.Connection) -> list[_Row]:
    """Reads all runs, the newest last, and numbers those that have no number of their own.

    These were before there were records, and are counted back from the first that has a number.
    """
    found = store.execute(_RUNS, (run_record.PROPERTY, run_record.RUN_TYPE)).fetchall()
    records = [_parse(text) for *_, text in found]
    numbers = [record.number if record else 0 for record in records]
    first = next((place for place, number in enumerate(numbers) if number), 0)
    following = max(1, numbers[first] - first) if numbers else 1
    rows = []
    for (context, run_id, begun_ms, _), record, number in zip(found, records, numbers, strict=True):
        number = number or following
        following = number + 1
        if record is not None:
            record = replace(record, number=number)
        rows.append(
            _Row(context=context, run_id=run_id, begun_ms=begun_ms, record=record, number=number)
        )
    return rows


def is_under_way(env: Environment, task_name: str) -> bool:
    """Tells whether a process runs a task's pipeline just now.

    Args:
        env: Where it would run.
        task_name: The task.
    """
    try:
        with Path(env.metadata_path(task_name)).with_suffix(".lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _as_running(run: RunRecord) -> RunRecord:
    components = tuple(
        replace(each, state=run_record.RUNNING) if each.state == run_record.STOPPED else each
        for each in run.components
    )
    return replace(
        run,
        state=run_record.RUNNING,
        components=components,
        seconds=max(0.0, time.time() - run.started_s),
    )


def _read_run(
    store: sqlite3.Connection, env: Environment, task: Task, row: _Row, next_ms: int | None
) -> RunRecord:
    if row.record is not None and row.record.state != run_record.STOPPED:
        return row.record
    nodes = unrecorded_runs.read_nodes(store, row.context, next_ms)
    known = row.record
    if known is None:
        begun = RunRecord(
            task=task.name,
            run_id=row.run_id,
            number=row.number,
            started_s=row.begun_ms / 1000,
        )
        known = unrecorded_runs.add_asked(begun, store, env, task, nodes)
        known = unrecorded_runs.add_end(known, store, task, nodes)
    return unrecorded_runs.add_components(known, nodes)


def _parse(text: str | None) -> RunRecord | None:
    """Reads a record; one that is damaged counts as none."""
    try:
        return run_record.from_json(json.loads(text)) if text else None
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


_RUNS = """
SELECT run.id, run.name, run.create_time_since_epoch, record.string_value
FROM Context AS run JOIN Type ON Type.id = run.type_id
LEFT JOIN ContextProperty AS record
  ON record.context_id = run.id AND record.name = ? AND record.is_custom_property = 1
WHERE Type.name = ? ORDER BY run.id"""
