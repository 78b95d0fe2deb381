"""Follows the jobs that a run has on a job service: shows how far they are, and cancels them.

A job is the service's, not the run's: it goes on where the run ends without a word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import grpc
from apache_beam.runners.portability import portable_runner
from apache_beam.runners.runner import PipelineState

from modules.common.runtime.progress import Progress, report
from modules.common.runtime.replacing import replace_attribute
from pipelines import stopping

# What a message of our own job service begins with that says how far a job is.
PROGRESS_MARK = "lianxi-progress "


def progress_message(read: float, phase: str) -> str:
    """Says how far a job is, in a message of the job service.

    Args:
        read: Records read so far.
        phase: Which pass it is.
    """
    return PROGRESS_MARK + json.dumps({"read": read, "phase": phase})


@contextmanager
def follow_jobs(cancel_elsewhere: Callable[[str], str] = lambda job: "") -> Iterator[None]:
    """Follows the jobs that begin inside the `with` block.

    Those that still run are cancelled where the block fails, or the process is told to stop.

    Args:
        cancel_elsewhere: Cancels a job, by its id, where the service leaves that undone. What it
            gives is said to a person.
    """
    jobs: list[portable_runner.PipelineResult] = []
    result = portable_runner.PipelineResult
    begin = result.__init__

    def begun(self: Any, service: Any, job: str, messages: Any, *others: Any, **named: Any) -> None:
        begin(self, service, job, _relay(messages), *others, **named)
        jobs.append(self)

    with ExitStack() as stack:
        stack.enter_context(replace_attribute(result, "__init__", begun))
        stack.enter_context(stopping.undoing(lambda: _cancel(jobs, cancel_elsewhere)))
        try:
            yield
        except BaseException:
            _cancel(jobs, cancel_elsewhere)
            raise


def _relay(messages: Iterator[Any]) -> Iterator[Any]:
    """Passes on what a job service says, and takes out what is for the run's display."""
    for message in messages:
        text = message.message_response.message_text
        if text.startswith(PROGRESS_MARK):
            said = json.loads(text.removeprefix(PROGRESS_MARK))
            report(Progress(done=said["read"], total=None, unit="record", phase=said["phase"]))
        else:
            yield message


def _cancel(
    jobs: Sequence[portable_runner.PipelineResult], cancel_elsewhere: Callable[[str], str]
) -> None:
    # What was heard of a job last needs no service, which may be gone.
    for job in [each for each in jobs if not PipelineState.is_terminal(each._state)]:
        with suppress(grpc.RpcError):
            if PipelineState.is_terminal(job.state):
                continue
            job.cancel()
        if said := cancel_elsewhere(job._job_id):
            stopping.say(said)


def relay_progress(say: Callable[[str], None]) -> Callable[[Progress], None]:
    """Makes what has a job service say how far a job is.

    Args:
        say: Gets the messages.
    """
    return lambda progress: say(progress_message(progress.done, progress.phase))
