"""When the client asks again, and for how long, over gRPC and over REST."""

import http.server
import itertools
import socket
import threading
import time
from concurrent import futures

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2

from lianxi_client import Client, ClientError

_ANSWER = get_model_status_pb2.GetModelStatusResponse(
    model_version_status=[get_model_status_pb2.ModelVersionStatus(version=3, state="AVAILABLE")]
)
_JSON = b'{"model_version_status": [{"version": "3", "state": "AVAILABLE", "status": {}}]}'
_STATUS = {"UNAVAILABLE": 503, "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "NOT_FOUND": 404}


class FlakyGrpc:
    """Fails a few times, then answers GetModelStatus."""

    def __init__(self, code="UNAVAILABLE", said="not now", failures=0, port=0):
        self.calls = []

        def answer(request, context):
            self.calls.append(time.monotonic())
            if len(self.calls) <= failures:
                context.abort(grpc.StatusCode[code], said)
            return _ANSWER.SerializeToString()

        handler = grpc.unary_unary_rpc_method_handler(answer)
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        service = "tensorflow.serving.ModelService"
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"GetModelStatus": handler}),)
        )
        self.address = f"127.0.0.1:{self.server.add_insecure_port(f'127.0.0.1:{port}')}"
        self.server.start()

    def stop(self):
        self.server.stop(0).wait()


class FlakyRest:
    """The same over HTTP."""

    def __init__(self, code="UNAVAILABLE", said="not now", failures=0, port=0):
        self.calls = calls = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                calls.append(time.monotonic())
                is_failure = len(calls) <= failures
                body = f'{{"error": "{said}"}}'.encode() if is_failure else _JSON
                self.send_response(_STATUS[code] if is_failure else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


both = pytest.mark.parametrize("flaky", [FlakyGrpc, FlakyRest])


@both
@pytest.mark.parametrize(
    ("code", "said", "is_retried"),
    [
        ("UNAVAILABLE", "the queue is full", True),
        ("RESOURCE_EXHAUSTED", "requests in flight take 3 MiB; try again", True),
        ("RESOURCE_EXHAUSTED", "a request may have 3 bytes", False),
        ("INTERNAL", "", False),
        ("NOT_FOUND", "no such model", False),
    ],
)
def test_only_what_the_server_refuses_to_run_is_asked_again(flaky, code, said, is_retried):
    server = flaky(code, said, failures=3)
    with Client(server.address, timeout_s=20) as client:
        if is_retried:
            assert client.status("m")[0].version == 3
            pauses = [after - before for before, after in itertools.pairwise(server.calls)]
            assert len(pauses) == 3 and pauses[0] >= 0.025 and pauses[2] > 0.1
        else:
            with pytest.raises(ClientError, match=said) as caught:
                client.status("m")
            assert caught.value.code == code and len(server.calls) == 1
    server.stop()


@both
def test_it_goes_on_until_the_deadline(flaky):
    server = flaky(failures=10**6)
    started_s = time.monotonic()
    with Client(server.address, timeout_s=3, connect_timeout_s=0.1) as client:
        with pytest.raises(ClientError, match="not now") as caught:
            client.status("m")
    assert caught.value.code == "UNAVAILABLE"
    assert 1 < time.monotonic() - started_s < 10 and len(server.calls) >= 4
    server.stop()


@both
def test_no_retries_if_none_are_wanted(flaky):
    server = flaky(failures=1)
    with Client(server.address, max_retries=0) as client:
        with pytest.raises(ClientError, match="not now"):
            client.status("m")
        assert client.status("m")
    server.stop()


@both
def test_a_server_that_restarts_is_waited_for(flaky):
    first = flaky()
    with Client(first.address, timeout_s=30, connect_timeout_s=0.1) as client:
        assert client.status("m")
        first.stop()
        port = int(first.address.rpartition(":")[2])
        again = []
        timer = threading.Timer(1.5, lambda: again.append(flaky(port=port)))
        timer.start()
        assert client.status("m")[0].version == 3
        timer.join()
    again[0].stop()


@both
def test_a_server_that_was_never_there_is_told_soon(flaky):
    server = flaky()
    server.stop()
    started_s = time.monotonic()
    with Client(server.address, connect_timeout_s=0.5) as client:
        with pytest.raises(ClientError, match="is a server running there") as caught:
            client.status("m")
        assert caught.value.code == "UNAVAILABLE"
        assert 0.1 < time.monotonic() - started_s < 10
        # Whoever waits for a server expects that it is not there yet.
        timer = threading.Timer(1.5, lambda: flaky(port=int(server.address.rpartition(":")[2])))
        timer.start()
        assert client.wait_until_ready("m", timeout_s=30) == 3
        timer.join()


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_host_that_says_nothing_is_told_soon(scheme):
    # A listener whose queue is full answers no attempt to connect.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        address = silent.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        with Client(f"{scheme}127.0.0.1:{address[1]}", connect_timeout_s=0.5) as client:
            started_s = time.monotonic()
            with pytest.raises(ClientError, match="is a server running there") as caught:
                client.status("m")
        assert caught.value.code == "UNAVAILABLE"
        assert time.monotonic() - started_s < 10
        for each in waiting:
            each.close()


def test_what_kills_the_server_is_sent_three_times_at_most():
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def break_off():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                taken.append(connection.recv(65536))
                connection.close()

        threading.Thread(target=break_off, daemon=True).start()
        with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=20) as client:
            with pytest.raises(ClientError, match="broke off") as caught:
                client.status("m")
    assert caught.value.code == "UNAVAILABLE" and len(taken) == 3


@both
def test_no_call_without_time(flaky):
    server = flaky()
    with Client(server.address) as client:
        for timeout_s in (0, -1.0):
            with pytest.raises(ClientError, match="no time is left") as caught:
                client.status("m", timeout_s=timeout_s)
            assert caught.value.code == "DEADLINE_EXCEEDED"
        with pytest.raises(ClientError) as caught:
            client.status("m", timeout_s=float("nan"))
        assert caught.value.code == "INVALID_ARGUMENT"
    assert not server.calls
    server.stop()
