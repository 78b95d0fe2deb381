"""Requests over REST: right ones, and lies in JSON, in encodings, in HTTP and in paths."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from typing import Any

from fuzz_cases import RestCase, mutate, pick

_REFUSALS = frozenset({400, 404, 409, 412, 413, 429, 501})
_MAYBE = _REFUSALS | {200}
# What HTTP itself says of what is no request, 0 if the connection is closed without a word.
_HTTP = frozenset({0, 400, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 505})
_BOMB = gzip.compress(b" " * 200_000_000, 9)
_PREDICT = "/v1/models/tiny:predict"


def request(body: bytes = b"", path: str = _PREDICT, method: str = "POST", **headers: str) -> bytes:
    """Writes an HTTP request.

    Args:
        body: What follows the headers.
        path: Path and query.
        method: HTTP method.
        **headers: More headers, or others than usual; `_` stands for `-`.

    Returns:
        The bytes that go over the wire.
    """
    fields = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


class Bodies:
    """Draws requests over REST to the model `tiny` of `tiny_model`."""

    def __init__(self, draw: random.Random) -> None:
        """Takes where chance comes from."""
        self._draw = draw

    def valid(self) -> RestCase:
        """A right request, whose answer is known."""
        name = "".join(self._draw.choices("abc王é", k=self._draw.randint(0, 6)))

        def check(body: bytes) -> None:
            [row] = json.loads(body)["predictions"]
            assert row["label"] == f"v1:{name}"
            assert abs(row["probability"] - 1 / (1 + len(name))) < 1e-6

        body = json.dumps({"instances": [name]}).encode()
        return RestCase("valid predict", request(body), frozenset({200}), check)

    def case(self) -> RestCase:
        """Something that is wrong, or nearly."""
        return pick(
            self._draw,
            (4, self._json_lie),
            (3, self._mutated),
            (1, self._nested),
            (1, self._examples_lie),
            (1, self._encoding_lie),
            (2, self._path_lie),
            (1, self._http_lie),
            (0.03, lambda: RestCase("bomb", request(_BOMB, Content_Encoding="gzip"), _REFUSALS)),
        )

    def _value(self, depth: int = 0) -> Any:
        draw = self._draw
        if depth < 4 and draw.random() < 0.3:
            return [self._value(depth + 1) for _ in range(draw.randint(0, 3))]
        if depth < 4 and draw.random() < 0.15:
            keys = ("b64", "x", "n", "name", "", "\udcff")
            return {draw.choice(keys): self._value(depth + 1) for _ in range(draw.randint(0, 2))}
        return draw.choice(
            (0, 1, -1, 1.5, 1e38, 1e300, 2**31, 2**63, 2**64, 10**40, True, False, None, "", "a",
             "é", "\0", {"b64": "YQ=="}, {"b64": "!"}, {"b64": "YQ"}, {"b64": 3}, float("nan"),
             float("inf"), -0.0, "\udcfe")
        )  # fmt: skip

    def _json_lie(self) -> RestCase:
        draw = self._draw
        body: dict[str, Any] = {}
        if draw.random() < 0.6:
            signatures = (
                "serving_default",
                "counted",
                "runs",
                "whole_batch",
                "nope",
                "\udcff",
                3,
                [],
            )
            body["signature_name"] = draw.choice(signatures)
        for key in draw.sample(("instances", "inputs", "examples", "x"), draw.choice((1, 1, 1, 2))):
            named = {"x": self._value(), draw.choice(("n", "n", "\udcff")): self._value()}
            body[key] = draw.choice(
                (self._value(), [self._value()], named, [named, named], {"plus": self._value()})
            )
        document = draw.choice((body, body, body, self._value()))
        # A lone surrogate becomes a byte that is no UTF-8, or an escape that is none.
        data = json.dumps(document, ensure_ascii=draw.random() < 0.5)
        if draw.random() < 0.1:
            data = data.replace(
                "1.5", draw.choice(("1e999", "-1e-999", "1" * 5000, "0x1", "01", "1."))
            )
        wire = request(data.encode("utf-8", "surrogateescape"))
        return RestCase("lie in JSON", wire, _MAYBE)

    def _examples_lie(self) -> RestCase:
        draw = self._draw
        verb, signature = draw.choice((("classify", "serve_examples"), ("regress", "regress")))
        body: dict[str, Any] = {"signature_name": draw.choice((signature, signature, "counted"))}
        if draw.random() < 0.3:
            body["context"] = self._value()
        body["examples"] = draw.choice(
            ([{"x": 0.5}], [], [{}], [{"x": [1, 2.0]}], [{"x": self._value()}], self._value())
        )
        data = json.dumps(body).encode()
        path = f"/v1/models/tiny:{verb}"
        return RestCase("lie about examples", request(data, path), _MAYBE)

    def _nested(self) -> RestCase:
        depth = self._draw.choice((100, 1_000, 10_000, 100_000, 1_000_000))
        opening, closing = self._draw.choice((("[", "]"), ('{"x":', "}")))
        end = self._draw.choice((closing * depth, ""))
        data = f'{{"instances":{opening * depth}1{end}}}'
        return RestCase("deep nesting", request(data.encode()), _REFUSALS)

    def _mutated(self) -> RestCase:
        bodies = [
            {"instances": ["abc", "王"]},
            {"signature_name": "counted", "inputs": {"x": [[1.5, -2e3]], "n": [7]}},
            {"signature_name": "counted", "instances": [{"x": [1, 2], "n": 3}]},
            {"instances": [{"b64": "AAEC/w=="}]},
        ]
        base, other = (json.dumps(self._draw.choice(bodies)).encode() for _ in range(2))
        return RestCase("mutated JSON", request(mutate(base, self._draw, other)), _MAYBE)

    def _encoding_lie(self) -> RestCase:
        right = json.dumps({"instances": ["é"]}, ensure_ascii=False)
        packed = gzip.compress(right.encode())
        body, encoding = self._draw.choice(
            (
                (right.encode("utf-16"), ""), (right.encode("latin-1"), ""),
                (b"\xef\xbb\xbf" + right.encode(), ""), (b'{"instances": ["\\ud800"]}', ""),
                (packed, "gzip"), (packed, ""), (packed[:-6], "gzip"), (packed + b"x", "gzip"),
                (packed + packed, "gzip"), (right.encode(), "gzip"), (b"", "gzip"),
                (mutate(packed, self._draw), "gzip"), (zlib.compress(right.encode()), "deflate"),
                (right.encode(), "br"), (right.encode(), "identity"), (packed, "gzip, gzip"),
            )
        )  # fmt: skip
        headers = {"Content_Encoding": encoding} if encoding else {}
        return RestCase("lie about encoding", request(body, **headers), _MAYBE | {415})

    def _path_lie(self) -> RestCase:
        draw = self._draw
        path = draw.choice(
            ("/", "//", "/v1", "/v1/models", "/v1/models/", "/v1/models/tiny",
             "/v1/models/tiny:fly",
             "/v1/models/nobody:predict", "/v1/models/tiny/versions/1:predict", "/v1/models/%00",
             "/v1/models/tiny/versions/99999999999999999999:predict", "/v1/models/tiny/labels/x",
             "/v1/models/tiny/versions/1/labels/x", "/v1/models/tiny/metadata", "/openapi.json",
             "/v1/models/..%2f..%2fetc%2fpasswd", "/../../etc/passwd", "/v1/models/tiny?a=b",
             "/v1/models/%ff%fe", "/monitoring/prometheus/metrics", "/v1/models/" + "a" * 5000,
             "http://elsewhere/v1/models/tiny", "*", "/V1/MODELS/tiny",
             "/v1/models/tiny/metadata/x")
        )  # fmt: skip
        method = draw.choice(
            ("GET", "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X")
        )
        body = b'{"instances": ["a"]}' if draw.random() < 0.5 else b""
        allowed = _HTTP | _MAYBE
        return RestCase(
            "lie in a path", request(body, path, method), allowed, is_head=method == "HEAD"
        )

    def _http_lie(self) -> RestCase:
        draw = self._draw
        right = b'{"instances": ["a"]}'
        whole = request(right)
        wire, is_cut = draw.choice(
            (
                (whole[: draw.randrange(len(whole))], True),
                (request(right, Content_Length="7"), False),
                (request(right, Content_Length="-1"), False),
                (request(right, Content_Length="99"), True),
                (request(right, Content_Length="x"), False),
                (request(right, Content_Length="9" * 30), True),
                (request(b"zz\r\n" + right, Transfer_Encoding="chunked"), True),
                (request(b"ffffffffffffffff\r\n", Transfer_Encoding="chunked"), True),
                (request(right, X="a" * 100_000), False),
                (request(right, Expect="200-maybe"), False),
                (request(right, Content_Type="\udcff"), False),
                (request(right, Host="\udcfe"), False),
                (mutate(whole[:90], draw) + whole[90:], True), (draw.randbytes(300), True),
                (b"\x16\x03\x01\x02\x00\x01" + draw.randbytes(200), True),
                (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", True),
            )
        )  # fmt: skip
        return RestCase("lie in HTTP", wire, _HTTP | _MAYBE, is_cut=is_cut)
