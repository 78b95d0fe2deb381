"""What a job service says of how far a job is reaches whoever watches the run, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability import portable_runner
from apache_beam.runners.runner import PipelineState

from modules.common.runtime import progress
from pipelines import stopping
from pipelines.engines.jobs import follow_jobs, relay_progress


def _response(text: str) -> beam_job_api_pb2.JobMessagesResponse:
    message = beam_job_api_pb2.JobMessage(message_text=text)
    return beam_job_api_pb2.JobMessagesResponse(message_response=message)


class _Service:
    """A job service with one job, which runs until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    def GetState(self, request: beam_job_api_pb2.GetJobStateRequest) -> object:
        state = beam_job_api_pb2.JobState
        done = request.job_id in self.cancelled
        return beam_job_api_pb2.JobStateEvent(state=state.CANCELLED if done else state.RUNNING)

    def Cancel(self, request: beam_job_api_pb2.CancelJobRequest) -> None:
        self.cancelled.append(request.job_id)


def _begin(service: _Service, messages: Iterator[object]) -> portable_runner.PipelineResult:
    return portable_runner.PipelineResult(service, "job-1", messages, iter(()))


def test_progress_is_taken_out_of_what_a_service_says() -> None:
    said: list[str] = []
    relay_progress(said.append)(progress.Progress(done=7, total=9, unit="record", phase="pass 1/2"))
    seen: list[progress.Progress] = []
    with follow_jobs(), progress.subscribe(seen.append):
        job = _begin(_Service(), iter([_response("it starts"), _response(said[0])]))
        left = [each.message_response.message_text for each in job._message_stream]
    assert left == ["it starts"]
    assert [(each.done, each.total, each.phase) for each in seen] == [(7, None, "pass 1/2")]


def test_a_job_that_runs_is_cancelled_where_the_run_is_stopped(
    capfd: pytest.CaptureFixture[str],
) -> None:
    service = _Service()
    elsewhere: list[str] = []

    def cancel_elsewhere(job: str) -> str:
        elsewhere.append(job)
        return "look there"

    with follow_jobs(cancel_elsewhere):
        job = _begin(service, iter(()))
        stopping._undo()
        stopping._undo()
    assert service.cancelled == elsewhere == ["job-1"]
    assert capfd.readouterr().err == "look there\n"
    assert job.state == PipelineState.CANCELLED
    # A run that is over has nothing to cancel.
    other = _Service()
    _begin(other, iter(()))
    stopping._undo()
    assert not other.cancelled


class _LostService(_Service):
    """A job service that does not answer any more."""

    def GetState(self, request: beam_job_api_pb2.GetJobStateRequest) -> object:
        raise grpc.RpcError("lost")


def test_a_run_that_fails_cancels_its_job_where_the_service_is_lost_too() -> None:
    elsewhere: list[str] = []

    def cancel_elsewhere(job: str) -> str:
        elsewhere.append(job)
        return ""

    with pytest.raises(ValueError, match="failed"), follow_jobs(cancel_elsewhere):
        ended = _begin(_LostService(), iter(()))
        ended._state = PipelineState.DONE
        _begin(_LostService(), iter(()))
        raise ValueError("failed")
    assert elsewhere == ["job-1"]
