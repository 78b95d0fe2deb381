"""Merging of requests: fewer runs than calls, and no caller pays for another."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from serving.config import BatchingConfig


@pytest.fixture
def batched(tmp_path, publish, serve):
    """Starts a server with a window long enough to be sure of merging."""

    def start(**parameters):
        publish(tmp_path, "tiny", 1)
        settings = {"batch_timeout_micros": 200_000, "num_batch_threads": 1, **parameters}
        return serve(tmp_path, batching=BatchingConfig(**settings))[1]

    return start


def _sum(stubs, value, n, columns=1):
    x = np.full([columns, 2], value, np.float32)
    return stubs.predict("tiny", "counted", x=x, n=np.full([columns], n, np.int64))


def _runs(stubs):
    return int(stubs.predict("tiny", "runs", plus=np.int64(0))["runs"])


def _together(calls):
    """Runs calls at once; returns the value or the exception of each."""

    def guarded(call):
        try:
            return call()
        except grpc.RpcError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(guarded, calls))


def test_requests_are_merged_and_taken_apart(batched):
    stubs = batched()
    rows = [1 + index % 3 for index in range(12)]
    answers = _together(
        [lambda i=i: _sum(stubs, float(i), n=i, columns=rows[i]) for i in range(12)]
    )
    for index, answer in enumerate(answers):
        np.testing.assert_array_equal(answer["sum"], [3.0 * index] * rows[index])
    assert _runs(stubs) < 6
    assert max(answer["batch_rows"].max() for answer in answers) > 3


def test_full_batch_does_not_wait(batched):
    stubs = batched(max_batch_size=4, batch_timeout_micros=20_000_000)
    started_s = time.monotonic()
    answers = _together([lambda i=i: _sum(stubs, 1.0, n=i) for i in range(8)])
    assert time.monotonic() - started_s < 10
    assert [answer["sum"][0] for answer in answers] == [2.0 + i for i in range(8)]
    assert all(answer["batch_rows"] == [4] for answer in answers)
    assert _runs(stubs) == 2


def test_disabled(batched):
    stubs = batched(enabled=False)
    answers = _together([lambda: _sum(stubs, 1.0, n=1) for _ in range(6)])
    assert all(answer["batch_rows"] == [1] for answer in answers)
    assert _runs(stubs) == 6


def test_padding_to_allowed_sizes(batched):
    stubs = batched(max_batch_size=8, allowed_batch_sizes=(4, 8))
    answer = _sum(stubs, 1.0, n=5, columns=3)
    np.testing.assert_array_equal(answer["sum"], [7.0, 7.0, 7.0])
    np.testing.assert_array_equal(answer["batch_rows"], [4, 4, 4])


def test_request_larger_than_a_batch_runs_alone(batched):
    stubs = batched(max_batch_size=4)
    answer = _sum(stubs, 1.0, n=0, columns=9)
    np.testing.assert_array_equal(answer["batch_rows"], [9] * 9)


def test_bad_batch_mate_is_isolated(batched):
    stubs = batched()
    values = [1.0, 2.0, 500.0, 3.0]
    answers = _together([lambda v=v: _sum(stubs, v, n=0) for v in values])
    assert [a["sum"][0] for i, a in enumerate(answers) if i != 2] == [2.0, 4.0, 6.0]
    assert answers[2].code() is grpc.StatusCode.INVALID_ARGUMENT
    assert answers[2].details().startswith("assertion failed: [too big]")


def test_malformed_request_never_reaches_the_batch(batched):
    stubs = batched()
    calls = [lambda: _sum(stubs, 1.0, n=1) for _ in range(4)]
    calls.append(lambda: stubs.predict("tiny", "counted", x=np.zeros([1, 3], np.float32), n=[1]))
    answers = _together(calls)
    assert answers[4].code() is grpc.StatusCode.INVALID_ARGUMENT
    assert all(answer["sum"] == [3.0] for answer in answers[:4])
    assert _runs(stubs) < 4


def test_inputs_of_unequal_length_are_not_merged(batched):
    stubs = batched()
    x = np.ones([3, 2], np.float32)
    answers = _together(
        [lambda: stubs.predict("tiny", "counted", x=x, n=np.int64([1])) for _ in range(3)]
    )
    for answer in answers:
        np.testing.assert_array_equal(answer["sum"], [3.0, 3.0, 3.0])
        np.testing.assert_array_equal(answer["batch_rows"], [1])


def test_output_that_is_no_batch_is_run_one_by_one(batched):
    stubs = batched()
    calls = [
        lambda i=i: stubs.predict("tiny", "whole_batch", x=np.float32([i, i + 1])) for i in range(4)
    ]
    for _ in range(2):
        answers = _together(calls)
        assert [float(answer["mean"][0]) for answer in answers] == [0.5, 1.5, 2.5, 3.5]


def test_deadline_in_the_queue(batched):
    stubs = batched(batch_timeout_micros=0)
    blocker = threading.Thread(target=lambda: stubs.predict("tiny", "slow", seconds=[2.0]))
    blocker.start()
    time.sleep(0.3)
    started_s = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        stubs.predict(
            "tiny", "counted", timeout=0.3, x=np.ones([1, 2], np.float32), n=np.int64([1])
        )
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started_s < 1.5
    blocker.join()
    # The expired request was dropped, not run late.
    assert _runs(stubs) == 0


def test_full_queue(batched):
    stubs = batched(max_batch_size=1, max_enqueued_batches=2, batch_timeout_micros=0)
    answers = _together([lambda: stubs.predict("tiny", "slow", seconds=[0.3]) for _ in range(8)])
    refused = [answer for answer in answers if isinstance(answer, grpc.RpcError)]
    assert 0 < len(refused) < 8
    for error in refused:
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert error.details() == (
            "The batch scheduling queue to which this task was submitted is full"
        )


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_batch_size": 0},
        {"max_enqueued_batches": 0},
        {"num_batch_threads": 0},
        {"batch_timeout_micros": -1},
        {"max_batch_size": 8, "allowed_batch_sizes": (4,)},
        {"max_batch_size": 8, "allowed_batch_sizes": (8, 4)},
    ],
)
def test_impossible_parameters(parameters):
    with pytest.raises(ValueError, match=next(reversed(parameters))):
        BatchingConfig(**parameters)
