"""A pool of Beam's Python workers, forked from a process that has imported what they need.

Beam's own (`apache_beam.runners.worker.worker_pool_main`) starts `python`, whichever comes first,
for each job anew: half a minute of imports for a component of TFX, on every worker. It also keeps
what workers print in a pipe that nobody reads.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import signal
from collections import defaultdict
from collections.abc import Sequence
from multiprocessing import connection
from multiprocessing.context import ForkServerProcess

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.worker import sdk_worker
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

from modules.common.runtime.stack import prepare_environment
from pipelines.cluster.marked_processes import processor_seconds

# What functions of TFX's components import, and those of ours.
_IMPORTED = (
    "apache_beam.runners.worker.sdk_worker",
    "tensorflow",
    "tensorflow_transform.beam",
    "tensorflow_data_validation",
    "tensorflow_model_analysis",
    "components.example_gen.base",
)
_END_WITHIN_S = 10.0


class ForkingPool(BeamFnExternalWorkerPoolServicer):
    """Starts and ends workers, as Beam's pool does, by forking."""

    def __init__(self, **options: object) -> None:
        """Begins to import at once, so that the first job need not wait for it."""
        super().__init__(**options)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(_IMPORTED))
        self._forked: dict[str, list[ForkServerProcess]] = defaultdict(list)
        warm = self._context.Process(target=_do_nothing)
        warm.start()

    def StartWorker(
        self, request: beam_fn_api_pb2.StartWorkerRequest, _: object
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Starts the worker that a runner asks for."""
        # Not a daemon, which could start no processes: readers of pictures and sounds do.
        worker = self._context.Process(
            target=run_worker, args=(request.control_endpoint.url, request.worker_id)
        )
        try:
            worker.start()
        except OSError as error:
            return beam_fn_api_pb2.StartWorkerResponse(error=f"no process can be started: {error}")
        logging.info("worker %s is process %d", request.worker_id, worker.pid)
        self._forked[request.worker_id].append(worker)
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(
        self, request: beam_fn_api_pb2.StopWorkerRequest, _: object
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Ends a worker, whatever it does."""
        same = self._forked.get(request.worker_id, [])
        for worker in _find_ended(same) if len(same) > 1 else list(same):
            same.remove(worker)
            _end(worker, request.worker_id)
        return beam_fn_api_pb2.StopWorkerResponse()


def _find_ended(workers: Sequence[ForkServerProcess]) -> list[ForkServerProcess]:
    """Finds which of several workers of one name is meant: the one that ends by itself.

    Runners that share a pool, as the TaskManagers of one machine do, name their workers each for
    itself. A runner closes the connection to a worker before it has it ended.
    """
    ended = connection.wait([worker.sentinel for worker in workers], _END_WITHIN_S)
    return [worker for worker in workers if worker.sentinel in ended]


def _end(worker: ForkServerProcess, name: str) -> None:
    if worker.pid is not None and worker.is_alive():
        _note_used(name, worker.pid, processor_seconds(worker.pid))
        worker.terminate()
    worker.join(_END_WITHIN_S)
    if worker.is_alive():
        worker.kill()


def _note_used(name: str, pid: int, seconds: float) -> None:
    logging.info("worker %s, process %d, used %.1f processor seconds", name, pid, seconds)


def run_worker(control: str, worker_id: str) -> None:
    """Works for a runner until it says that nothing more is to be done.

    Args:
        control: Where the runner is.
        worker_id: What it calls this worker.
    """
    # What was imported has taken the log over, for warnings only.
    logging.basicConfig(level=logging.INFO, force=True)
    sdk_worker.SdkHarness(control, worker_id=worker_id).run()
    _note_used(worker_id, os.getpid(), sum(os.times()[:2]))


def _do_nothing() -> None:
    """Has the process that workers are forked from begin its imports."""


def main() -> None:
    """Reads the command line and serves until it is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service_port", type=int, required=True)
    given = parser.parse_args()
    prepare_environment()
    logging.basicConfig(level=logging.INFO)
    # At once: Python would wait for the workers.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _, server = ForkingPool.start(port=given.service_port)
    logging.info("listening on port %d", given.service_port)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
