"""Every task by discovery, and one smoke run for each, shared by the tests that need it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modules.common.registry import load_task, task_names
from modules.common.task import Task

ROOT = Path(__file__).resolve().parents[2]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test that takes `task_name` once for every task."""
    if "task_name" in metafunc.fixturenames:
        metafunc.parametrize("task_name", task_names(), scope="session")


@dataclass(frozen=True)
class SmokeRun:
    """What a smoke run of a task left.

    Attributes:
        task: The declaration.
        root: Where it kept its things.
        first: What `--json` printed.
    """

    task: Task
    root: Path
    first: dict[str, Any]

    def artifact(self, name: str) -> Path:
        """Gives an artifact's folder by its name in `paths`."""
        return Path(self.first["paths"][name])

    @property
    def transform_graph(self) -> Path:
        """Gives Transform's output."""
        [path] = (self.root / "smoke/pipelines" / self.task.name).glob(
            "Transform/transform_graph/*"
        )
        return path

    @property
    def saved_model(self) -> Path:
        """Gives the model that Trainer exported."""
        return self.artifact("model") / "Format-Serving"

    def again(self) -> dict[str, Any]:
        """Runs it once more."""
        return run_smoke(self.task.name, self.root)


def run_smoke(name: str, root: Path) -> dict[str, Any]:
    """Runs `lianxi run NAME --env smoke --json` in a process of its own."""
    lianxi = Path(sys.executable).parent / "lianxi"
    process = subprocess.run(
        [str(lianxi), "run", name, "--env", "smoke", "--root", str(root), "--json"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert process.returncode == 0, process.stderr
    result: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
    return result


_runs: dict[str, SmokeRun] = {}


@pytest.fixture(scope="session")
def task(task_name: str) -> Task:
    """A task."""
    return load_task(task_name)


@pytest.fixture(scope="session")
def smoke_run(task: Task, tmp_path_factory: pytest.TempPathFactory) -> SmokeRun:
    """The task's smoke run, made once in a session."""
    if task.name not in _runs:
        root = tmp_path_factory.mktemp(task.name)
        _runs[task.name] = SmokeRun(task, root, run_smoke(task.name, root))
    return _runs[task.name]


@pytest.fixture(autouse=True)
def _excuse(request: pytest.FixtureRequest) -> None:
    """Turns a task's exemption into an expected failure, which fails when it passes after all."""
    if "task" not in request.fixturenames:
        return
    check = request.node.originalname
    exemptions = request.getfixturevalue("task").exemptions
    if check in exemptions:
        request.applymarker(pytest.mark.xfail(reason=exemptions[check], strict=True))
