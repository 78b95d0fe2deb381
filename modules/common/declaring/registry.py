"""Finds the tasks: every folder in `modules/` but `common` must hold a valid one.

Discovery is strict. A folder that does not hold a task is an error that says what is wrong with
it, and a name that no task has is answered with the one that was probably meant.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modules.common.declaring.task import Task
from modules.common.runtime.errors import TaskError, did_you_mean

MODULES = Path(__file__).resolve().parents[2]


def task_names(folder: Path = MODULES) -> list[str]:
    """Lists the names of the tasks, without importing any of them.

    Args:
        folder: Where the tasks' folders lie.
    """
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and path.name != "common" and not path.name.startswith(("_", "."))
    )


@functools.cache
def load_task(name: str) -> Task:
    """Imports the task called `name`.

    Raises:
        TaskError: If there is none, or its folder does not hold a valid task.
    """
    if name not in task_names():
        raise TaskError(f"no task is called {name!r}; {did_you_mean(name, task_names())}")
    try:
        module = importlib.import_module(f"modules.{name}.task")
    except ModuleNotFoundError as error:
        if error.name != f"modules.{name}.task":
            raise
        raise TaskError(
            f"modules/{name} is not a task: it has no task.py; give it one, or move the folder"
        ) from error
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise TaskError(f"modules/{name}/task.py must bind TASK to a Task, found {task!r}")
    if task.name != name:
        raise TaskError(f"modules/{name}/task.py declares the name {task.name!r}, not {name!r}")
    return task


@functools.cache
def import_function(path: str) -> Callable[..., Any]:
    """Imports a function that a declaration names by its dotted path."""
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def all_tasks() -> list[Task]:
    """Imports every task, by name."""
    return [load_task(name) for name in task_names()]
