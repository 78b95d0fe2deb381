"""Warm-up, health, reflection, metrics and shutdown."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tensorflow_serving.apis import prediction_log_pb2

REPOSITORY = Path(__file__).parents[2]


def _warmup(version_path, logs):
    folder = version_path / "assets.extra"
    folder.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / "tf_serving_warmup_requests")) as writer:
        for log in logs:
            writer.write(log if isinstance(log, bytes) else log.SerializeToString())


def _counted_log(value=1.0):
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = "counted"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.full([1, 2], value, np.float32)))
    request.inputs["n"].CopyFrom(tf.make_tensor_proto(np.int64([1])))
    return log


def _example_log(kind):
    log = prediction_log_pb2.PredictionLog()
    request = getattr(log, kind).request
    if kind == "multi_inference_log":
        task = request.tasks.add(method_name="tensorflow/serving/regress")
        task.model_spec.name, task.model_spec.signature_name = "tiny", "regress"
    else:
        is_classify = kind == "classify_log"
        request.model_spec.signature_name = "serve_examples" if is_classify else "regress"
    example = request.input.example_list.examples.add()
    example.features.feature["x"].float_list.value.append(0.5)
    return log


def test_warmup_is_replayed(tmp_path, publish, serve):
    logs = [_counted_log(), _counted_log()]
    logs += [_example_log(f"{kind}_log") for kind in ("classify", "regress", "multi_inference")]
    logs.append(prediction_log_pb2.PredictionLog())
    _warmup(publish(tmp_path, "tiny", 1), logs)
    _, stubs = serve(tmp_path)
    assert stubs.predict("tiny", "runs", plus=np.int64(0))["runs"] == 2


def test_warmup_can_be_switched_off(tmp_path, publish, serve):
    _warmup(publish(tmp_path, "tiny", 1), [_counted_log()])
    _, stubs = serve(tmp_path, warmup=False)
    assert stubs.predict("tiny", "runs", plus=np.int64(0))["runs"] == 0


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        ([_counted_log(500.0)], "too big"),
        ([b"\xff\xff"], "Failed to parse warmup record"),
        ([prediction_log_pb2.PredictionLog()] * 1001, "exceeds the maximum (1000)"),
    ],
)
def test_bad_warmup_keeps_the_version_out(tmp_path, publish, serve, logs, message):
    publish(tmp_path, "tiny", 1)
    _warmup(publish(tmp_path, "tiny", 2), logs)
    lines = []
    _, stubs = serve(tmp_path, lines)
    assert stubs.states("tiny") == {1: "AVAILABLE", 2: "END"}
    assert any(line.startswith("tiny version 2 cannot") and message in line for line in lines)


def test_warmup_of_1000_records_is_allowed(tmp_path, publish, serve):
    _warmup(publish(tmp_path, "tiny", 1), [prediction_log_pb2.PredictionLog()] * 1000)
    _, stubs = serve(tmp_path)
    assert stubs.states("tiny") == {1: "AVAILABLE"}


def test_health(stubs):
    health = health_pb2_grpc.HealthStub(stubs.channel)
    for name in (
        "",
        "tensorflow.serving.PredictionService",
        "tensorflow.serving.ModelService",
    ):
        response = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
        assert response.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=10)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_reflection(stubs):
    reflection = reflection_pb2_grpc.ServerReflectionStub(stubs.channel)
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(
            file_containing_symbol="tensorflow.serving.PredictionService"
        ),
    ]
    listed, described = reflection.ServerReflectionInfo(iter(requests), timeout=10)
    names = {service.name for service in listed.list_services_response.service}
    assert names >= {
        "tensorflow.serving.PredictionService",
        "tensorflow.serving.ModelService",
        "grpc.health.v1.Health",
    }
    assert described.file_descriptor_response.file_descriptor_proto


def test_metrics(tmp_path, publish, serve, fails):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path, metrics_port=0)
    for _ in range(3):
        stubs.predict("tiny", name=["a", "b"])
    fails("INVALID_ARGUMENT", stubs.predict, "tiny", name=[1.0])
    fails("NOT_FOUND", stubs.predict, "made up", name=["a"])
    url = f"http://127.0.0.1:{server.metrics_port}/monitoring/prometheus/metrics"
    text = urllib.request.urlopen(url, timeout=10).read().decode()
    values = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(:tensorflow:serving:[^ ]+) ([0-9.e+]+)", line)
        if match:
            values[match[1]] = float(match[2])
    counter = ":tensorflow:serving:request_count_total"

    def find(name, **wanted):
        return [
            value
            for key, value in values.items()
            if key.startswith(name + "{")
            and all(f'{label}="{text}"' in key for label, text in wanted.items())
        ]

    assert find(counter, model_name="tiny", status="OK", signature="serving_default") == [3.0]
    assert find(counter, model_name="tiny", status="INVALID_ARGUMENT") == [1.0]
    assert find(counter, model_name="", status="NOT_FOUND") == [1.0]
    assert "made up" not in text
    latency = ":tensorflow:serving:request_latency_count"
    assert find(latency, model_name="tiny", status="OK", API="Predict") == [3.0]
    rows = ":tensorflow:serving:batching_session:processed_batch_size"
    assert find(rows + "_count", signature="serving_default") == [3.0]
    assert find(rows + "_sum", signature="serving_default") == [6.0]
    assert find(":tensorflow:serving:model_version_loaded", version="1") == [1.0]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/", timeout=10)


def test_stop_finishes_requests_in_flight(tmp_path, publish, serve, until):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path)
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(stubs.predict("tiny", "slow", seconds=[1.5]))
    )
    thread.start()
    until(lambda: server._registry._records["tiny"][1].in_flight == 1)
    started_s = time.monotonic()
    server.stop(grace_s=20)
    assert time.monotonic() - started_s < 10
    thread.join()
    assert answers[0]["seconds"] == [1.5]
    with pytest.raises(grpc.RpcError) as caught:
        stubs.predict("tiny", name=["a"], timeout=2)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    server.stop()


SCRIPT = """
import sys
from serving.config import ServerConfig
from serving.server import Server
assert "tensorflow" not in sys.modules
server = Server(sys.argv[1], ServerConfig(port=0), lambda line: print(line, flush=True))
server.start()
server.wait()
"""


def test_sigterm(tmp_path, publish, connect):
    publish(tmp_path, "tiny", 1)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith("serving gRPC on"):
            break
    port = int(lines[-1].rsplit(":", 1)[1])
    stubs = connect(port)
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(stubs.predict("tiny", "slow", seconds=[1.5]))
    )
    thread.start()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    thread.join()
    assert answers[0]["seconds"] == [1.5]
    assert "stopped" in process.stdout.read()


def test_sigint(tmp_path, publish, serve, until):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(tmp_path)
    answers = []
    before = signal.getsignal(signal.SIGINT)

    def call_and_interrupt():
        future = stubs.prediction.Predict.future(stubs.request("tiny", "slow", seconds=[1.0]))
        until(lambda: server._registry._records["tiny"][1].in_flight == 1)
        os.kill(os.getpid(), signal.SIGINT)
        answers.append(future.result())

    thread = threading.Thread(target=call_and_interrupt)
    thread.start()
    server.wait()
    thread.join()
    assert list(answers[0].outputs["seconds"].float_val) == [1.0]
    assert signal.getsignal(signal.SIGINT) is before


def test_nothing_imports_tensorflow_early():
    code = (
        "import sys, serving.server, serving.client, serving.config, serving.files.container\n"
        "assert 'tensorflow' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)
