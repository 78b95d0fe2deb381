"""Remembers a task's last run, for the commands that come after it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from modules.common.declaring.task import Value
from modules.common.runtime.errors import LianxiError
from pipelines.environment import Environment, other


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """What later commands need to know of a run.

    Attributes:
        data_files: The raw data, as globs, one on a line; empty where it was drawn.
        model: The Model artifact's folder.
        evaluation: The Evaluator's folder.
        settings: Resolved settings by name.
    """

    data_files: str
    model: str
    evaluation: str
    settings: dict[str, Value]


def _path(env: Environment, task_name: str) -> Path:
    return Path(env.pipeline_dir(task_name)) / "last_run.json"


def _end_path(env: Environment, task_name: str) -> Path:
    return Path(env.pipeline_dir(task_name)) / "last_end.json"


def save(env: Environment, task_name: str, last_run: LastRun) -> None:
    """Writes it down."""
    path = _path(env, task_name)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(asdict(last_run), ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)


def settings(env: Environment, task_name: str, names: Iterable[str]) -> dict[str, str]:
    """Gives those settings of the last run that a request has too, as text.

    Args:
        env: Where it was run.
        task_name: The task.
        names: Of the settings of a request.

    Raises:
        LianxiError: If the task was not run here.
    """
    kept = load(env, task_name).settings
    return {name: str(kept[name]) for name in names if name in kept}


def load(env: Environment, task_name: str) -> LastRun:
    """Reads it back.

    Raises:
        LianxiError: If the task was not run here.
    """
    path = _path(env, task_name)
    if not path.is_file():
        beside = other(env)
        hint = f"{task_name} has not been run in {env.root}; "
        if _path(beside, task_name).is_file():
            way = "add --env smoke" if beside.smoke else "leave --env smoke out"
            hint += f"it was in {beside.root}: {way}. Or "
        raise LianxiError(f"{hint}run it: lianxi run {task_name}{env.options}")
    try:
        return LastRun(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise LianxiError(
            f"what is known of the last run of {task_name} is damaged ({path}); run it again: "
            f"lianxi run {task_name}{env.options}"
        ) from error


def note_end(env: Environment, task_name: str, refused: Sequence[str]) -> None:
    """Writes down how a run ended.

    Args:
        env: Where it ran.
        task_name: The task.
        refused: What did not let its model through: metrics, or a component; nothing where it was
            pushed.
    """
    path = _end_path(env, task_name)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps({"refused": list(refused)}), encoding="utf-8")
    unfinished.replace(path)


def read_refusals(env: Environment, task_name: str) -> list[str]:
    """Gives what refused the model of the last run that a gate looked at; nothing where none did.

    Args:
        env: Where it ran.
        task_name: The task.
    """
    try:
        content = json.loads(_end_path(env, task_name).read_text(encoding="utf-8"))
        return [str(name) for name in content["refused"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
