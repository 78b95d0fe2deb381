"""Beam's own job service with several workers, which begins a job again when it loses one.

It stands where Flink's job server stands: a pipeline reaches it the same way, its workers are
processes of a pool and know nothing of the run's, and what a lost worker had done is done again.
Beam's takes one worker, and waits for ever for one that has died.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import threading
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import grpc
from apache_beam.metrics.monitoring_infos import ELEMENT_COUNT_URN, extract_counter_value
from apache_beam.portability import common_urns
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_job_api_pb2,
    beam_runner_api_pb2,
    endpoints_pb2,
)
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner, worker_handlers

from modules.common.runtime import progress
from pipelines.beam_progress import count_records
from pipelines.engines.jobs import relay_progress

LOST = "a worker was lost"
# The second is Beam's word where it was handing records to the worker.
_LOSS_SIGNS = (LOST, "Channel closed prematurely")
_Message = beam_job_api_pb2.JobMessage
_RESTARTS = 3
_STOP_WITHIN_S = 20.0
_EXTERNAL = common_urns.environments.EXTERNAL.urn


_job_of_thread = threading.local()


class Pools:
    """The worker pools, which take turns."""

    addresses: ClassVar[itertools.cycle[str]]
    count: ClassVar[int] = 0

    @classmethod
    def set(cls, addresses: Sequence[str]) -> None:
        """Says where the pools listen."""
        cls.addresses, cls.count = itertools.cycle(addresses), len(addresses)

    @classmethod
    def start_worker(cls, request: beam_fn_api_pb2.StartWorkerRequest) -> str:
        """Asks one pool after the other for a worker.

        Args:
            request: What Beam asks a pool.

        Returns:
            The pool that started it.

        Raises:
            RuntimeError: If none of them answers.
        """
        refusals = []
        for address in itertools.islice(cls.addresses, cls.count):
            try:
                with grpc.insecure_channel(address) as channel:
                    stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
                    answer = stub.StartWorker(request, timeout=_STOP_WITHIN_S)
            except grpc.RpcError as error:
                refusals.append(f"{address}: {error.code().name}")
                continue
            if not answer.error:
                return address
            refusals.append(f"{address}: {answer.error}")
        raise RuntimeError(f"no worker pool starts a worker: {'; '.join(refusals)}")


@worker_handlers.WorkerHandler.register_environment(_EXTERNAL, beam_runner_api_pb2.ExternalPayload)
class PooledWorker(worker_handlers.ExternalWorkerHandler):
    """A worker of one of the pools, wherever the pipeline thinks it is."""

    _pool = ""

    def start_worker(self) -> None:
        """Has a pool start it, for the job whose thread this is."""
        _job_of_thread.workers.append(self)
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        self._pool = Pools.start_worker(
            beam_fn_api_pb2.StartWorkerRequest(
                worker_id=self.worker_id,
                control_endpoint=control,
                artifact_endpoint=control,
                provision_endpoint=control,
                logging_endpoint=self.logging_api_service_descriptor(),
            )
        )

    def stop_worker(self) -> None:
        """Has its pool end its process, whatever that is doing."""
        try:
            with grpc.insecure_channel(self._pool) as channel:
                stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
                request = beam_fn_api_pb2.StopWorkerRequest(worker_id=self.worker_id)
                stub.StopWorker(request, timeout=_STOP_WITHIN_S)
        except grpc.RpcError:
            logging.warning("the pool at %s does not answer any more", self._pool)

    def host_from_worker(self) -> str:
        """Gives where a worker finds the job service."""
        return "localhost"


class WatchfulControl(worker_handlers.BeamFnControlServicer):
    """Answers for a worker whose connection has ended, so that nobody waits for it."""

    def Control(self, iterator: Any, context: grpc.ServicerContext) -> Any:
        """Serves a worker, and notices when it is gone."""
        worker = dict(context.invocation_metadata()).get("worker_id", "")
        context.add_callback(lambda: _fail_requests(self.get_conn_by_worker_id(worker), worker))
        yield from super().Control(_count_elements(iterator, worker), context)


def _count_elements(responses: Iterator[Any], worker: str) -> Iterator[Any]:
    """Passes on what a worker answers, and says in the end how much it worked on."""
    elements = 0
    try:
        for response in responses:
            elements += sum(
                extract_counter_value(info)
                for info in response.process_bundle.monitoring_infos
                if info.urn == ELEMENT_COUNT_URN
            )
            yield response
    finally:
        logging.info("worker %s worked on %d elements", worker, elements)


def _fail_requests(connection: worker_handlers.ControlConnection, worker: str) -> None:
    """Answers what was asked of a worker, and what will be, with its loss."""

    def answer(request_id: str, future: worker_handlers.ControlFuture) -> None:
        future.set(
            beam_fn_api_pb2.InstructionResponse(
                instruction_id=request_id, error=f"{LOST}: {worker}"
            )
        )

    push = connection.push

    def push_failing(request: Any) -> Any:
        future = push(request)
        if future is not None:
            answer(request.instruction_id, future)
        return future

    connection.push = push_failing
    for request_id, future in list(connection._futures_by_id.items()):
        answer(request_id, future)


class RestartingJob(local_job_service.BeamJob):
    """A job on as many workers as there are pools."""

    _workers: Sequence[PooledWorker] = ()

    def cancel(self) -> None:
        """Ends the job, and the processes that work on it."""
        super().cancel()
        for worker in self._workers:
            worker.stop_worker()

    def _invoke_runner(self) -> Any:
        self.set_state(beam_job_api_pb2.JobState.RUNNING)
        for restart in itertools.count(1):
            try:
                return self._run_once()
            except RuntimeError as error:
                traceback.print_exc()
                is_lost = any(sign in str(error) for sign in _LOSS_SIGNS)
                if not is_lost or restart > _RESTARTS or self._is_cancelled():
                    raise
                logging.warning("%s; the job begins again (%d of %d)", LOST, restart, _RESTARTS)
        raise AssertionError("unreachable")

    def _run_once(self) -> Any:
        self._workers = _job_of_thread.workers = []
        runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = Pools.count
        say = relay_progress(self._say)
        with progress.subscribe(say):
            return runner.run_via_runner_api(self._pipeline_proto, self.pipeline_options())

    def _is_cancelled(self) -> bool:
        return self.state == beam_job_api_pb2.JobState.CANCELLED

    def _say(self, text: str) -> None:
        self._log_queues.put(
            _Message(
                message_id=text,
                importance=_Message.JOB_MESSAGE_DEBUG,
                message_text=text,
            )
        )


def serve(port: int, pools: Sequence[str]) -> None:
    """Serves until the process ends.

    Args:
        port: Where to listen.
        pools: Addresses of worker pools, one worker of each for a job.
    """
    Pools.set(pools)
    # It would be the last error that a run hears of, in place of the traceback before it.
    said = logging.getLogger(local_job_service.__name__)
    said.addFilter(lambda record: record.msg != "Error running pipeline.")
    # GrpcServer names its servicer by this name.
    worker_handlers.BeamFnControlServicer = WatchfulControl
    service = local_job_service.LocalJobServicer(beam_job_type=RestartingJob)
    with count_records(lambda: {}):
        service.start_grpc_server(port)
        threading.Event().wait()


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pools", required=True, help="HOST:PORT,HOST:PORT")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    serve(given.port, given.pools.split(","))


if __name__ == "__main__":
    main()
