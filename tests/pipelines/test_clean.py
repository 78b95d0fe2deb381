"""`lianxi clean` after runs by TFX's own runner; ML Metadata itself says what is left."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ml_metadata.metadata_store import metadata_store
from tfx.orchestration import metadata
from tiny_runs import run

from modules.common.runtime.errors import LianxiError
from pipelines import last_run
from pipelines.cli import cli
from pipelines.environment import Environment, environment
from pipelines.locks import exclusive

NAME = "name_gender"
LIANXI = str(Path(sys.executable).parent / "lianxi")


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A new root."""
    return environment("local", str(tmp_path / "root"))


def clean(env: Environment, *words: str) -> Result:
    result = CliRunner().invoke(cli, ["clean", "--root", env.root, *words])
    assert not result.exception or isinstance(result.exception, (SystemExit, LianxiError))
    return result


def store_of(env: Environment) -> metadata_store.MetadataStore:
    config = metadata.sqlite_metadata_connection_config(env.metadata_path(NAME))
    return metadata_store.MetadataStore(config)


def folders(env: Environment, output: str) -> set[int]:
    paths = Path(env.pipeline_dir(NAME)).glob(f"*/{output}/*")
    return {int(path.name) for path in paths}


def versions(env: Environment) -> list[int]:
    return sorted(int(path.name) for path in Path(env.models_dir, NAME).iterdir())


def states(env: Environment) -> list[int]:
    return [each.last_known_state for each in store_of(env).get_executions()]


def cached(env: Environment, seed: int) -> bool:
    before = len(states(env))
    run(env, seed)
    return states(env)[before:] == [5, 5, 5]


def test_the_last_runs_stay_whole(env: Environment) -> None:
    for seed in range(5):
        run(env, seed)
    before = {each.id: each for each in store_of(env).get_artifacts()}
    pushed = versions(env)
    result = clean(env, "--keep", "2", "--yes")
    assert result.exit_code == 0 and "3  runs in the metadata" in result.output
    store = store_of(env)
    assert len(store.get_contexts_by_type("pipeline_run")) == 2
    assert len(store.get_executions()) == 6
    left = store.get_artifacts()
    assert [each.id for each in left] == sorted(before)[-9 + 3 :]
    assert all(each == before[each.id] and Path(each.uri).is_dir() for each in left)
    assert len(folders(env, "model")) == len(folders(env, "blessing")) == 2
    assert versions(env) == pushed[-2:]
    assert cached(env, 4) and cached(env, 3)
    # What went is made again, and by a number that nothing had.
    assert not cached(env, 0)
    assert max(each.id for each in store_of(env).get_artifacts()) > max(before)


def test_what_is_left_is_whole(env: Environment) -> None:
    for seed in (0, 1, 0, 2, 0):
        run(env, seed)
    clean(env, "--keep", "1", "--yes")
    store = store_of(env)
    artifacts = {each.id for each in store.get_artifacts()}
    executions = {each.id for each in store.get_executions()}
    events = store.get_events_by_execution_ids(executions)
    assert {each.execution_id for each in events} == executions
    assert {each.artifact_id for each in events} == artifacts
    with sqlite3.connect(env.metadata_path(NAME)) as tables:
        ids = {
            name: {id for (id,) in tables.execute(f"SELECT id FROM {name}")}
            for name in ("Artifact", "Execution", "Context", "Event")
        }
        for table, column, whose in (
            ("EventPath", "event_id", "Event"),
            ("Event", "artifact_id", "Artifact"),
            ("Event", "execution_id", "Execution"),
            ("Association", "context_id", "Context"),
            ("Association", "execution_id", "Execution"),
            ("Attribution", "context_id", "Context"),
            ("Attribution", "artifact_id", "Artifact"),
            ("ArtifactProperty", "artifact_id", "Artifact"),
            ("ExecutionProperty", "execution_id", "Execution"),
            ("ContextProperty", "context_id", "Context"),
            ("ParentContext", "context_id", "Context"),
            ("ParentContext", "parent_context_id", "Context"),
        ):
            found = {id for (id,) in tables.execute(f"SELECT {column} FROM {table}")}
            assert found <= ids[whose], (table, column)
    # The last run took all from the first, which made it; both were asked for by the cache.
    assert cached(env, 0)


def test_the_baseline_of_the_next_model_stays(env: Environment) -> None:
    run(env, 0)
    [model] = store_of(env).get_artifacts_by_type("Model")
    for seed in range(1, 4):
        with pytest.raises(RuntimeError):
            run(env, seed, fails="Evaluator")
    clean(env, "--keep", "1", "--yes")
    assert model in store_of(env).get_artifacts_by_type("Model") and Path(model.uri).is_dir()
    # What the runs that failed had finished is what a next run goes on with.
    run(env, 3)
    assert states(env)[-3:] == [5, 3, 3]


def test_what_was_cut_short_is_found(env: Environment) -> None:
    run(env, 0)
    with pytest.raises(RuntimeError):
        run(env, 1, fails="Trainer")
    orphan = Path(env.pipeline_dir(NAME), "Trainer", "model", "77")
    orphan.mkdir()
    (orphan / "saved_model.pb").write_text("half")
    result = clean(env, "--yes")
    assert "leftovers of runs that were cut short" in result.output
    assert not orphan.exists() and len(folders(env, "model")) == 1
    assert cached(env, 0)


def test_all_is_an_orphan_without_metadata(env: Environment) -> None:
    run(env, 0)
    Path(env.metadata_path(NAME)).unlink()
    clean(env, "--yes")
    assert not folders(env, "model") and not folders(env, "blessing") and len(versions(env)) == 1


def test_what_commands_after_a_run_read_stays(env: Environment) -> None:
    run(env, 0)
    [model] = folders(env, "model")
    uri = str(Path(env.pipeline_dir(NAME), "Trainer", "model", str(model)))
    last_run.save(env, NAME, last_run.LastRun(data_files="", model=uri, evaluation="", settings={}))
    run(env, 1)
    run(env, 2)
    clean(env, "--keep", "1", "--yes")
    assert Path(uri, "saved_model.pb").is_file() and len(folders(env, "model")) == 2


def test_nothing_goes_before_it_is_confirmed(env: Environment) -> None:
    for seed in range(3):
        run(env, seed)
    before = set(Path(env.root).rglob("*"))
    seen = clean(env, "--keep", "1", "--dry-run")
    assert seen.exit_code == 0 and "artifacts of runs before the last 1" in seen.output
    asked = clean(env, "--keep", "1")
    assert asked.exit_code == 2 and "--yes" in asked.output
    assert before <= set(Path(env.root).rglob("*")) and len(states(env)) == 9


def test_what_it_says_in_json_is_what_it_removes(env: Environment) -> None:
    for seed in range(3):
        run(env, seed)
    process = subprocess.run(
        [LIANXI, "clean", "--root", env.root, "--keep", "1", "--yes", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(process.stdout)
    [task] = said["tasks"]
    paths = [Path(path) for find in task["removable"] for path in find["paths"]]
    assert said["removed"] and task["runs"] == 2 and said["bytes"] > 8_000
    assert len(paths) >= 8 and not any(path.exists() for path in paths)


def test_a_run_under_way_is_left_alone(env: Environment) -> None:
    run(env, 0)
    with exclusive(env, NAME):
        result = clean(env, "--yes")
    assert isinstance(result.exception, LianxiError) and "under way" in str(result.exception)


@pytest.mark.parametrize("damage", ["text", "half", "version"])
def test_metadata_that_cannot_be_read(env: Environment, damage: str) -> None:
    run(env, 0)
    path = Path(env.metadata_path(NAME))
    if damage == "text":
        path.write_text("no database" * 1000)
    elif damage == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        with sqlite3.connect(path) as tables:
            tables.execute("UPDATE MLMDEnv SET schema_version = 99")
    result = clean(env, "--yes")
    assert isinstance(result.exception, LianxiError) and str(path) in str(result.exception)
    assert folders(env, "model") and len(versions(env)) == 1


def test_reports_go_with_their_runs(env: Environment) -> None:
    for seed in range(3):
        run(env, seed)
    runs = [each.name for each in store_of(env).get_contexts_by_type("pipeline_run")]
    paths = [env.report_path(NAME, run_id) for run_id in (*runs, "")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<!doctype html>")
    result = clean(env, "--keep", "1", "--yes")
    assert "reports of runs before the last 1" in result.output
    assert sorted(paths[0].parent.iterdir()) == [paths[2]]


def test_samples_that_no_run_reads_go(env: Environment) -> None:
    for name in ("abc", "def.123"):
        Path(env.sample_dir(NAME), name).mkdir(parents=True)
        Path(env.sample_dir(NAME), name, "names.csv").write_text("name\n")
    clean(env, "--yes")
    assert not list(Path(env.sample_dir(NAME)).iterdir())


def test_a_smoke_root_is_cleaned_too(tmp_path: Path) -> None:
    smoke = environment("smoke", str(tmp_path))
    run(smoke, 0)
    run(smoke, 1)
    clean(environment("local", str(tmp_path)), "--keep", "1", "--yes")
    assert len(versions(smoke)) == 1


def test_inferences_that_were_cut_short_go_and_one_under_way_stays(env: Environment) -> None:
    run(env, 0)
    for name in ("ended", "running"):
        folder = Path(env.pipeline_dir(f"{NAME}_infer_{name}"))
        (folder / "ExampleGen").mkdir(parents=True)
        Path(env.metadata_path(folder.name)).write_bytes(b"x")
    with exclusive(env, f"{NAME}_infer_running"):
        result = clean(env, "--yes")
    assert "inferences that were cut short" in result.output
    assert not list(Path(env.root).glob("*/*_infer_ended*"))
    assert len(list(Path(env.root).glob("*/*_infer_running*"))) == 3
