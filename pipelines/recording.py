"""Makes the record of a run that `lianxi run` carries out: what was asked, of what, what came."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.curated_schema import schema_digest
from modules.common.declaring.settings import DATA, Settings, as_dict, tell
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.runtime import stack
from modules.common.runtime.digest import source_digest
from modules.common.runtime.errors import GateError, LianxiError
from pipelines import run_record
from pipelines.data import DataLocation
from pipelines.environment import Environment
from pipelines.example_nodes import reader_modules
from pipelines.git_commit import read_git_commit
from pipelines.results import RunResult
from pipelines.run_record import ComponentRecord, RunRecord


@dataclass(kw_only=True)
class Recorder:
    """Keeps the record of one run.

    Attributes:
        env: Where it runs.
        task: The declaration.
        settings: Resolved settings.
        data: What it reads.
        result: What came of it so far.
        said: What the terminal showed of each component.
        started_s: When it began, in seconds since 1970.
        is_drift_accepted: Whether a person said that the data may have moved.
    """

    env: Environment
    task: Task
    settings: Settings
    data: DataLocation
    result: RunResult
    said: Mapping[str, str] = field(default_factory=dict)
    started_s: float = field(default_factory=time.time)
    is_drift_accepted: bool = False

    def __post_init__(self) -> None:
        """Notes what an edit during the run would change."""
        self._asked = _note_asked(self.env, self.task, self.settings, self.data)
        self._is_begun = False

    def begin(self) -> None:
        """Keeps what is known once the run has begun: a process may be killed at any moment."""
        if not self._is_begun:
            self._is_begun = True
            run_record.write_record(self.env, self.make(None))

    def make(self, error: LianxiError | None, is_over: bool = False) -> RunRecord:
        """Makes the record of what is known by now.

        Args:
            error: What the run failed with.
            is_over: Whether it ended by itself; it counts as stopped otherwise.
        """
        told = self.result.to_json()
        accepted = {"accepted": self.is_drift_accepted} if told["drift"] else {}
        state, refused = _end_of(self.result, error) if is_over else (run_record.STOPPED, ())
        return replace(
            self._asked,
            run_id=self.result.run_id,
            started_s=self.started_s,
            seconds=time.time() - self.started_s,
            data_digest=_digest_data(self.data, self.settings, self.result),
            components=tuple(
                ComponentRecord(
                    name=each.name,
                    state=each.state,
                    seconds=round(each.seconds, 3),
                    cpu_seconds=round(each.cpu_seconds, 3),
                    said=self.said.get(each.name, ""),
                )
                for each in self.result.outcomes
            ),
            counts={
                name: told[name] for name in ("examples", "quarantined", "set_aside", "passed_over")
            },
            metrics=told["metrics"],
            drift=told["drift"] | accepted,
            state=state,
            refused=refused,
            error="" if error is None else str(error),
            version=Path(self.result.pushed).name,
            paths=dict(self.result.paths),
        )


def _end_of(result: RunResult, error: LianxiError | None) -> tuple[str, tuple[str, ...]]:
    """Says how a run ended, and what did not let its model through."""
    if error is None:
        if result.pushed:
            return run_record.PUSHED, ()
        if result.is_dry:
            return run_record.CHECKED, ()
        return run_record.REFUSED, tuple(result.refused)
    if error.exit_code == GateError.exit_code:
        return run_record.REFUSED, tuple(each.name for each in result.outcomes[-1:])
    return run_record.FAILED, ()


def _note_asked(env: Environment, task: Task, settings: Settings, data: DataLocation) -> RunRecord:
    """Notes what is known before anything has run."""
    values = as_dict(settings)
    return RunRecord(
        task=task.name,
        run_id="",
        command=(Path(sys.argv[0]).name, *sys.argv[1:]),
        settings=values,
        changed=run_record.find_changed(task, values, env.smoke),
        data=data.description,
        data_files=data.files,
        spans=tuple(span.label for span in data.spans),
        code_digest=digest_code(task, data.source),
        schema_digest=schema_digest(task.name),
        versions=stack.read_versions(),
        git_commit=read_git_commit(),
    )


def digest_code(task: Task, source: Source) -> str:
    """Digests the code that a run depends on: reading, Transform, Trainer and what they import.

    Args:
        task: The declaration.
        source: The layout that is read.
    """
    named = [f"modules.{task.name}.{module}" for module in ("features", "trainer")]
    return source_digest(*reader_modules(task, source), *named)


def _digest_data(data: DataLocation, settings: Settings, result: RunResult) -> str:
    """Gives ExampleGen's fingerprint; of what is drawn, a digest of what it is drawn by."""
    if data.drawn:
        told = json.dumps(as_dict(tell(settings, DATA)), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]
    return result.data_digest
