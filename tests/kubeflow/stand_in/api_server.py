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
# Paths that are not below it.
_OTHER = ("/apis/", "/k8s/")
# grpc-gateway names the code in each error.
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 500: 13}
_ID = r"([^/:]+)"


class ApiServer:
    """The stand-in, on a free port of this machine.

    Args:
        token: What a request must carry as its bearer token; empty asks for none.
        delay_s: How long each answer takes.
        fails_with: HTTP status with which every request but health fails; 0 for none.
        namespaces: Those that who asks may use; `None` for a KFP without users.
        needs_namespace: Whether pipelines that are shared are refused.
        hidden: Begin of the paths that whatever is before the server does not let through.
    """

    def __init__(
        self,
        token: str = "",
        delay_s: float = 0,
        fails_with: int = 0,
        namespaces: tuple[str, ...] | None = None,
        needs_namespace: bool = False,
        hidden: str = "/none",
    ) -> None:
        self.state = State(namespaces=namespaces, needs_namespace=needs_namespace)
        self.hidden = hidden
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

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> dict[str, Any] | str:
        """Answers one request: with JSON, or with text as it is.

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
        if path.startswith(self.hidden):
            raise Refused(404, "Not Found")
        query = dict(parse_qsl(parts.query))
        for verb, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path) if verb == method else None
            if found and (path != parts.path or pattern.startswith(_OTHER)):
                ids = [unquote(group) for group in found.groups()]
                said = answer(self.state, query, _content(headers, body), *ids)
                return {} if said is None else said
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


def _of(query: dict[str, str]) -> str:
    return query.get("namespace") or ""


def _upload(state: State, query: dict[str, str], content: Any) -> dict[str, Any]:
    """Uploads; who may not gets 400, as for anything that is wrong with the request."""
    try:
        return state.upload_pipeline(query["name"], content, _of(query))
    except Refused as refused:
        if refused.status == 403:
            raise Refused(400, "Failed to create a pipeline") from refused
        raise


def _page_log(state: State, query: dict[str, str]) -> str:
    log = state.log(query["runid"], query["podname"])
    if log.startswith('{"error_message"'):
        raise Refused(500, "Could not get main container logs: Error: not found")
    return log


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
            kind = "application/json"
            if isinstance(answer, str):
                # ReadRunLogV1 sets its header too late, and Go guesses one.
                kind = "text/plain; charset=utf-8"
            text = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = _reply

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    return Handler


_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/healthz", lambda s, q, c: {"multi_user": s.namespaces is not None}),
    (
        "POST",
        "/pipelines/upload",
        lambda s, q, c: _upload(s, q, c),
    ),
    (
        "POST",
        "/pipelines/upload_version",
        lambda s, q, c: s.upload_version(q["pipelineid"], q["name"], c),
    ),
    ("GET", "/pipelines", lambda s, q, c: s.page("pipelines", q, **s.pipelines_of(_of(q)))),
    ("GET", f"/pipelines/{_ID}", lambda s, q, c, i: s.one("pipelines", i)),
    ("DELETE", f"/pipelines/{_ID}", lambda s, q, c, i: s.delete_pipeline(i)),
    (
        "GET",
        f"/pipelines/{_ID}/versions",
        lambda s, q, c, i: s.page("versions", q, pipeline_id=i),
    ),
    ("DELETE", f"/pipelines/{_ID}/versions/{_ID}", _remove("versions")),
    ("POST", "/experiments", lambda s, q, c: s.create_experiment(c)),
    (
        "GET",
        "/experiments",
        lambda s, q, c: s.page("experiments", q, **s.experiments_of(_of(q))),
    ),
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
    ("GET", f"/apis/v1beta1/runs/{_ID}", lambda s, q, c, i: s.run_v1(i)),
    ("GET", f"/apis/v1alpha1/runs/{_ID}/nodes/{_ID}/log", lambda s, q, c, i, n: s.log(i, n)),
    # KFP's page, frontend/server/app.ts; status 500 where there is no log.
    ("GET", "/k8s/pod/logs", lambda s, q, c: _page_log(s, q)),
]
