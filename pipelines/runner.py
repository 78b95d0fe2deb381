"""Runs a pipeline on this machine and says what came of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from modules.common.runtime.errors import LianxiError
from pipelines import stopping
from pipelines.environment import Environment
from pipelines.explanations import exit_code, explain
from pipelines.locks import exclusive
from pipelines.memory import give_back
from pipelines.observer import Outcome, observe
from pipelines.quick_beam import quick_construction
from pipelines.results import RunResult

# Components that take less hold little, and giving it back takes its time too.
_LONG_S = 5.0


class RunError(LianxiError):
    """A component failed, and the run with it."""

    def __init__(self, message: str, code: int) -> None:
        """Takes the exit code over from what the component failed with."""
        super().__init__(message)
        self.exit_code = code


def run(
    pipeline: Pipeline,
    env: Environment,
    result: RunResult,
    on_start: Callable[[str], None],
    on_end: Callable[[Outcome, str], None],
) -> None:
    """Runs a pipeline with TFX's LocalDagRunner.

    Args:
        pipeline: What `builder.create_pipeline` made.
        env: Where it keeps its things.
        result: Takes in the outcomes.
        on_start: Gets the id of each node that begins.
        on_end: Gets the outcome of each node that ends, and one figure about it.

    Raises:
        RunError: If a component fails; the message is for people.
    """

    def started(name: str) -> None:
        stopping.doing(name)
        on_start(name)

    def ended(outcome: Outcome) -> None:
        on_end(outcome, result.add(outcome))
        if outcome.seconds > _LONG_S:
            give_back()

    with exclusive(env, result.task.name), quick_construction(), observe(started, ended):
        _remove_temporary(Path(pipeline.pipeline_info.pipeline_root))
        try:
            LocalDagRunner().run(pipeline)
        except Exception as error:
            last = result.outcomes[-1] if result.outcomes else None
            failed = last.name if last and last.state == "failed" else "The pipeline"
            metadata = pipeline.metadata_connection_config.sqlite.filename_uri
            said = explain(error, metadata)
            raise RunError(f"{failed} failed: {said}", exit_code(error)) from error


def _remove_temporary(pipeline_dir: Path) -> None:
    """Removes what components that were stopped kept for the time of their work."""
    for folder in pipeline_dir.glob("*/.system/executor_execution/*/.temp"):
        shutil.rmtree(folder, ignore_errors=True)
