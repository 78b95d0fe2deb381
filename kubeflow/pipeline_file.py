"""Which task a pipeline file is of, as TFX's command line runs such files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, MutableMapping
from typing import Any

from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner
from tfx.tools.cli.handler.dag_runner_patcher import DagRunnerPatcher

from modules.common.errors import LianxiError
from pipelines import entry


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
