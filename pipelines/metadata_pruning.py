"""What of a pipeline's metadata belongs to its newest runs, and the removing of the rest.

ML Metadata can add and look up but not remove, so this reads and writes its SQLite tables. TFX's
look-ups take time in the square of the runs that a store holds: a store that is pruned stays quick.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modules.common.runtime.errors import LianxiError

SCHEMA_VERSION = 10
"""The version of ML Metadata's tables that both stacks write."""

# Of ml_metadata.proto.metadata_store_pb2, which takes a second to import.
_COMPLETE, _CACHED = 3, 5
_OUTPUT_EVENTS = (1, 4, 6)
_RUN_TYPE, _CACHE_TYPE = "pipeline_run", "execution_cache"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What of a store belongs to its newest runs.

    Attributes:
        runs: How many runs the store holds.
        run_ids: Contexts of the runs that are kept.
        run_names: TFX's ids of these runs.
        execution_ids: Executions of those runs, and those that made the artifacts.
        artifact_ids: Artifacts that those runs read or made, and the newest blessed model.
        folders: Where these artifacts lie.
        known_folders: Where all finished artifacts of the store lie.
        data_folders: Raw data that those runs read.
    """

    runs: int = 0
    run_ids: frozenset[int] = frozenset()
    run_names: frozenset[str] = frozenset()
    execution_ids: frozenset[int] = frozenset()
    artifact_ids: frozenset[int] = frozenset()
    folders: frozenset[str] = frozenset()
    known_folders: frozenset[str] = frozenset()
    data_folders: frozenset[str] = frozenset()


def find_kept(path: Path, runs: int, last_node: str, folders: Iterable[str] = ()) -> Kept:
    """Finds what the newest runs of a pipeline need: to be looked at, cached and compared with.

    A run counts where its last node ended well. Runs newer than the newest of those are kept too,
    since what they finished is what the next run goes on with.

    Args:
        path: The store, SQLite; an absent one holds nothing.
        runs: How many runs are to be kept.
        last_node: Id of the node that a whole run ends with.
        folders: Folders of artifacts that are kept whatever run they are of.

    Raises:
        LianxiError: If the store is damaged, or of another version.
    """
    if not path.is_file():
        return Kept()
    with open_store(path) as store:
        run_ids = _select(store, _RUNS, _RUN_TYPE)
        ended = (_COMPLETE, _CACHED)
        whole = set(_select(store, _RUNS_WITH_NODE, _RUN_TYPE, f"%.{last_node}", *ended))
        counted = [run for run in run_ids if run in whole][:runs]
        kept_runs = {run for run in run_ids if not counted or run in counted or run > counted[0]}
        executions = _select_for(store, _EXECUTIONS_OF_RUN, kept_runs)
        finished = set(_select(store, _FINISHED, *ended))
        artifacts = _select_for(store, _ARTIFACTS_OF_EXECUTION, executions & finished)
        artifacts |= _newest_blessed(store)
        artifacts |= _select_for(store, _ARTIFACTS_IN_FOLDER, folders)
        executions |= _select_for(store, _MAKERS_OF_ARTIFACT, artifacts) & finished
        return Kept(
            runs=len(run_ids),
            run_ids=frozenset(kept_runs),
            run_names=frozenset(_select_for(store, _NAME_OF_RUN, kept_runs)),
            execution_ids=frozenset(executions),
            artifact_ids=frozenset(artifacts),
            folders=frozenset(_select_for(store, _FOLDER_OF_ARTIFACT, artifacts)),
            known_folders=frozenset(_select_for(store, _FOLDERS_OF_EXECUTION, finished)),
            data_folders=frozenset(_select_for(store, _DATA_OF_EXECUTION, executions)),
        )


def prune(path: Path, kept: Kept) -> None:
    """Removes from a store all runs, executions and artifacts but the kept ones.

    Names of pipelines and nodes, and all types, stay; ids are not given out again.

    Args:
        path: The store, SQLite.
        kept: What `find_kept` found in it.

    Raises:
        LianxiError: If the store is damaged, or of another version; it is then as it was.
    """
    with open_store(path) as store:
        with store:
            for table, ids in (
                ("kept_execution", kept.execution_ids),
                ("kept_artifact", kept.artifact_ids),
                ("kept_run", kept.run_ids),
            ):
                store.execute(f"CREATE TEMP TABLE {table} (id INTEGER PRIMARY KEY)")
                store.executemany(f"INSERT INTO {table} VALUES (?)", ((each,) for each in ids))
            for statement in _REMOVALS:
                store.execute(statement)
        store.execute("VACUUM")


@contextmanager
def open_store(path: Path) -> Iterator[sqlite3.Connection]:
    """Opens the tables of a metadata store.

    Args:
        path: The store, SQLite.

    Raises:
        LianxiError: If the store is damaged, or of another version.
    """
    try:
        with closing(sqlite3.connect(path)) as store:
            [(version,)] = store.execute("SELECT schema_version FROM MLMDEnv")
            if version != SCHEMA_VERSION:
                raise LianxiError(
                    f"expected version {SCHEMA_VERSION} of ML Metadata's tables in {path}, found "
                    f"{version}; it was written by a release that Lianxi does not know"
                )
            yield store
    except (sqlite3.DatabaseError, ValueError) as error:
        raise LianxiError(
            f"expected ML Metadata's tables in {path}, found: {error}. If no other program has the "
            "file open, remove it: the next run begins anew, and pushed models stay"
        ) from error


def _select(store: sqlite3.Connection, query: str, *values: object) -> list[Any]:
    """Gives the one column of a query."""
    return [found for (found,) in store.execute(query, values)]


def _select_for(store: sqlite3.Connection, query: str, each_of: Iterable[object]) -> set[Any]:
    """Gives what a query finds for each of several values; SQLite takes only so many at once."""
    return {found for value in each_of for found in _select(store, query, value)}


def _newest_blessed(store: sqlite3.Connection) -> set[int]:
    """Gives the newest blessing that Evaluator gave, and its model: the next one's baseline."""
    newest = store.execute(_NEWEST_BLESSED).fetchone()
    return set() if newest is None else {each for each in newest if each is not None}


_RUNS = """
SELECT Context.id FROM Context JOIN Type ON Type.id = Context.type_id
WHERE Type.name = ? ORDER BY Context.id DESC"""
_RUNS_WITH_NODE = """
SELECT DISTINCT run.id FROM Context AS run
JOIN Type ON Type.id = run.type_id AND Type.name = ?
JOIN Association AS of_run ON of_run.context_id = run.id
JOIN Association AS of_node ON of_node.execution_id = of_run.execution_id
JOIN Context AS node ON node.id = of_node.context_id AND node.name LIKE ?
JOIN Execution ON Execution.id = of_run.execution_id
WHERE Execution.last_known_state IN (?, ?)"""
_EXECUTIONS_OF_RUN = "SELECT execution_id FROM Association WHERE context_id = ?"
_FINISHED = "SELECT id FROM Execution WHERE last_known_state IN (?, ?)"
_ARTIFACTS_OF_EXECUTION = "SELECT artifact_id FROM Event WHERE execution_id = ?"
_ARTIFACTS_IN_FOLDER = "SELECT id FROM Artifact WHERE uri = ?"
_MAKERS_OF_ARTIFACT = f"""
SELECT execution_id FROM Event WHERE artifact_id = ? AND type IN {_OUTPUT_EVENTS}"""
_NAME_OF_RUN = "SELECT name FROM Context WHERE id = ?"
_FOLDER_OF_ARTIFACT = "SELECT uri FROM Artifact WHERE id = ?"
_FOLDERS_OF_EXECUTION = f"""
SELECT Artifact.uri FROM Event JOIN Artifact ON Artifact.id = Event.artifact_id
WHERE Event.execution_id = ? AND Event.type IN {_OUTPUT_EVENTS}"""
_DATA_OF_EXECUTION = """
SELECT string_value FROM ExecutionProperty WHERE execution_id = ? AND name = 'input_base'"""
_NEWEST_BLESSED = """
SELECT blessed.artifact_id, model.int_value FROM ArtifactProperty AS blessed
JOIN ArtifactProperty AS model
  ON model.artifact_id = blessed.artifact_id AND model.name = 'current_model_id'
WHERE blessed.name = 'blessed' AND blessed.int_value = 1
ORDER BY blessed.artifact_id DESC LIMIT 1"""
_GONE_EXECUTION = "NOT IN (SELECT id FROM kept_execution)"
_GONE_ARTIFACT = "NOT IN (SELECT id FROM kept_artifact)"
_GONE_CONTEXT = "NOT IN (SELECT id FROM Context)"
_REMOVALS = (
    f"""DELETE FROM EventPath WHERE event_id IN (
    SELECT id FROM Event WHERE execution_id {_GONE_EXECUTION} OR artifact_id {_GONE_ARTIFACT})""",
    f"DELETE FROM Event WHERE execution_id {_GONE_EXECUTION} OR artifact_id {_GONE_ARTIFACT}",
    f"DELETE FROM Association WHERE execution_id {_GONE_EXECUTION}",
    f"DELETE FROM Attribution WHERE artifact_id {_GONE_ARTIFACT}",
    f"DELETE FROM ExecutionProperty WHERE execution_id {_GONE_EXECUTION}",
    f"DELETE FROM ArtifactProperty WHERE artifact_id {_GONE_ARTIFACT}",
    f"DELETE FROM Execution WHERE id {_GONE_EXECUTION}",
    f"DELETE FROM Artifact WHERE id {_GONE_ARTIFACT}",
    f"""DELETE FROM Context WHERE id NOT IN (SELECT id FROM kept_run)
    AND type_id IN (SELECT id FROM Type WHERE name = '{_RUN_TYPE}')""",
    f"""DELETE FROM Context WHERE id NOT IN (SELECT context_id FROM Association)
    AND type_id IN (SELECT id FROM Type WHERE name = '{_CACHE_TYPE}')""",
    # Artifacts that a kept run was given may have been made in one that goes.
    f"DELETE FROM Association WHERE context_id {_GONE_CONTEXT}",
    f"DELETE FROM Attribution WHERE context_id {_GONE_CONTEXT}",
    f"DELETE FROM ContextProperty WHERE context_id {_GONE_CONTEXT}",
    f"""DELETE FROM ParentContext
    WHERE context_id {_GONE_CONTEXT} OR parent_context_id {_GONE_CONTEXT}""",
)
