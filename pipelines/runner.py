"""Runs a pipeline on this machine and says what came of it."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from modules.common.runtime.errors import LianxiError
from pipelines import stopping
from pipelines.beam_progress import count_records
from pipelines.engines.choice import FLINK, LOCAL
from pipelines.environment import Environment
from pipelines.explanations import exit_code, explain
from pipelines.locks import exclusive
from pipelines.memory import give_back, giving_back
from pipelines.observer import observe
from pipelines.outcome import Outcome
from pipelines.quick_beam import quick_construction
from pipelines.record_batches import bounded_batches
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
    lock: str = "",
) -> None:
    """Runs a pipeline with TFX's LocalDagRunner.

    Args:
        pipeline: What `builder.create_pipeline` made.
        env: Where it keeps its things.
        result: Takes in the outcomes.
        on_start: Gets the id of each node that begins.
        on_end: Gets the outcome of each node that ends, and one figure about it.
        lock: What keeps it from running twice at once; the task where empty.

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

    with (
        exclusive(env, lock or result.task.name),
        quick_construction(),
        bounded_batches(),
        count_records(lambda: result.counts.by_split if result.counts else {}),
        observe(started, ended),
        _following(env),
        giving_back(),
    ):
        _remove_temporary(Path(pipeline.pipeline_info.pipeline_root))
        try:
            LocalDagRunner().run(pipeline)
        except Exception as error:
            last = result.outcomes[-1] if result.outcomes else None
            failed = last.name if last and last.state == "failed" else "The pipeline"
            metadata = pipeline.metadata_connection_config.sqlite.filename_uri
            said = explain(error, metadata)
            raise RunError(f"{failed} failed: {said}", exit_code(error)) from error


def _following(env: Environment) -> AbstractContextManager[None]:
    """Follows jobs that are not this process's."""
    if env.engine == LOCAL:
        return nullcontext()
    from pipelines.engines import flink_rest
    from pipelines.engines.jobs import follow_jobs

    if env.engine == FLINK:
        return follow_jobs(functools.partial(flink_rest.cancel, env.flink_rest))
    return follow_jobs()


def _remove_temporary(pipeline_dir: Path) -> None:
    """Removes what components that were stopped kept for the time of their work."""
    for folder in pipeline_dir.glob("*/.system/executor_execution/*/.temp"):
        shutil.rmtree(folder, ignore_errors=True)
