"""Keeps what writes to a task's metadata and artifacts from doing so twice at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modules.common.runtime.errors import LianxiError
from pipelines.environment import Environment


@contextmanager
def exclusive(env: Environment, task_name: str) -> Iterator[None]:
    """Holds the lock of a task's pipelines, which the system takes back where a process dies.

    Args:
        env: Where the task keeps its things.
        task_name: The task.

    Raises:
        LianxiError: If another process holds it.
    """
    path = Path(env.metadata_path(task_name)).with_suffix(".lock")
    with _only_one(
        path,
        f"another run of {task_name} is under way in {env.root}; wait for it, or choose another "
        "folder with --root",
    ):
        yield


@contextmanager
def watching(env: Environment, task_name: str) -> Iterator[None]:
    """Holds the lock of what watches for a task's data; single runs need another.

    Args:
        env: Where the task keeps its things.
        task_name: The task.

    Raises:
        LianxiError: If another process holds it.
    """
    path = Path(env.metadata_path(task_name)).with_suffix(".watch.lock")
    with _only_one(
        path,
        f"another process watches for data of {task_name} in {env.root}; end that one, or choose "
        "another folder with --root",
    ):
        yield


@contextmanager
def _only_one(path: Path, refusal: str) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LianxiError(refusal) from None
        yield


def is_held(path: Path) -> bool:
    """Tells whether a process holds a lock.

    Args:
        path: The lock's file, which need not be there.
    """
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Waits for a lock and holds it, which the system takes back where a process dies.

    Args:
        path: A file that is for nothing else; made where absent.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
