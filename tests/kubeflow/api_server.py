"""A stand-in of KFP 2's API over HTTP, for the client; see `api_state` for what it holds to."""

from __future__ import annotations

import email
import email.policy
import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from api_state import Refused, State

_BASE = "/apis/v2beta1"
# grpc-gateway names the code in each error.
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 500: 13}
_ID = r"([^/:]+)"


class ApiServer:
    """The stand-in, on a free port of this machine.

    Args:
        token: What a request must carry as its bearer token; empty asks for none.
        delay_s: How long each answer takes.
        fails_with: HTTP status with which every request but health fails; 0 for none.
    """

    def __init__(self, token: str = "", delay_s: float = 0, fails_with: int = 0) -> None:
        self.state = State()
        self.token, self.delay_s, self.fails_with = token, delay_s, fails_with
        self.requests: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> ApiServer:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(
        self, method: str, target: str, headers: Any, body: bytes
    ) -> dict[str, Any] | list[Any]:
        """Answers one request.

        Raises:
            Refused: If it is refused.
        """
        parts = urlsplit(target)
        self.requests.append(f"{method} {parts.path}")
        time.sleep(self.delay_s)
        if self.token and headers.get("Authorization") != f"Bearer {self.token}":
            raise Refused(401, "Request header error: there is no user identity header")
        path = parts.path.removeprefix(_BASE)
        if self.fails_with and path != "/healthz":
            raise Refused(self.fails_with, "Internal Server Error")
        query = dict(parse_qsl(parts.query))
        for verb, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path) if verb == method else None
            if found and path != parts.path:
                ids = [unquote(group) for group in found.groups()]
                return answer(self.state, query, _content(headers, body), *ids) or {}
        raise Refused(404, "Not Found")


def _content(headers: Any, body: bytes) -> Any:
    """Reads a body: JSON, or the uploaded file of a form."""
    kind = headers.get("Content-Type", "")
    if not kind.startswith("multipart/form-data"):
        return json.loads(body or b"{}")
    message = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP
    )
    for part in message.iter_parts():
        if part.get_param("name", header="content-disposition") == "uploadfile":
            if not str(part.get_filename()).endswith((".yaml", ".yml")):
                raise Refused(400, "Failed to read a pipeline spec file: not YAML")
            return part.get_payload(decode=True)
    raise Refused(400, "Failed to read pipeline from file")


def _remove(kind: str) -> Callable[..., None]:
    def remove(state: State, query: dict[str, str], content: Any, *ids: str) -> None:
        state.one(kind, ids[-1])
        del getattr(state, kind)[ids[-1]]

    return remove


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = 200
            try:
                answer = server.answer(self.command, self.path, self.headers, body)
            except Refused as refused:
                status = refused.status
                answer = {
                    "error": str(refused),
                    "code": _CODES.get(status, 2),
                    "message": str(refused),
                    "details": [],
                }
                if "/upload" in self.path:
                    answer = {"error_message": str(refused), "error_details": str(refused)}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = _reply

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    return Handler


_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/healthz", lambda s, q, c: {"multi_user": False}),
    ("POST", "/pipelines/upload", lambda s, q, c: s.upload_pipeline(q["name"], c)),
    (
        "POST",
        "/pipelines/upload_version",
        lambda s, q, c: s.upload_version(q["pipelineid"], q["name"], c),
    ),
    ("GET", "/pipelines", lambda s, q, c: s.page("pipelines", q)),
    ("GET", f"/pipelines/{_ID}", lambda s, q, c, i: s.one("pipelines", i)),
    ("DELETE", f"/pipelines/{_ID}", lambda s, q, c, i: s.delete_pipeline(i)),
    (
        "GET",
        f"/pipelines/{_ID}/versions",
        lambda s, q, c, i: s.page("versions", q, pipeline_id=i),
    ),
    ("DELETE", f"/pipelines/{_ID}/versions/{_ID}", _remove("versions")),
    ("POST", "/experiments", lambda s, q, c: s.create_experiment(c)),
    ("GET", "/experiments", lambda s, q, c: s.page("experiments", q)),
    ("GET", f"/experiments/{_ID}", lambda s, q, c, i: s.one("experiments", i)),
    ("DELETE", f"/experiments/{_ID}", _remove("experiments")),
    ("POST", "/runs", lambda s, q, c: s.create_run(c)),
    (
        "GET",
        "/runs",
        lambda s, q, c: s.page("runs", q, experiment_id=q["experiment_id"]),
    ),
    ("GET", f"/runs/{_ID}", lambda s, q, c, i: s.one("runs", i)),
    ("DELETE", f"/runs/{_ID}", _remove("runs")),
    ("POST", f"/runs/{_ID}:terminate", lambda s, q, c, i: s.terminate_run(i)),
]
