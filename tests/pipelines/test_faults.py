"""Runs that are cut short inside of a component, and the run after: as if nothing had happened."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from smoke import SmokeRun, run_smoke
from tfx.orchestration.portable import python_executor_operator
from tiny_runs import run

from modules.common.runtime.errors import LianxiError
from pipelines.environment import Environment, environment
from pipelines.explanations import explain
from serving.models.versions import find_versions

FAULTY_RUN = Path(__file__).resolve().parents[2] / "benchmarks" / "faulty_run.py"
NAME = "name_gender"
COMPONENTS = ("Trainer", "Evaluator", "Pusher")
FILES = {"Trainer": "saved_model.pb", "Evaluator": "BLESSED", "Pusher": "PUSHED"}
BEFORE_IT_ENDS_S = "0.5"


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A new root."""
    return environment("local", str(tmp_path / "root"))


def files_of(env: Environment, component: str) -> list[str]:
    paths = Path(env.pipeline_dir(NAME), component).rglob("*")
    return [path.name for path in paths if path.is_file()]


def assert_as_without_faults(env: Environment) -> None:
    for component, name in FILES.items():
        # And one that TFX's cache goes by, if any: nothing is there twice.
        assert files_of(env, component).count(name) == 1, component
    assert len(find_versions(Path(env.models_dir, NAME))) == 1
    assert [path for path in Path(env.models_dir, NAME).iterdir() if not path.name.isdigit()] == []


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_that_fails_having_done_its_work(env: Environment, component: str) -> None:
    with pytest.raises(RuntimeError, match="it broke"):
        run(env, 0, fails=component)
    run(env, 0)
    assert len(find_versions(Path(env.models_dir, NAME))) == 1
    run(env, 0)
    assert len(find_versions(Path(env.models_dir, NAME))) == 1


@contextmanager
def on_a_disk_of_its_own(folder: Path) -> Iterator[Callable[..., None]]:
    """Mounts a small file system, and gives what mounts it again with other options."""
    folder.mkdir(parents=True)

    def mount(*options: str) -> None:
        words = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        subprocess.run(words, check=True, capture_output=True)

    try:
        mount("size=64k")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a file system needs root, and a system that lets it")
    try:
        yield lambda *options: mount("remount", *options)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("fault", ["full", "readonly"])
@pytest.mark.parametrize("component", COMPONENTS)
def test_a_disk_that_takes_no_more(
    env: Environment, component: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(env.pipeline_dir(NAME))
    run_executor = python_executor_operator.run_with_executor
    with on_a_disk_of_its_own(folder) as remount:
        filler = folder / "filler"

        def run_with_fault(info: Any, executor: Any) -> Any:
            if info.pipeline_node.node_info.id == component:
                if fault == "readonly":
                    remount("ro")
                else:
                    fill(filler)
            return run_executor(info, executor)

        with monkeypatch.context() as patch:
            patch.setattr(python_executor_operator, "run_with_executor", run_with_fault)
            with pytest.raises(Exception) as failed:
                run(env, 0)
        said = explain(failed.value)
        assert said.startswith("the disk is full" if fault == "full" else "cannot write")
        assert "--root" in said and not isinstance(failed.value, LianxiError)
        remount("rw")
        filler.unlink(missing_ok=True)
        run(env, 0)
        assert_as_without_faults(env)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


@pytest.mark.e2e
@pytest.mark.smoke_of(NAME)
def test_runs_that_are_told_to_stop_inside_of_a_component(
    run_of_one: SmokeRun, tmp_path: Path
) -> None:
    root, temporary = tmp_path / "root", tmp_path / "temporary"
    temporary.mkdir()
    words = [NAME, "--env", "smoke", "--root", str(root), "--json"]
    for fault, component, code in (
        ("kill", "ExampleGen", -9),
        ("int", "Transform", 130),
        ("term", "Trainer", 143),
        ("kill", "Pusher", -9),
    ):
        process = subprocess.run(
            [sys.executable, FAULTY_RUN, fault, component, BEFORE_IT_ENDS_S, tmp_path, *words],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        assert process.returncode == code, process.stderr
        assert "Traceback" not in process.stderr
        if fault != "kill":
            assert f"during {component}. What finished before is kept" in process.stderr
            assert not list(temporary.iterdir())
    last = run_smoke(NAME, root)
    for name, metric in run_of_one.first["metrics"].items():
        assert last["metrics"][name]["value"] == pytest.approx(metric["value"], abs=1e-6), name
    assert last["examples"] == run_of_one.first["examples"]
    assert len(find_versions(root / "smoke" / "models" / NAME)) == 1
    states = {each["name"]: each["state"] for each in last["components"]}
    assert [name for name, state in states.items() if state == "done"] == ["Pusher"]
