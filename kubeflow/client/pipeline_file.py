"""Which task a pipeline file is of, as TFX's command line runs such files, or a package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import yaml
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner
from tfx.tools.cli.handler.dag_runner_patcher import DagRunnerPatcher

from modules.common.declaring.registry import task_names
from modules.common.runtime.errors import LianxiError
from pipelines import entry
from pipelines.environment import kubeflow_environment


class TaskOfFile(DagRunnerPatcher):
    """Takes down which task a pipeline file would run, in place of running it.

    `context[TASK_NAME]` is the task's name.
    """

    TASK_NAME = "task_name"
    # TFX's own, which a type checker cannot see.
    _run_called: bool

    def get_runner_class(self) -> type:
        """Names the runner for TFX's message about a file that runs nothing."""
        return KubeflowV2DagRunner

    @contextlib.contextmanager
    def patch(self) -> Iterator[MutableMapping[str, Any]]:
        """Puts a recorder in the place of `pipelines.entry.main`."""
        original = entry.main
        entry.main = self._record
        try:
            yield self._context
        finally:
            entry.main = original

    def _record(self, task_name: str) -> None:
        if self._run_called:
            raise LianxiError("a pipeline file calls main(task_name) once; found a second call")
        self._run_called = True
        self._context[self.TASK_NAME] = task_name


def is_package(path: str) -> bool:
    """Tells a package from a pipeline file, by its ending."""
    return path.endswith((".yaml", ".yml"))


def task_of_package(path: Path) -> str:
    """Names the task whose package a file is.

    Args:
        path: What `lianxi compile` wrote.

    Raises:
        LianxiError: Where it is not there, or something else.
    """
    if not path.is_file():
        raise LianxiError(f"expected a package, found none at {path}; `lianxi compile` writes it")
    try:
        spec = next(yaml.safe_load_all(path.read_text(encoding="utf-8")), None)
    except (yaml.YAMLError, UnicodeDecodeError):
        spec = None
    about = spec.get("pipelineInfo") if isinstance(spec, dict) else None
    found = str(about.get("name", "")) if isinstance(about, dict) else ""
    for name in task_names():
        if found and found == kubeflow_environment("").pipeline_name(name):
            return name
    raise LianxiError(
        f"expected a package of one of Lianxi's tasks at {path}, as `lianxi compile` writes it; "
        + (f"found a pipeline {found!r}" if found else "found something else")
    )
