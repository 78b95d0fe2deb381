"""Reads from ML Metadata what a run's components took and made."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.environment import Environment
from pipelines.metadata_pruning import open_store
from pipelines.run_record import RUN_TYPE

_INPUTS, _OUTPUTS = (2, 3, 5), (1, 4, 6)


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What a run's components took and made.

    Attributes:
        edges: Those from which each component takes something, by its name.
        folders: Where each artifact lies, by component and the artifact's type, such as
            `("StatisticsGen", "ExampleStatistics")`.
        latency_ms: What a request took ServingValidator; `None` where it did not ask.
        earlier_statistics: Statistics of the last run before on other data, or nothing.
        earlier_run_id: That run.
    """

    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: Mapping[tuple[str, str], str] = field(default_factory=dict)
    latency_ms: float | None = None
    earlier_statistics: str = ""
    earlier_run_id: str = ""

    def folder(self, component: str, kind: str) -> str:
        """Gives an artifact's folder, or an empty string where it is not there any more."""
        uri = self.folders.get((component, kind), "")
        return uri if uri and os.path.exists(uri) else ""


def read_lineage(env: Environment, task_name: str, run_id: str) -> Lineage:
    """Reads a run's components.

    Args:
        env: Where it ran.
        task_name: The task.
        run_id: TFX's id of the run; nothing is known of one that has none.

    Raises:
        LianxiError: If the metadata is damaged.
    """
    path = Path(env.metadata_path(task_name))
    if not run_id or not path.is_file():
        return Lineage()
    with open_store(path) as store:
        made: dict[int, str] = {}
        folders: dict[tuple[str, str], str] = {}
        latency_ms = None
        for component, kind, artifact, uri in _events(store, run_id, _OUTPUTS):
            # A resolver hands on what others made.
            made.setdefault(artifact, component)
            folders[component, kind] = uri
            if kind == "InfraBlessing":
                latency_ms = _property(store, artifact, "latency_ms")
        edges: dict[str, tuple[str, ...]] = {}
        for component, _, artifact, _ in _events(store, run_id, _INPUTS):
            if artifact in made:
                edges[component] = (*edges.get(component, ()), made[artifact])
        earlier = _find_earlier(store, run_id)
    return Lineage(
        edges=edges,
        folders=folders,
        latency_ms=latency_ms,
        earlier_statistics=earlier[0],
        earlier_run_id=earlier[1],
    )


def _events(
    store: sqlite3.Connection, run_id: str, kinds: tuple[int, ...]
) -> list[tuple[str, str, int, str]]:
    """Gives component, type, number and folder of what a run's components took or made."""
    rows = store.execute(_EVENTS.format(kinds=", ".join(map(str, kinds))), (run_id, RUN_TYPE))
    return [(name.partition(".")[2], kind, number, uri) for name, kind, number, uri in rows]


def _property(store: sqlite3.Connection, artifact: int, name: str) -> Any:
    row = store.execute(_PROPERTY, (artifact, name)).fetchone()
    return row[0] if row else None


def _find_earlier(store: sqlite3.Connection, run_id: str) -> tuple[str, str]:
    """Finds statistics of the newest run before that are of other data and still there."""
    runs = [name for (name,) in store.execute(_RUNS, (RUN_TYPE,))]
    if run_id not in runs:
        return "", ""
    own = _data_of(store, run_id)
    if own is None:
        return "", ""
    for earlier in reversed(runs[: runs.index(run_id)]):
        found = _data_of(store, earlier)
        if found is not None and found[1:] != own[1:] and os.path.exists(found[0]):
            return found[0], earlier
    return "", ""


def _data_of(store: sqlite3.Connection, run_id: str) -> tuple[str, str, str] | None:
    """Gives a run's statistics, with what tells data from other data."""
    made = {
        (component, kind): (artifact, uri)
        for component, kind, artifact, uri in _events(store, run_id, _OUTPUTS)
    }
    examples = made.get(("ExampleGen", "Examples"))
    statistics = made.get(("StatisticsGen", "ExampleStatistics"))
    if examples is None or statistics is None:
        return None
    contents = str(_property(store, examples[0], "contents") or "")
    fingerprint = str(_property(store, examples[0], "input_fingerprint") or "")
    # What is drawn has no files; what was written of it tells.
    return statistics[1], fingerprint, "" if fingerprint else _sizes(contents)


def _sizes(contents: str) -> str:
    try:
        return json.dumps(sorted(json.loads(contents).items()))
    except (ValueError, AttributeError):
        return contents


_EVENTS = """
SELECT node.name, kind.name, Artifact.id, Artifact.uri
FROM Context AS run
JOIN Type AS run_type ON run_type.id = run.type_id
JOIN Association AS of_run ON of_run.context_id = run.id
JOIN Association AS of_node ON of_node.execution_id = of_run.execution_id
JOIN Context AS node ON node.id = of_node.context_id
JOIN Type AS node_type ON node_type.id = node.type_id AND node_type.name = 'node'
JOIN Event ON Event.execution_id = of_run.execution_id
JOIN Artifact ON Artifact.id = Event.artifact_id
JOIN Type AS kind ON kind.id = Artifact.type_id
WHERE run.name = ? AND run_type.name = ? AND Event.type IN ({kinds})
ORDER BY Event.id"""
_PROPERTY = """
SELECT COALESCE(string_value, double_value, int_value) FROM ArtifactProperty
WHERE artifact_id = ? AND name = ?"""
_RUNS = """
SELECT run.name FROM Context AS run JOIN Type ON Type.id = run.type_id
WHERE Type.name = ? ORDER BY run.id"""
