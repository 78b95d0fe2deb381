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
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LianxiError(
                f"another run of {task_name} is under way in {env.root}; wait for it, or choose "
                "another folder with --root"
            ) from None
        yield


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
