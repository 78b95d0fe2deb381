"""Callers of the REST port that are slow, large, idle, many, or gone."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rest_asking import ask
from test_client_tls import Authority

from serving.config import ServerConfig, TlsConfig
from serving.server import Server

PREDICT = "/v1/models/tiny:predict"
METRICS = "/monitoring/prometheus/metrics"


@pytest.fixture(scope="module")
def server(shared_root: Path) -> Iterator[Server]:
    """A server that waits a second for a body, and takes a MiB."""
    config = ServerConfig(
        port=0, rest_port=0, poll_interval_s=0.5, max_message_mb=1, receive_timeout_s=1
    )
    with Server(shared_root, config) as server:
        server.wait_until_available("tiny", timeout_s=60)
        yield server


def connect(server: Server) -> socket.socket:
    assert server.rest_port is not None
    return socket.create_connection(("127.0.0.1", server.rest_port), timeout=30)


def read_all(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def head(length: int | None, *more: str) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return "\r\n".join([f"POST {PREDICT} HTTP/1.1", "Host: x", size, *more, "", ""]).encode()


def test_body_that_says_it_is_too_large(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head((1 << 20) + 1))
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"a request may have 1048576 bytes, this one has more" in answer


def test_chunked_body_that_is_too_large(server: Server) -> None:
    with connect(server) as connection:
        try:
            connection.sendall(head(None) + b"10000\r\n" + b" " * 65_536)
            for _ in range(20):
                connection.sendall(b"\r\n10000\r\n" + b" " * 65_536)
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert b" 413 " in read_all(connection)[:20]


def test_body_that_does_not_come(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head(100) + b'{"instances"')
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body of this request was not sent within 1 s" in answer


def test_body_that_drips(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(head(1000))
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 30:
                connection.sendall(b" ")
                time.sleep(0.1)
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("sent", [b"", b"GET /v1/models/tiny HTTP/1.1\r\nHost:"])
def test_head_that_does_not_come(server: Server, sent: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""


def test_idle_connection_is_closed(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /v1/models/tiny HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"\0" * 100])
def test_what_is_no_http(server: Server, garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with connect(server) as connection:
        connection.sendall(garbage)
        answer = read_all(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.")
    assert b"Traceback" not in answer
    assert ask(server.rest_port, "GET", "/v1/models/tiny").status == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_address_with_its_host(server: Server) -> None:
    # http.client sends the path as it is given, as a caller of a proxy does.
    assert ask(server.rest_port, "GET", "http://host:1/v1/models/tiny").status == 200


def test_many_waiting_callers_block_nobody(server: Server) -> None:
    waiting = [connect(server) for _ in range(100)]
    for connection in waiting:
        connection.sendall(head(100))
    began = time.monotonic()
    assert ask(server.rest_port, "POST", PREDICT, '{"instances": ["a"]}').status == 200
    assert time.monotonic() - began < 10
    for connection in waiting:
        connection.close()


def test_connection_is_kept_for_further_requests(server: Server) -> None:
    assert server.rest_port is not None
    connection = http.client.HTTPConnection("127.0.0.1", server.rest_port, timeout=30)
    for body, status in (('{"instances": ["a"]}', 200), ("{", 400), ('{"inputs": ["b"]}', 200)):
        connection.request("POST", PREDICT, body)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (status, True)
        assert response.getheader("Connection") != "close"
    connection.close()


def test_expectation_of_100_continue_is_met(server: Server) -> None:
    body = b'{"instances": ["a"]}'
    with connect(server) as connection:
        connection.sendall(head(len(body), "Expect: 100-continue", "Connection: close"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def test_values_that_would_take_too_much_memory(
    serve: Callable[..., tuple[Server, object]], shared_root: Path
) -> None:
    server, _ = serve(shared_root, rest_port=0, max_in_flight_mb=4)
    body = b'{"inputs": [' + b"[]," * 300_000 + b"[]]}"
    answer = ask(server.rest_port, "POST", PREDICT, body)
    assert answer.status == 429
    assert answer.error.startswith("this body of 900016 bytes has too many values")


def test_caller_that_goes_ends_the_work(server: Server) -> None:
    body = json.dumps({"signature_name": "slow", "inputs": [600]}).encode()
    with connect(server) as connection:
        connection.sendall(head(len(body)) + body)
        time.sleep(0.5)
    cancelled = ':request_count_total{API="Predict",model_name="tiny",signature="slow",'
    cancelled += 'status="CANCELLED"} 1.0'
    until = time.monotonic() + 30
    while cancelled not in ask(server.rest_port, "GET", METRICS).text:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_answer_that_takes_too_long(shared_root: Path) -> None:
    config = ServerConfig(port=0, rest_port=0, rest_timeout_s=0.5)
    with Server(shared_root, config) as server:
        server.wait_until_available("tiny", timeout_s=60)
        body = {"signature_name": "slow", "inputs": [600]}
        assert ask(server.rest_port, "POST", PREDICT, body).status == 504


def test_port_that_is_taken(server: Server, shared_root: Path) -> None:
    assert server.rest_port is not None
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{server.rest_port}"):
        Server(shared_root, ServerConfig(port=0, rest_port=server.rest_port)).start()


def test_stopping_finishes_what_is_in_flight(shared_root: Path) -> None:
    server = Server(shared_root, ServerConfig(port=0, rest_port=0))
    server.start()
    server.wait_until_available("tiny", timeout_s=60)
    body = json.dumps({"signature_name": "slow", "inputs": [1.5]}).encode()
    with connect(server) as busy, connect(server) as idle:
        busy.sendall(head(len(body)) + body)
        time.sleep(0.5)
        server.stop(grace_s=20)
        assert b'"outputs": [\n        1.5' in read_all(busy)
        assert read_all(idle) == b""


@pytest.mark.parametrize("client_verify", [False, True])
def test_tls(
    serve: Callable[..., tuple[Server, object]],
    shared_root: Path,
    tmp_path: Path,
    client_verify: bool,
) -> None:
    authority = Authority()
    certificate, key = authority.issue("localhost")
    ca = authority.pem.decode()
    tls = TlsConfig(key.decode(), certificate.decode(), ca, client_verify)
    server, _ = serve(shared_root, rest_port=0, host="localhost", tls=tls)
    assert server.rest_port is not None

    def status(context: ssl.SSLContext) -> int:
        connection = http.client.HTTPSConnection(
            "localhost", server.rest_port, timeout=30, context=context
        )
        try:
            connection.request("GET", "/v1/models/tiny")
            return connection.getresponse().status
        finally:
            connection.close()

    context = ssl.create_default_context(cadata=ca)
    if client_verify:
        with pytest.raises(OSError):
            status(context)
        (tmp_path / "caller.pem").write_bytes(b"".join(authority.issue("caller")))
        context.load_cert_chain(tmp_path / "caller.pem")
    assert status(context) == 200
    with pytest.raises(OSError), connect(server) as plain:
        plain.sendall(b"GET /v1/models/tiny HTTP/1.1\r\nHost: x\r\n\r\n")
        if not plain.recv(100):
            raise ConnectionResetError


def test_caller_that_reads_nothing_is_given_up(
    serve: Callable[..., tuple[Server, object]],
    shared_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("serving.front.rest.front._SLOWEST_READER_BYTES_S", 1e9)
    server, _ = serve(shared_root, rest_port=0, receive_timeout_s=1)
    body = json.dumps({"inputs": ["a" * 20_000_000]}).encode()
    with connect(server) as connection:
        connection.sendall(head(len(body)) + body)
        time.sleep(4)
        assert len(read_all(connection)) < 20_000_000
