"""Which models were pushed, and when: here, and in the environment beside this one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from modules.common.runtime.errors import LianxiError
from pipelines.environment import SMOKE, Environment, other
from serving.models.versions import find_versions

# Versions are seconds since 1970, but those of other tools may be any numbers, and one that follows
# such a number is the next.
_EARLIEST_S = 10**9
SMOKE_NOTE = "a smoke model answers: a tiny one, trained to see that everything works"


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """The newest version of a model.

    Attributes:
        version: Its number.
        pushed_s: When it was pushed, in seconds since 1970.
    """

    version: int
    pushed_s: float

    @property
    def date(self) -> str:
        """The day and the minute, in local time."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.pushed_s))


def newest(env: Environment, task_name: str) -> Pushed | None:
    """Finds a task's newest version that can be served.

    Args:
        env: Where to look.
        task_name: The task.
    """
    versions = find_versions(Path(env.models_dir) / task_name)
    if not versions:
        return None
    version = max(versions)
    return Pushed(version=version, pushed_s=pushed_at(version, versions[version]))


def pushed_at(version: int, path: Path) -> float:
    """Says when a version was pushed, in seconds since 1970.

    Args:
        version: Its number.
        path: Its folder.
    """
    is_time = _EARLIEST_S < version <= time.time()
    return float(version) if is_time else path.stat().st_mtime


def check(env: Environment, task_name: str, ways: str = "") -> None:
    """Raises `LianxiError` where a task has no model here, with the way to one.

    Args:
        env: Where one is wanted.
        task_name: The task.
        ways: What else may be done, in words that end the message.
    """
    if newest(env, task_name) is not None:
        return
    beside = other(env)
    found = newest(beside, task_name)
    said = f"{task_name} has no pushed model in {env.models_dir}; "
    if found is not None:
        kind = "a smoke model is" if beside.name == SMOKE else "one is"
        way = f"add --env {beside.name}" if beside.name == SMOKE else "leave --env smoke out"
        said += f"{kind} in {beside.models_dir}, pushed {found.date}: {way}. Or "
    raise LianxiError(f"{said}push one (lianxi run {task_name}{env.options}){ways}")


def check_any(env: Environment) -> None:
    """Raises `LianxiError` where there is no model at all, with the way to one.

    Args:
        env: Where one is wanted.
    """
    if _names(env):
        return
    beside = other(env)
    said = f"no model was pushed to {env.models_dir} yet; "
    if names := _names(beside):
        kind = "smoke models are" if beside.name == SMOKE else "models are"
        said += (
            f"{kind} in {beside.models_dir} ({', '.join(names)}): lianxi serve{beside.options}. Or "
        )
    raise LianxiError(f"{said}push one: lianxi run name_gender{env.options}")


def _names(env: Environment) -> list[str]:
    folder = Path(env.models_dir)
    folders = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path.name for path in folders if find_versions(path)]
