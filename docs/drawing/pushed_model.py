"""Where a task's newest pushed model lies, for what draws the pictures of pages."""

from __future__ import annotations

from pathlib import Path

from pipelines import pushed
from pipelines.environment import environment


def find_pushed_model(task_name: str, root: str | None) -> str:
    """Gives the folder of the last pushed version.

    Args:
        task_name: The task.
        root: Where runs are kept, or the usual place.

    Raises:
        LianxiError: If the task has no pushed model there, with the way to one.
    """
    env = environment("local", root)
    pushed.check(env, task_name)
    newest = pushed.newest(env, task_name)
    assert newest is not None
    return str(Path(env.models_dir, task_name, str(newest.version)))
