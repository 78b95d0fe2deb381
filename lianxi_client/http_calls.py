"""One HTTP request and what became of it, as gRPC's codes say it."""

from __future__ import annotations

import re
import time
import urllib.request
from typing import Any

import urllib3
import urllib3.exceptions as urllib3_errors

from lianxi_client.address import Address, Pems
from lianxi_client.errors import Failure, Kind, is_passing, malformed_answer
from lianxi_client.rest_json import decode

# Source: tensorflow_serving/model_servers/http_server.cc, the other way round; where several codes
# have one status the likeliest. 405 and 408 to 499 are proxies' and other servers'.
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# 400 is also how TensorFlow Serving says FAILED_PRECONDITION; only its texts tell.
_PRECONDITION = re.compile(
    r"signature key .* not found|signature name: .* not found|Expected .* signature method_name|"
    r"cannot be served|failed precondition",
    re.I,
)
_CHUNK_BYTES = 2**20
_CONNECTIONS = 64


class Http:
    """Connections to one server. May be used from many threads."""

    def __init__(self, address: Address, pems: Pems | None, max_bytes: int) -> None:
        """Prepares; connections are made when they are needed, and kept.

        Args:
            address: Where the server is.
            pems: Certificates; None for connections in the clear.
            max_bytes: Largest answer, in bytes.
        """
        self._url = address.target
        self._max_bytes = max_bytes
        options: dict[str, Any] = {"maxsize": _CONNECTIONS}
        if pems is not None:
            options["ssl_context"] = pems.context
            if pems.server_name:
                options |= {
                    "server_hostname": pems.server_name,
                    "assert_hostname": pems.server_name,
                }
        proxy = None if address.is_loopback else _proxy_of(address)
        self._pool = (
            urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        )

    def ask(
        self, method: str, path: str, body: bytes | None, left_s: float, connect_s: float
    ) -> Any:
        """Sends a request.

        Args:
            method: `GET` or `POST`.
            path: What follows the address.
            body: JSON, or None.
            left_s: How long it may take, in seconds.
            connect_s: How long connecting may take, in seconds.

        Returns:
            The JSON of the answer.

        Raises:
            Failure: There was none.
        """
        end_s = time.monotonic() + left_s
        timeout = urllib3.Timeout(connect=min(left_s, connect_s), read=left_s)
        try:
            response = self._pool.request(
                method,
                self._url + path,
                body=body,
                headers={"Content-Type": "application/json"} if body else None,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                data = self._read(response, end_s)
            finally:
                response.release_conn()
        except urllib3_errors.HTTPError as error:
            raise _to_failure(error, left_s) from None
        except (OSError, ValueError, UnicodeError) as error:
            raise Failure("UNAVAILABLE", str(error) or type(error).__name__, "lost") from None
        return _document(response.status, response.headers, data)

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()

    def _read(self, response: Any, end_s: float) -> bytes:
        chunks, size = [], 0
        for chunk in response.stream(_CHUNK_BYTES, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                response.close()
                raise Failure(
                    "RESOURCE_EXHAUSTED",
                    f"the answer is larger than max_message_mb allows ({self._max_bytes} bytes)",
                )
            if time.monotonic() > end_s:
                response.close()
                raise Failure("DEADLINE_EXCEEDED", "the answer came too slowly")
        return b"".join(chunks)


def _proxy_of(address: Address) -> str | None:
    if urllib.request.proxy_bypass(address.host):
        return None
    return urllib.request.getproxies().get("https" if address.is_tls else "http")


def _document(status: int, headers: Any, data: bytes) -> Any:
    try:
        document = decode(data)
    except ValueError as error:
        document = error
    if status == 200:
        if isinstance(document, dict):
            return document
        raise malformed_answer("it is no JSON object")
    said = document.get("error") if isinstance(document, dict) else None
    if 300 <= status < 400:
        raise Failure("UNIMPLEMENTED", f"it redirects to {headers.get('Location')}; ask there")
    code = _CODES.get(status, "INVALID_ARGUMENT" if status < 500 else "UNKNOWN")
    if not isinstance(said, str):
        text = data[:200].decode("utf-8", "replace")
        hint = "" if status in (401, 403, 429, 502, 503, 504) else "is that its REST port?"
        said = f"HTTP status {status}: {text}"
    else:
        said, hint = said.encode("utf-8", "backslashreplace").decode(), ""
        if status == 400 and _PRECONDITION.search(said):
            code = "FAILED_PRECONDITION"
    pause_s = _retry_after_s(headers)
    kind: Kind = "final"
    if status == 503 or (status == 429 and (pause_s is not None or is_passing(said))):
        kind = "refused"
    elif status == 502:
        kind = "lost"
    raise Failure(code, said, kind, pause_s, hint)


def _retry_after_s(headers: Any) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _to_failure(error: urllib3_errors.HTTPError, left_s: float) -> Failure:
    said = str(error)
    if isinstance(error, urllib3_errors.ProxyError):
        return Failure("UNAVAILABLE", said, "unreachable", hint="the proxy of the environment")
    if isinstance(error, urllib3_errors.ReadTimeoutError):
        return Failure("DEADLINE_EXCEEDED", f"no answer within {left_s:.1f} s")
    if isinstance(error, urllib3_errors.ConnectTimeoutError) and not isinstance(
        error, urllib3_errors.NewConnectionError
    ):
        return Failure("UNAVAILABLE", "no connection in time", "unreachable")
    if isinstance(error, urllib3_errors.NewConnectionError):
        return Failure("UNAVAILABLE", said.split("object at 0x")[-1], "unreachable")
    if isinstance(error, urllib3_errors.SSLError):
        return Failure(
            "UNAVAILABLE", said, hint="TLS: is the server's the same, and its certificate trusted?"
        )
    if isinstance(error, urllib3_errors.ProtocolError):
        is_http = "RemoteDisconnected" in said or "reset" in said or "Broken pipe" in said
        if is_http or isinstance(error, urllib3_errors.IncompleteRead):
            return Failure("UNAVAILABLE", said, "lost")
        return Failure("UNAVAILABLE", said, hint="is that its REST port?")
    return Failure("INTERNAL", said)
