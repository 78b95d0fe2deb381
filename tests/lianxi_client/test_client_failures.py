"""Whatever goes wrong is a ClientError in one line."""

import http.server
import os
import socket
import threading

import numpy as np
import pytest

from lianxi_client import Client, ClientError, Tls
from lianxi_client.address import parse_address


def fails(code, said, call, *args, **kwargs):
    with pytest.raises(ClientError, match=said) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code, caught.value
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


@pytest.mark.parametrize(
    ("given", "has_tls", "is_rest", "is_tls", "target"),
    [
        ("localhost:8500", False, False, False, "localhost:8500"),
        ("grpc://h:1", False, False, False, "h:1"),
        ("grpcs://h:1", False, False, True, "h:1"),
        ("grpcs://h", False, False, True, "h:443"),
        ("h:1", True, False, True, "h:1"),
        ("[::1]:8500", False, False, False, "[::1]:8500"),
        ("unix:/tmp/socket", False, False, False, "unix:/tmp/socket"),
        ("dns:///h:1", False, False, False, "dns:///h:1"),
        ("http://h:8501", False, True, False, "http://h:8501"),
        ("http://h", False, True, False, "http://h"),
        ("https://h/some/path/", True, True, True, "https://h/some/path"),
    ],
)
def test_addresses(given, has_tls, is_rest, is_tls, target):
    address = parse_address(given, has_tls)
    assert (address.is_rest, address.is_tls, address.target) == (is_rest, is_tls, target)


@pytest.mark.parametrize(
    "given", ["127.0.0.1:1", "localhost:1", "http://[::1]:1", "http://a.localhost"]
)
def test_this_very_machine_needs_no_proxy(given):
    assert parse_address(given, False).is_loopback


@pytest.mark.parametrize(
    "address",
    [None, 8500, b"h:1", "", "localhost", "h:0", "h:x", "h:99999", "::1:8500", "h:1/x", "a b:1",
     "ftp://h:1", "http://", "http://u:p@h", "http://h/v1/models", "http://h?x=1", "h\0:1", "[h:1"],
)  # fmt: skip
def test_what_is_no_address(address):
    fails("INVALID_ARGUMENT", "address", Client, address)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timeout_s": "1"}, "timeout_s must be a number"),
        ({"timeout_s": True}, "timeout_s must be a number"),
        ({"max_message_mb": 0}, "max_message_mb must be at least 1"),
        ({"tls": "ca.pem"}, "tls must be a Tls"),
        ({"tls": Tls(ca="/no/such/file")}, "cannot read '/no/such/file': No such file"),
        ({"tls": Tls(ca=b"nothing")}, "tls.ca must be PEM"),
        ({"tls": Tls(ca=b"-----BEGIN CERTIFICATE-----\n")}, "no certificate in PEM"),
        ({"tls": Tls(cert=b"-----BEGIN X")}, "both cert and key"),
        ({"tls": Tls(cert=b"-----BEGIN X", key=b"-----BEGIN X")}, "and its private key"),
        ({"tls": Tls(ca=7)}, "tls.ca must be a path or PEM"),
    ],
)
def test_what_cannot_work_is_told_at_once(options, said):
    fails("INVALID_ARGUMENT", said, Client, "localhost:1", **options)


def test_a_name_is_a_name(shared_server):
    with Client(f"localhost:{shared_server.port}") as client:
        for model in (None, 3, "", "a\0b", "a\nb", "\ud800"):
            fails("INVALID_ARGUMENT", "model", client.predict, model, name=["a"])
        for version in (-1, 2**63, 1.0, True, "", "a\0"):
            fails("INVALID_ARGUMENT", "version", client.metadata, "tiny", version=version)
        for inputs in ([1], "x", {3: [1]}, {"a\0": [1]}):
            fails("INVALID_ARGUMENT", "input", client.predict, "tiny", inputs)
        for names in ("label", [1], 7):
            fails("INVALID_ARGUMENT", "output", client.predict, "tiny", name=["a"],
                  output_filter=names)  # fmt: skip
        fails("INVALID_ARGUMENT", "signature_name", client.predict, "tiny", signature_name=None)
        for examples in (b"x", "x", {"x": 1}, 3, None, [3], [{"x": None}], [{"x": [1, "a"]}],
                         [{3: 1}]):  # fmt: skip
            fails("INVALID_ARGUMENT", "example", client.classify, "tiny", examples)


def test_a_request_that_is_too_large(shared_server):
    with Client(f"localhost:{shared_server.port}", max_message_mb=1) as client:
        fails("RESOURCE_EXHAUSTED", "larger than max_message_mb", client.predict, "tiny",
              signature_name="counted", x=np.zeros((200_000, 2)), n=np.zeros(200_000))  # fmt: skip


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_closed_client(scheme):
    client = Client(f"{scheme}localhost:1")
    client.close()
    client.close()
    fails("FAILED_PRECONDITION", "is closed", client.status, "m")


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_client_of_another_process(scheme, monkeypatch):
    client = Client(f"{scheme}localhost:1")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    fails("FAILED_PRECONDITION", "made before a fork", client.status, "m")


@pytest.mark.parametrize("address", ["no-such-host.invalid:1", "http://no-such-host.invalid:1"])
def test_no_such_host(address):
    with Client(address, connect_timeout_s=0.3) as client:
        fails("UNAVAILABLE", "is a server running there", client.status, "m")


def test_a_certificate_for_nothing(shared_server):
    with Client(f"grpcs://localhost:{shared_server.port}") as client:
        fails("UNAVAILABLE", "TLS", client.status, "tiny")


class Canned:
    """Answers every HTTP request alike."""

    def __init__(self, status, body, **headers):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self.address

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (200, b"<html>hello</html>", "INTERNAL", "is that a TensorFlow Serving server"),
        (200, b"[1]", "INTERNAL", "is that a TensorFlow Serving server"),
        (200, b"{}", "INTERNAL", "is that a TensorFlow Serving server"),
        (200, b'{"model_version_status": [7]}', "INTERNAL", "no states of versions"),
        (200, b"[" * 100_000, "INTERNAL", "nested too deeply|cannot be read"),
        (404, b"<html>no</html>", "NOT_FOUND", "is that its REST port"),
        (404, b'{"error": "no such\\nmodel"}', "NOT_FOUND", "no such model"),
        (400, b'{"error": "bad"}', "INVALID_ARGUMENT", "bad"),
        (401, b"who", "UNAUTHENTICATED", "status 401: who"),
        (302, b"", "UNIMPLEMENTED", "redirects to http://elsewhere"),
        (504, b'{"error": "late"}', "DEADLINE_EXCEEDED", "late"),
        (418, b"tea", "INVALID_ARGUMENT", "status 418: tea"),
    ],
)
def test_what_other_servers_say(status, body, code, said):
    with Canned(status, body, Location="http://elsewhere") as address:
        with Client(f"http://{address}") as client:
            fails(code, said, client.status, "m")
            fails(code, "", client.predict, "m", x=[1])


def test_an_answer_that_is_too_large():
    with Canned(200, b" " * 2**21) as address:
        with Client(f"http://{address}", max_message_mb=1) as client:
            fails("RESOURCE_EXHAUSTED", "max_message_mb", client.status, "m")


def test_grpc_where_http_is_spoken_and_the_reverse(shared_server):
    with Canned(200, b"{}") as address, Client(address) as client:
        fails("UNAVAILABLE", "is that its gRPC port", client.status, "m", timeout_s=20)
    with Client(f"http://localhost:{shared_server.port}") as client:
        fails("UNAVAILABLE", "is that its REST port|broke off", client.status, "m", timeout_s=20)


def test_an_interrupt_is_not_swallowed(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr("time.sleep", interrupt)
        with Client(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            with pytest.raises(KeyboardInterrupt):
                client.status("m")
