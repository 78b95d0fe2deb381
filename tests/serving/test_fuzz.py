"""A few hundred requests of fuzz.py; the long run is started by hand."""

import socket
import time

import fuzz
import urllib3


def test_no_request_hangs_crashes_or_is_answered_wrongly(tmp_path):
    # In a process of its own: the most that this one ever held says nothing of the server.
    with fuzz.own_server(tmp_path) as (process, address, rest):
        report = fuzz.fuzz(address, rest, requests=400, seed=20, pid=process.pid, at_once=8)
    assert not report.faults, "\n".join(report.faults)
    kinds = {kind for kind, _ in report.answers}
    assert sum(report.answers.values()) == 400 and len(kinds) >= 15
    # A bomb of 200 MB is unpacked no further than a message may be long.
    assert report.memory["peak"] - report.memory["before"] < 1000


def test_a_name_that_is_no_utf8(shared_server):
    body = b'{"signature_name": "counted", "instances": [{"x": 1, "\xff": 2}]}'
    url = f"http://127.0.0.1:{shared_server.rest_port}/v1/models/tiny:predict"
    response = urllib3.PoolManager().request("POST", url, body=body)
    assert response.status == 400 and b"does not have named input" in response.data


def test_a_caller_who_breaks_off_leaves_no_trace(shared_server, caplog):
    with socket.create_connection(("127.0.0.1", shared_server.rest_port)) as caller:
        head = "POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
        caller.sendall(head.encode() + b'{"inst')
        time.sleep(0.2)
    # The next answer comes after the first connection's end was seen.
    url = f"http://127.0.0.1:{shared_server.rest_port}/v1/models/tiny"
    for _ in range(3):
        assert urllib3.PoolManager().request("GET", url).status == 200
    time.sleep(0.2)
    assert not [record for record in caplog.records if record.exc_info]
