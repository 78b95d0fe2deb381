"""Remembers a task's last run, for the commands that come after it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from modules.common.errors import LianxiError
from modules.common.task import Value
from pipelines.environment import Environment


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """What later commands need to know of a run.

    Attributes:
        data_files: The raw data, as globs, one on a line; empty where it was drawn.
        model: The Model artifact's folder.
        evaluation: The Evaluator's folder.
        hparams: Resolved hyperparameters.
    """

    data_files: str
    model: str
    evaluation: str
    hparams: dict[str, Value]


def _path(env: Environment, task_name: str) -> Path:
    return Path(env.pipeline_dir(task_name)) / "last_run.json"


def save(env: Environment, task_name: str, last_run: LastRun) -> None:
    """Writes it down."""
    path = _path(env, task_name)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(asdict(last_run), ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)


def load(env: Environment, task_name: str) -> LastRun:
    """Reads it back.

    Raises:
        LianxiError: If the task was not run here.
    """
    path = _path(env, task_name)
    if not path.is_file():
        raise LianxiError(
            f"{task_name} has not been run in {env.root}; run it: lianxi run {task_name}"
        )
    return LastRun(**json.loads(path.read_text(encoding="utf-8")))
