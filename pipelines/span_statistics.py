"""Statistics of spans that ML Metadata knows of: what an earlier run has counted is not read again.

So the span before can be compared with after its files have gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.types.standard_artifacts import ExampleStatistics

from components.example_gen.told import read_asked, read_spans
from modules.common.reading.spans import Span

_ENDED_WELL = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_WRITTEN = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)


@dataclass(frozen=True, kw_only=True)
class CountedSpan:
    """A span of which there are statistics.

    Attributes:
        number: The span.
        label: The span in words.
        fingerprint: Of its files when they were read.
        folder: Where these were.
        uri: Folder of the statistics.
        split_names: Their splits, as TFX writes them.
    """

    number: int
    label: str
    fingerprint: str
    folder: str
    uri: str
    split_names: str


def list_counted(path: Path, reading: BaseNode) -> list[CountedSpan]:
    """Lists spans that were read and counted alone, just as a node would read them.

    Args:
        path: The metadata store.
        reading: An ExampleGen; code and settings of its reader must be the same.

    Returns:
        The newest statistics last; those whose files are gone are left out.
    """
    if not path.is_file():
        return []
    wanted = read_asked(reading.exec_properties)
    store = MetadataStore(sqlite_metadata_connection_config(str(path)))
    found = []
    for execution in store.get_executions_by_type(reading.type):
        had = {name: value.string_value for name, value in execution.custom_properties.items()}
        spans = read_spans(had)
        if execution.last_known_state not in _ENDED_WELL or len(spans) != 1:
            continue
        if read_asked(had) != wanted:
            continue
        span = Span(path="", number=spans[0]["number"], version=spans[0]["version"])
        for statistics in _statistics_of(store, execution.id):
            found.append(
                CountedSpan(
                    number=span.number,
                    label=span.label.replace(span.name, spans[0]["name"], 1),
                    fingerprint=had.get("input_fingerprint", ""),
                    folder=had.get("input_base", ""),
                    uri=statistics.uri,
                    split_names=statistics.properties["split_names"].string_value,
                )
            )
    return found


def list_refused(path: Path, gate: Any, data: str) -> set[str]:
    """Lists spans that a gate refused, and has not let through since.

    Args:
        path: The metadata store.
        gate: The component's class; it was told `data` and `newest`.
        data: The path of all spans.

    Returns:
        The spans in words.
    """
    if not path.is_file():
        return set()
    store = MetadataStore(sqlite_metadata_connection_config(str(path)))
    refused: dict[str, bool] = {}
    kind = f"{gate.__module__}.{gate.__name__}"
    for execution in sorted(store.get_executions_by_type(kind), key=lambda each: each.id):
        had = execution.custom_properties
        if had["data"].string_value == data and "newest" in had:
            state = execution.last_known_state
            is_over = state in (*_ENDED_WELL, metadata_store_pb2.Execution.FAILED)
            if is_over:
                refused[had["newest"].string_value] = state not in _ENDED_WELL
    return {label for label, is_refused in refused.items() if is_refused}


def _statistics_of(
    store: MetadataStore, execution_id: int
) -> Iterator[metadata_store_pb2.Artifact]:
    """Gives the statistics of the examples that an execution wrote, where they are still there."""
    for examples in _artifact_ids(store, [execution_id]):
        events = store.get_events_by_artifact_ids([examples])
        readers = [each.execution_id for each in events if each.type not in _WRITTEN]
        for artifact in store.get_artifacts_by_id(_artifact_ids(store, readers)):
            is_statistics = artifact.type == ExampleStatistics.TYPE_NAME
            if is_statistics and os.path.isdir(artifact.uri) and os.listdir(artifact.uri):
                yield artifact


def _artifact_ids(store: MetadataStore, executions: list[int]) -> list[int]:
    events = store.get_events_by_execution_ids(executions) if executions else []
    return [each.artifact_id for each in events if each.type in _WRITTEN]
