"""The REST port of a server: calls, errors, gzip, origins, metrics."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rest_asking import Answer, ask

from serving.config import ServerConfig
from serving.server import Server

PREDICT = "/v1/models/tiny:predict"
ORIGIN = "http://page.example"


@pytest.fixture(scope="module")
def port(shared_root: Path) -> Iterator[int | None]:
    """REST port of a server with one model."""
    config = ServerConfig(port=0, rest_port=0, poll_interval_s=0.5, max_message_mb=1)
    with Server(shared_root, config) as server:
        server.wait_until_available("tiny", timeout_s=60)
        yield server.rest_port


def test_status(port: int) -> None:
    expected = (
        '{\n "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n'
        '   "status": {\n    "error_code": "OK",\n    "error_message": ""\n   }\n  }\n ]\n}\n'
    )
    for path in ("/v1/models/tiny", "/v1/models/tiny/versions/1", "/V1/models/%74iny"):
        answer = ask(port, "GET", path)
        assert (answer.status, answer.text) == (200, expected)
        assert answer.headers["content-type"] == "application/json"


def test_metadata(port: int) -> None:
    answer = ask(port, "GET", "/v1/models/tiny/versions/1/metadata")
    assert answer.text.startswith('{\n"model_spec":{\n "name": "tiny",\n')
    found = json.loads(answer.body)
    assert found["model_spec"] == {"name": "tiny", "signature_name": "", "version": "1"}
    signature = found["metadata"]["signature_def"]["signature_def"]["counted"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    sizes = signature["inputs"]["x"]["tensor_shape"]
    expected = [{"size": "-1", "name": ""}, {"size": "2", "name": ""}]
    assert sizes == {"dim": expected, "unknown_rank": False}


def test_predict_in_both_forms(port: int) -> None:
    rows = ask(port, "POST", PREDICT, '{"instances": ["a", {"b64": "YmM="}]}')
    assert rows.text == (
        '{\n    "predictions": [\n'
        '        {\n            "label": "v1:a",\n            "probability": 0.5\n        },\n'
        '        {\n            "label": "v1:bc",\n            "probability": 0.333333343\n'
        "        }\n    ]\n}"
    )
    columns = ask(port, "POST", PREDICT, '{"inputs": {"name": ["a"]}}')
    assert columns.text == (
        '{\n    "outputs": {\n        "label": [\n            "v1:a"\n        ],\n'
        '        "probability": [\n            0.5\n        ]\n    }\n}'
    )
    named = {"signature_name": "counted", "instances": [{"x": [1, 2.5], "n": 3}]}
    assert json.loads(ask(port, "POST", PREDICT, named).body) == {
        "predictions": [{"batch_rows": 1, "sum": 6.5}]
    }
    scalar = {"signature_name": "runs", "inputs": {"plus": -1}}
    assert isinstance(json.loads(ask(port, "POST", PREDICT, scalar).body)["outputs"], int)


def test_large_request_and_answer(port: int) -> None:
    rows = [{"x": [index / 8, 0.25], "n": index} for index in range(10_000)]
    body = {"signature_name": "counted", "instances": rows[:99]}
    answer = ask(port, "POST", PREDICT, body)
    sums = [each["sum"] for each in json.loads(answer.body)["predictions"]]
    assert sums == [index / 8 + 0.25 + index for index in range(99)]
    columns = {"x": [row["x"] for row in rows], "n": [row["n"] for row in rows]}
    for row in columns["x"]:
        row[0] = min(row[0], 99)
    body = {"signature_name": "counted", "inputs": columns}
    found = json.loads(ask(port, "POST", PREDICT, body).body)["outputs"]
    assert found["sum"] == [min(n / 8, 99) + 0.25 + n for n in range(10_000)]


def test_classify_and_regress(port: int) -> None:
    examples = {"examples": [{"x": 0.25}, {"x": 1.0}]}
    classify = examples | {"signature_name": "serve_examples"}
    assert ask(port, "POST", "/v1/models/tiny:classify", classify).text == (
        '{\n    "results": [[["low", 0.75], ["high", 0.25]], [["low", 0.0], ["high", 1.0]]\n'
        "    ]\n}"
    )
    regress = examples | {"signature_name": "regress"}
    answer = ask(port, "POST", "/v1/models/tiny/versions/1:regress", regress)
    assert answer.text == '{\n    "results": [2.5, 10.0]\n}'
    shared = {"context": {"x": 0.5}, "examples": [{}], "signature_name": "regress"}
    answer = ask(port, "POST", "/v1/models/tiny:regress", shared)
    assert json.loads(answer.body) == {"results": [5.0]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/v1/models", None, 400, "Missing model name in request."),
        ("DELETE", "/v1/models/tiny", None, 400, "Malformed request: DELETE /v1/models/tiny"),
        ("POST", "/v1/models/tiny", "{}", 400, "Malformed request: POST /v1/models/tiny"),
        ("POST", PREDICT, "", 400, "JSON Parse error: The document is empty"),
        ("POST", PREDICT, "{", 400, "JSON Parse error: Missing a name for object member. at "),
        ("POST", "/v1/models/none:predict", "{", 400, "JSON Parse error: "),
        ("POST", "/v1/models/none:predict", "{}", 404, ""),
        ("POST", "/v1/models/tiny/versions/7:predict", "{}", 404, ""),
        ("GET", "/v1/models/none", None, 404, ""),
        (
            "POST",
            PREDICT,
            '{"signature_name": "none", "inputs": 1}',
            400,
            'Serving signature name: "none" not found in signature def',
        ),
        (
            "POST",
            PREDICT,
            '{"signature_name": 1}',
            400,
            'JSON Value: {\n    "signature_name": 1\n} not formatted correctly. '
            "'signature_name' key must be a string value.",
        ),
        (
            "POST",
            PREDICT,
            '{"signature_name": "counted", "inputs": {"x": [[100, 1]], "n": [1]}}',
            400,
            "assertion failed: [too big]",
        ),
        ("GET", "/other", None, 404, "nothing is at /other; models are at /v1/models/NAME"),
    ],
)
def test_errors(
    port: int, method: str, path: str, body: str | None, status: int, message: str
) -> None:
    answer = ask(port, method, path, body)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.error.startswith(message) and "Traceback" not in answer.error
    assert answer.text.startswith('{\n    "error": "')


def test_gzip(port: int) -> None:
    body = gzip.compress(b'{"instances": ["a"]}')
    for data in (body, gzip.compress(b'{"instances": ') + gzip.compress(b'["a"]}')):
        answer = ask(port, "POST", PREDICT, data, Content_Encoding="gzip")
        assert answer.status == 200
    small = ask(port, "POST", PREDICT, '{"instances": ["a"]}', Accept_Encoding="gzip")
    assert "content-encoding" not in small.headers
    plain = ask(port, "GET", "/v1/models/tiny/metadata")
    assert "content-encoding" not in plain.headers
    packed = ask(port, "GET", "/v1/models/tiny/metadata", Accept_Encoding="gzip, deflate")
    if len(plain.body) >= 4096:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    ("data", "encoding", "status", "message"),
    [
        (b"none", "gzip", 400, "the body of this request is no gzip"),
        (gzip.compress(b"{}")[:-4], "gzip", 400, "the body of this request is no gzip"),
        (zlib.compress(b"{}"), "deflate", 415, "expected no Content-Encoding or gzip"),
        (gzip.compress(b" " * (64 << 20)), "gzip", 413, "a request may have 1048576 bytes"),
    ],
)
def test_what_is_no_gzip(port: int, data: bytes, encoding: str, status: int, message: str) -> None:
    answer = ask(port, "POST", PREDICT, data, Content_Encoding=encoding)
    assert answer.status == status
    assert answer.error.startswith(message)


def _allowed(answer: Answer) -> str | None:
    return answer.headers.get("access-control-allow-origin")


def test_other_origins_are_off_by_default(port: int) -> None:
    asked = {"Origin": ORIGIN, "Access_Control_Request_Method": "POST"}
    preflight = ask(port, "OPTIONS", PREDICT, **asked)
    assert (preflight.status, preflight.body, _allowed(preflight)) == (200, b"", None)
    assert _allowed(ask(port, "GET", "/v1/models/tiny", Origin=ORIGIN)) is None
    without = ask(port, "OPTIONS", PREDICT)
    assert without.status == 400
    assert without.error == "Origin header is missing in CORS preflight"


@pytest.mark.parametrize("origins", [("*",), (ORIGIN, "http://second.example")])
def test_other_origins(
    serve: Callable[..., tuple[Server, object]], shared_root: Path, origins: tuple[str, ...]
) -> None:
    server, _ = serve(shared_root, rest_port=0, cors_origins=origins)
    expected = "*" if origins == ("*",) else ORIGIN
    for method, path in (
        ("OPTIONS", PREDICT),
        ("GET", "/v1/models/none"),
        ("GET", "/openapi.json"),
    ):
        answer = ask(server.rest_port, method, path, Origin=ORIGIN)
        assert _allowed(answer) == expected
        assert answer.headers["access-control-allow-methods"] == "POST, GET"
        assert answer.headers["access-control-allow-headers"] == "Content-Type"
    stranger = ask(server.rest_port, "GET", "/v1/models/tiny", Origin="http://third.example")
    assert _allowed(stranger) == ("*" if origins == ("*",) else None)


def test_metrics(port: int) -> None:
    ask(port, "POST", PREDICT, '{"instances": ["a"]}')
    answer = ask(port, "GET", "/monitoring/prometheus/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'entrypoint="REST"' in answer.text
    assert ask(port, "GET", "/monitoring/prometheus/metrics?x=1").status == 400
