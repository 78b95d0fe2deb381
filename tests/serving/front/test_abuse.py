"""Callers who send what no client sends, or nothing, or go away: nobody else notices."""

from __future__ import annotations

import json
import threading

import grpc
import psutil
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import classification_pb2, predict_pb2

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_MIB = 2**20


@pytest.fixture
def silent(request):
    """Opens calls that never send their message."""
    end = threading.Event()
    request.addfinalizer(end.set)

    def messages():
        end.wait()
        yield from ()

    def open_calls(stubs, count):
        method = stubs.channel.stream_unary(_PREDICT)
        return [method.future(messages(), timeout=120) for _ in range(count)]

    return open_calls


def _in_flight(server, model="tiny"):
    return sum(record.in_flight for record in server._registry._records[model].values())


def _start(stubs, *args, **kwargs):
    request = stubs.request(*args, **kwargs)
    return stubs.prediction.Predict.future(request, timeout=120)


def test_silent_calls_block_nobody(shared_server, stubs, connect, silent):
    for _ in range(3):
        silent(connect(shared_server.port), 100)
    assert stubs.predict("tiny", name=["a"], timeout=20)["label"] == [b"v1:a"]
    health = health_pb2_grpc.HealthStub(stubs.channel)
    answer = health.Check(health_pb2.HealthCheckRequest(), timeout=20)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_silent_call_is_ended(tmp_path, publish, serve, silent):
    publish(tmp_path, "tiny", 1)
    _, stubs = serve(tmp_path, receive_timeout_s=0.5)
    [call] = silent(stubs, 1)
    with pytest.raises(grpc.RpcError) as caught:
        call.result(timeout=60)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.details() == "the message of this call was not sent within 0.5 s"


@pytest.mark.parametrize("way", ["cancel", "deadline", "close"])
def test_work_that_nobody_waits_for_ends(tmp_path, publish, serve, connect, until, way):
    publish(tmp_path, "tiny", 1)
    server, _ = serve(tmp_path)
    stubs = connect(server.port)
    request = stubs.request("tiny", "slow", seconds=[600.0])
    call = stubs.prediction.Predict.future(request, timeout=2 if way == "deadline" else 600)
    until(lambda: _in_flight(server) == 1)
    if way == "cancel":
        call.cancel()
    elif way == "close":
        stubs.channel.close()
    [queue] = _queues(server, until)
    until(lambda: not queue.running and not queue.waiting, 30)
    assert _in_flight(server) == 0


def test_what_waits_for_nobody_is_forgotten(tmp_path, publish, serve, until):
    from serving.config import BatchingConfig

    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path, batching=BatchingConfig(num_batch_threads=1))
    busy = _start(stubs, "tiny", "slow", seconds=[600.0])
    [queue] = _queues(server, until)
    until(lambda: len(queue.running) == 1)
    waiting = [_start(stubs, "tiny", name=[b"x" * _MIB]) for _ in range(4)]
    until(lambda: sum(len(batch.requests) for batch in queue.waiting) == 4)
    waiting[0].cancel()
    until(lambda: sum(batch.rows for batch in queue.waiting) == 3)
    for call in waiting[1:]:
        call.cancel()
    # The model is still busy, and would have kept what was sent until it is not.
    until(lambda: not queue.waiting)
    assert len(queue.running) == 1
    busy.cancel()


def _queues(server, until):
    scheduler = server._api._scheduler
    until(lambda: len(scheduler._queues) == 1)
    return list(scheduler._queues.values())


def test_a_run_goes_on_for_those_who_still_wait(tmp_path, publish, serve, until):
    from serving.config import BatchingConfig

    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path, batching=BatchingConfig(batch_timeout_micros=500_000))
    leaves, stays = (_start(stubs, "tiny", "slow", seconds=[2.0]) for _ in range(2))
    until(lambda: _in_flight(server) == 2)
    leaves.cancel()
    assert list(stays.result(timeout=60).outputs["seconds"].float_val) == [2.0]


def test_long_work_of_one_model_holds_up_no_other(tmp_path, publish, serve_apart):
    # In a process of its own, as `lianxi serve` is: here TensorFlow's threads are as they are.
    for name in ("busy", "tiny"):
        publish(tmp_path, name, 1)
    stubs = serve_apart(tmp_path)
    calls = [_start(stubs, "busy", "slow", seconds=[600.0]) for _ in range(20)]
    for _ in range(3):
        assert stubs.predict("tiny", name=["a"], timeout=20)["label"] == [b"v1:a"]
    assert not any(call.done() for call in calls)
    for call in calls:
        call.cancel()


def _promise(dtype, count, **values):
    proto = tensor_pb2.TensorProto(dtype=tf.dtypes.as_dtype(dtype).as_datatype_enum, **values)
    proto.tensor_shape.dim.add().size = count
    return proto


@pytest.mark.parametrize("count", [60_000_000, 2**40])
@pytest.mark.parametrize("sent", [[b"x"], [b"x" * 1000], []])
def test_a_shape_that_promises_more_than_is_sent(tmp_path, publish, serve, fails, count, sent):
    publish(tmp_path, "tiny", 1)
    _, stubs = serve(tmp_path, max_examples=2**62)
    before = psutil.Process().memory_info().rss
    lie = _promise("string", count, string_val=sent)
    message = fails("RESOURCE_EXHAUSTED", stubs.predict, "tiny", name=lie)
    assert f"promises {count} values, {len(sent)} were sent" in message
    number = _promise("float32", count, float_val=[1.0])
    assert "promises" in fails("RESOURCE_EXHAUSTED", stubs.predict, "tiny", "slow", seconds=number)
    assert psutil.Process().memory_info().rss - before < 200 * _MIB


def test_a_few_values_may_be_left_out(stubs):
    """TensorFlow repeats the last value, and clients rely on it for constants."""
    values = stubs.predict("tiny", name=_promise("string", 3, string_val=[b"a", b"b"]))
    assert list(values["label"]) == [b"v1:a", b"v1:b", b"v1:b"]


@pytest.mark.parametrize("declared", [None, 3])
def test_examples_in_a_request_are_bounded(tmp_path, publish, serve, fails, declared):
    version = publish(tmp_path, "tiny", 1)
    if declared:
        (version / "assets.extra").mkdir()
        limits = {"max_examples": declared}
        (version / "assets.extra" / "request_limits.json").write_text(json.dumps(limits))
    _, stubs = serve(tmp_path, max_examples=5)
    most = declared or 5
    assert len(stubs.predict("tiny", name=["a"] * most)["label"]) == most
    message = fails("RESOURCE_EXHAUSTED", stubs.predict, "tiny", name=["a"] * (most + 1))
    assert f"at most {most} examples in a request, got {most + 1}" in message
    request = stubs.examples_request(
        classification_pb2.ClassificationRequest, "tiny", "serve_examples", [0.5] * (most + 1)
    )
    fails("RESOURCE_EXHAUSTED", stubs.prediction.Classify, request, timeout=20)


def test_a_limit_that_says_nothing_keeps_the_version_out(tmp_path, publish, serve, fails):
    version = publish(tmp_path, "tiny", 1)
    (version / "assets.extra").mkdir()
    (version / "assets.extra" / "request_limits.json").write_text('{"max_examples": "many"}')
    lines: list[str] = []
    _, stubs = serve(tmp_path, lines)
    fails("NOT_FOUND", stubs.predict, "tiny", name=["a"])
    assert any('expected {"max_examples": N}' in line for line in lines)


def test_a_context_for_many_examples(stubs, fails):
    request = stubs.examples_request(
        classification_pb2.ClassificationRequest, "tiny", "serve_examples", []
    )
    listed = request.input.example_list_with_context
    listed.context.features.feature["x"].bytes_list.value.append(b"x" * _MIB)
    for _ in range(64):
        listed.examples.add()
    message = fails("RESOURCE_EXHAUSTED", stubs.prediction.Classify, request, timeout=20)
    assert "joined to 64 examples" in message


def test_more_strings_than_memory_is_for(stubs, fails):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tiny"
    request.inputs["name"].CopyFrom(tf.make_tensor_proto([b""] * 200_001))
    message = fails("RESOURCE_EXHAUSTED", stubs.prediction.Predict, request, timeout=60)
    assert message.startswith("a request may hold 200000 strings")


def test_memory_of_requests_in_flight_is_bounded(tmp_path, publish, serve, fails, until):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path, max_in_flight_mb=1)
    first = _start(stubs, "tiny", "slow", seconds=[600.0])
    until(lambda: _in_flight(server) == 1)
    message = fails("RESOURCE_EXHAUSTED", stubs.predict, "tiny", name=[b"x" * _MIB])
    assert message.endswith("the limit is 1 MiB; try again")
    assert stubs.predict("tiny", name=["a"])["label"] == [b"v1:a"]
    first.cancel()


def test_memory_of_the_process_is_bounded(tmp_path, publish, serve, fails, silent):
    publish(tmp_path, "tiny", 1)
    _, stubs = serve(tmp_path, max_memory_mb=1)
    assert "may hold 1 MiB" in fails("RESOURCE_EXHAUSTED", stubs.predict, "tiny", name=["a"])
    [call] = silent(stubs, 1)
    with pytest.raises(grpc.RpcError) as caught:
        call.result(timeout=60)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    health = health_pb2_grpc.HealthStub(stubs.channel)
    answer = health.Check(health_pb2.HealthCheckRequest(), timeout=20)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
