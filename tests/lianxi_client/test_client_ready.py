"""Waiting for a model."""

import http.server
import json
import threading

import pytest

from lianxi_client import Client, ClientError


class States:
    """A REST server that says one after another of these states, then the last."""

    def __init__(self, *answers):
        left = list(answers)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, states = left.pop(0) if len(left) > 1 else left[0]
                entries = [
                    {"version": str(version), "state": state, "status": {"error_message": error}}
                    for version, state, error in states
                ]
                document = {"model_version_status": entries} if entries else {"error": "no model"}
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def test_it_waits_until_a_version_can_answer():
    loading = (200, [(7, "LOADING", "")])
    with States((404, []), loading, (200, [(7, "LOADING", ""), (6, "AVAILABLE", "")])) as address:
        with Client(address) as client:
            assert client.wait_until_ready("m", timeout_s=60) == 6


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((404, []), "DEADLINE_EXCEEDED", "m is not ready: no model"),
        ((200, [(7, "LOADING", "")]), "DEADLINE_EXCEEDED", "not ready: version 7 LOADING"),
        ((200, [(7, "END", "no memory")]), "FAILED_PRECONDITION", "load: version 7 END no memory"),
        ((403, []), "PERMISSION_DENIED", "no model"),
    ],
)
def test_it_says_what_it_saw_last(answer, code, said):
    with States(answer) as address, Client(address) as client:
        with pytest.raises(ClientError, match=said) as caught:
            client.wait_until_ready("m", timeout_s=0.5)
        assert caught.value.code == code


def test_a_model_that_answers(shared_server):
    with Client(f"localhost:{shared_server.port}") as client:
        assert client.wait_until_ready("tiny") == 1
