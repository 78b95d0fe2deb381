"""Every task by discovery, and one smoke run for each, shared by the tests that need it."""

from __future__ import annotations

import pytest
from smoke import SmokeRun, smoke_run_of

from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Task


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs each test that takes `task_name` once for every task."""
    if "task_name" in metafunc.fixturenames:
        metafunc.parametrize("task_name", task_names(), scope="session")


@pytest.fixture(scope="session")
def task(task_name: str) -> Task:
    """A task."""
    return load_task(task_name)


@pytest.fixture(scope="session")
def smoke_run(task: Task, tmp_path_factory: pytest.TempPathFactory) -> SmokeRun:
    """The task's smoke run, made once in a session."""
    return smoke_run_of(task, lambda: tmp_path_factory.mktemp(task.name))


@pytest.fixture(autouse=True)
def _excuse(request: pytest.FixtureRequest) -> None:
    """Turns a task's exemption into an expected failure, which fails when it passes after all."""
    if "task" not in request.fixturenames:
        return
    check = request.node.originalname
    exemptions = request.getfixturevalue("task").exemptions
    if check in exemptions:
        request.applymarker(pytest.mark.xfail(reason=exemptions[check], strict=True))
