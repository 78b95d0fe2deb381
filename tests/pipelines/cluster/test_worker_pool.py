"""Workers of a pool: which of those that several runners call the same is ended."""

from __future__ import annotations

import multiprocessing
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from apache_beam.portability.api import beam_fn_api_pb2

from pipelines.cluster.worker_pool import ForkingPool

_SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def pool() -> Iterator[Any]:
    """A pool that imports nothing."""
    made = ForkingPool.__new__(ForkingPool)
    made._forked = defaultdict(list)
    yield made
    for worker in (each for same in made._forked.values() for each in same):
        worker.kill()


def start(pool: Any, name: str, seconds: float) -> Any:
    worker = _SPAWN.Process(target=time.sleep, args=(seconds,))
    worker.start()
    pool._forked[name].append(worker)
    return worker


def stop(pool: Any, name: str) -> None:
    pool.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id=name), None)


def test_a_worker_is_ended_whatever_it_does(pool: Any) -> None:
    worker, other = start(pool, "1-1", 600), start(pool, "1-2", 600)
    stop(pool, "1-1")
    assert not worker.is_alive() and other.is_alive()


def test_of_two_of_one_name_the_one_that_ends_by_itself_is_meant(pool: Any) -> None:
    working, ended = start(pool, "1-1", 600), start(pool, "1-1", 0)
    stop(pool, "1-1")
    assert working.is_alive() and not ended.is_alive()
    stop(pool, "1-1")
    assert not working.is_alive()


def test_a_worker_that_is_not_known_is_no_fault(pool: Any) -> None:
    stop(pool, "1-1")
