"""A smoke run of a task by the command line, made once in a session."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modules.common.declaring.task import Task

LIBRARIES_SAY = r"^(?:WARNING|INFO|[IWE]\d{4} |\d{4}-\d\d-\d\d ).*$"
LIANXI = str(Path(sys.executable).parent / "lianxi")


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

    def again(self, by_tfx: bool = False) -> dict[str, Any]:
        """Runs it once more.

        Args:
            by_tfx: Whether TFX looks at every component, as if nothing were known of the last run.
        """
        if by_tfx:
            (self.root / "smoke/pipelines" / self.task.name / "last_push.json").unlink()
        return run_smoke(self.task.name, self.root)


def run_smoke(name: str, root: Path) -> dict[str, Any]:
    """Runs `lianxi run NAME --env smoke --json` in a process of its own."""
    process = subprocess.run(
        [LIANXI, "run", name, "--env", "smoke", "--root", str(root), "--json"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert process.returncode == 0, process.stderr
    # What libraries have to say goes to the log; what is here is for people.
    assert not re.findall(LIBRARIES_SAY, process.stderr, re.MULTILINE)
    result: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
    return result


_runs: dict[str, SmokeRun] = {}


def smoke_run_of(task: Task, new_root: Callable[[], Path]) -> SmokeRun:
    """Gives the task's smoke run of this session; the first caller waits for it."""
    if task.name not in _runs:
        root = new_root()
        _runs[task.name] = SmokeRun(task, root, run_smoke(task.name, root))
    return _runs[task.name]
