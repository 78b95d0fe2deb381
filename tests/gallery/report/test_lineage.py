"""What a run's components took and made, read from a store that ML Metadata itself wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as proto
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from gallery.report.lineage import Lineage, read_lineage
from pipelines.environment import Environment, environment

NAME = "name_gender"


class Runs:
    """Writes runs as TFX does: a context each for the run and the node, and events."""

    def __init__(self, env: Environment) -> None:
        path = Path(env.metadata_path(NAME))
        path.parent.mkdir(parents=True, exist_ok=True)
        self.root = Path(env.root)
        self.store = MetadataStore(sqlite_metadata_connection_config(str(path)))

    def context(self, kind: str, name: str) -> int:
        type_id = self.store.put_context_type(proto.ContextType(name=kind))
        found = self.store.get_context_by_type_and_name(kind, name)
        if found is not None:
            return int(found.id)
        [made] = self.store.put_contexts([proto.Context(type_id=type_id, name=name)])
        return int(made)

    def artifact(self, kind: str, name: str, **properties: Any) -> int:
        type_id = self.store.put_artifact_type(proto.ArtifactType(name=kind))
        artifact = proto.Artifact(type_id=type_id, uri=str(self.root / name))
        Path(artifact.uri).mkdir(parents=True, exist_ok=True)
        for key, value in properties.items():
            held = artifact.custom_properties[key]
            if isinstance(value, float):
                held.double_value = value
            else:
                held.string_value = value
        [made] = self.store.put_artifacts([artifact])
        return int(made)

    def execute(
        self, run: str, node: str, takes: list[int], makes: list[int], kind: int = 4
    ) -> None:
        type_id = self.store.put_execution_type(proto.ExecutionType(name=f"type of {node}"))
        events = [proto.Event(artifact_id=each, type=3) for each in takes]  # type: ignore[arg-type]
        events += [proto.Event(artifact_id=each, type=kind) for each in makes]  # type: ignore[arg-type]
        contexts = [
            self.store.get_context_by_type_and_name(*each)
            for each in (("pipeline_run", run), ("node", f"{NAME}.{node}"))
            if self.context(*each)
        ]
        execution = proto.Execution(type_id=type_id, last_known_state=proto.Execution.COMPLETE)
        self.store.put_execution(execution, [(None, each) for each in events], contexts)


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A new root."""
    return environment("local", str(tmp_path))


@pytest.fixture
def runs(env: Environment) -> Runs:
    """An empty store."""
    return Runs(env)


def add_data(runs: Runs, run: str, fingerprint: str, contents: str = "{}") -> tuple[int, int]:
    examples = runs.artifact(
        "Examples", f"examples-{run}", input_fingerprint=fingerprint, contents=contents
    )
    statistics = runs.artifact("ExampleStatistics", f"statistics-{run}")
    runs.execute(run, "ExampleGen", [], [examples])
    runs.execute(run, "StatisticsGen", [examples], [statistics])
    return examples, statistics


def test_a_component_is_after_those_from_which_it_takes(runs: Runs, env: Environment) -> None:
    examples, statistics = add_data(runs, "r1", "a")
    model = runs.artifact("Model", "model")
    blessing = runs.artifact("InfraBlessing", "blessing", latency_ms=12.5)
    runs.execute("r1", "Trainer", [examples, statistics], [model])
    # A resolver hands the model on.
    runs.execute("r1", "previous_blessed_model", [], [model], kind=6)
    runs.execute("r1", "ServingValidator", [model], [blessing])
    found = read_lineage(env, NAME, "r1")
    assert found.edges["Trainer"] == ("ExampleGen", "StatisticsGen")
    assert found.edges["ServingValidator"] == ("Trainer",)
    assert found.folder("Trainer", "Model") == str(Path(env.root, "model"))
    assert found.folder("Trainer", "Nothing") == ""
    assert found.latency_ms == 12.5
    Path(env.root, "model").rmdir()
    assert found.folder("Trainer", "Model") == ""


def test_the_earlier_run_is_the_last_one_on_other_data(runs: Runs, env: Environment) -> None:
    for run, fingerprint in (("r1", "a"), ("r2", "b"), ("r3", "c"), ("r4", "c")):
        add_data(runs, run, fingerprint)
    found = read_lineage(env, NAME, "r4")
    assert found.earlier_run_id == "r2"
    assert found.earlier_statistics.endswith("statistics-r2")
    # What is gone cannot be compared with.
    Path(env.root, "statistics-r2").rmdir()
    assert read_lineage(env, NAME, "r4").earlier_run_id == "r1"
    assert read_lineage(env, NAME, "r1").earlier_run_id == ""


def test_drawn_data_is_told_apart_by_what_was_written(runs: Runs, env: Environment) -> None:
    for run, contents in (("r1", '{"a": 1}'), ("r2", '{"a": 2}'), ("r3", '{"a": 2}')):
        add_data(runs, run, "", contents)
    assert read_lineage(env, NAME, "r3").earlier_run_id == "r1"


def test_nothing_is_known_of_a_run_that_has_not_begun(env: Environment) -> None:
    assert read_lineage(env, NAME, "") == read_lineage(env, NAME, "r1") == Lineage()
