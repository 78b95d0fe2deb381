"""Keeps the page on this machine: nothing is fetched from elsewhere, and too much is not taken."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_UPLOAD_MB = 128
_MB = 1 << 20
# What a form sends around its files.
_SLACK_BYTES = 1 << 16
_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio's templates are made of strings; all of them are of this page.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self'",
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
).encode()
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
# What the page's head would tell search engines and others of Gradio, with addresses elsewhere.
_ELSEWHERE = re.compile(
    r"<(?:meta|link)\b(?=[^>]*(?:og:|twitter:|preconnect|fonts\.g|manifest))[^>]*/?>\s*"
)
_FRAME_SCRIPT = re.compile(
    r"<script>(?:(?!</script>).)*iframeResizer(?:(?!</script>).)*</script>", re.DOTALL
)


def keep_libraries_quiet() -> None:
    """Has Gradio and what it brings neither report nor look anything up; before it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_RUN_HISTORY"] = "False"
    # How often it sums up its events, by an argument that an older pandas does not know.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(2**31)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"


class OfflineApp:
    """An ASGI application that answers for another one, with what that one leaves to chance."""

    def __init__(self, app: App, hosts: Sequence[str] = ()) -> None:
        """Wraps.

        Args:
            app: Gradio's.
            hosts: Names by which this machine may be called; any if empty. A page of another
                origin could otherwise have its own name answer here.
        """
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        if self._hosts and _host_of(headers) not in self._hosts:
            await _refuse(send, 400, "this page is not called by that name")
            return
        if _length_of(headers) > MAX_UPLOAD_MB * _MB + _SLACK_BYTES:
            await _refuse(send, 413, f"more than {MAX_UPLOAD_MB} MB are not taken")
            return
        if scope["path"] == "/" and scope["method"] == "GET":
            # The page itself is rewritten, and so must come whole and as it is.
            scope["headers"] = [
                (name, value) for name, value in scope["headers"] if name != b"accept-encoding"
            ]
            send = _rewriting(send)
        await self._app(scope, receive, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [(b"content-security-policy", _POLICY), *_HEADERS]
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        return sending


def clean_html(text: str) -> str:
    """Takes out of Gradio's page what is for others: cards, preconnections, framing."""
    return _FRAME_SCRIPT.sub("", _ELSEWHERE.sub("", text))


def _rewriting(send: Send) -> Send:
    """Holds a page back until it is whole, and sends it cleaned."""
    start: list[MutableMapping[str, Any]] = []
    body = bytearray()

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        cleaned = clean_html(body.decode("utf-8", "replace")).encode()
        kept = [pair for pair in start[0]["headers"] if pair[0].lower() != b"content-length"]
        start[0]["headers"] = [*kept, (b"content-length", str(len(cleaned)).encode())]
        await send(start[0])
        await send({"type": "http.response.body", "body": cleaned})

    return sending


def _host_of(headers: MutableMapping[bytes, bytes]) -> str:
    host = headers.get(b"host", b"").decode("latin-1")
    return re.sub(r":\d+$", "", host)


def _length_of(headers: MutableMapping[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send, status: int, words: str) -> None:
    body = words.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
