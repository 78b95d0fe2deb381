"""Receiving the body of a request, and what it may take."""

from __future__ import annotations

import asyncio
import contextlib
import http
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

import grpc
from aiohttp import hdrs, web

from serving.calls.limits import COPIES_OF_A_MESSAGE
from serving.front.rest.text import RestError, invalid

_STEP_BYTES = 1 << 20
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# What Python needs for a list, an object, a string and any other value, in bytes.
_LIST_BYTES, _OBJECT_BYTES, _STRING_BYTES, _VALUE_BYTES = 64, 240, 60, 40


class HttpError(RestError):
    """An error with an HTTP status that no gRPC code maps to.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, status: int, code: grpc.StatusCode, message: str) -> None:
        """Takes both."""
        super().__init__(code, message)
        self.status = status


def too_large(max_bytes: int) -> HttpError:
    """A 413 error.

    Args:
        max_bytes: Largest body that is taken.
    """
    return HttpError(
        http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        f"a request may have {max_bytes} bytes, this one has more; send fewer examples at once, "
        "or serve with a larger --max-message-mb",
    )


class Held:
    """The memory that is held for a request, which changes as more of it is known."""

    def __init__(self, admit: Callable[[int], AbstractContextManager[None]]) -> None:
        """Holds nothing yet.

        Args:
            admit: Holds memory, or refuses to.
        """
        self._admit = admit
        self._stack = contextlib.ExitStack()

    def hold(self, size_bytes: int) -> None:
        """Holds so much instead of what was held.

        Args:
            size_bytes: Size as of a message.

        Raises:
            ServingError: RESOURCE_EXHAUSTED.
        """
        # A request that is alone is let in whatever its size, so it may not stand in its own way.
        self._stack.close()
        self._stack.enter_context(self._admit(size_bytes))

    def __enter__(self) -> Held:
        """Begins."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gives back what is held."""
        self._stack.close()


async def receive(
    request: web.BaseRequest,
    max_bytes: int,
    timeout_s: float,
    held: Held,
    in_thread: Callable[[Callable[[], bytes]], Awaitable[bytes]],
) -> bytes:
    """Receives a body.

    Args:
        request: The request.
        max_bytes: Largest body, as sent and decompressed.
        timeout_s: How long the caller may take to send it, in seconds.
        held: Holds the memory of what has come.
        in_thread: Runs what takes long.

    Returns:
        The body, decompressed.

    Raises:
        ServingError: It is too large, too slow, or no gzip.
    """
    announced = request.content_length
    if announced is not None and announced > max_bytes:
        raise too_large(max_bytes)
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise HttpError(
            http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            grpc.StatusCode.INVALID_ARGUMENT,
            f"expected no Content-Encoding or gzip, got {encoding[:40]}",
        )
    held.hold(announced or 0)
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # The head of the answer is still to come.
        request.writer.output_size = 0
    try:
        body = await asyncio.wait_for(_read(request, max_bytes, announced or 0, held), timeout_s)
    except (asyncio.TimeoutError, TimeoutError):
        raise HttpError(
            http.HTTPStatus.REQUEST_TIMEOUT,
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"the body of this request was not sent within {timeout_s:g} s",
        ) from None
    except web.RequestPayloadError as error:
        raise invalid(f"the body of this request is broken: {error}") from None
    if encoding in ("", "identity"):
        return body
    return await _decompress(body, max_bytes, held, in_thread)


async def _read(request: web.BaseRequest, max_bytes: int, admitted: int, held: Held) -> bytes:
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > max_bytes:
            raise too_large(max_bytes)
        if len(body) > admitted:
            admitted = max(_STEP_BYTES, 2 * len(body))
            held.hold(admitted)
    return bytes(body)


async def _decompress(
    body: bytes,
    max_bytes: int,
    held: Held,
    in_thread: Callable[[Callable[[], bytes]], Awaitable[bytes]],
) -> bytes:
    parts: list[bytes] = []
    size = 0
    source = _Gzip(body)
    while not source.is_done:
        try:
            part = await in_thread(source.read)
        except zlib.error as error:
            raise invalid(f"the body of this request is no gzip: {error}") from None
        size += len(part)
        if size > max_bytes:
            raise too_large(max_bytes)
        held.hold(len(body) + size)
        parts.append(part)
    return b"".join(parts)


class _Gzip:
    """A file of gzip that is read in steps, all its members."""

    def __init__(self, body: bytes) -> None:
        self._rest = body
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)
        self.is_done = not body

    def read(self) -> bytes:
        """Gives the next step's bytes at most."""
        part = self._inflater.decompress(self._rest, _STEP_BYTES)
        self._rest = self._inflater.unconsumed_tail
        if self._inflater.eof:
            self._rest = self._inflater.unused_data
            self._inflater = zlib.decompressobj(_GZIP_WINDOW)
            self.is_done = not self._rest
        elif not part and not self._rest:
            raise zlib.error("it ends too early")
        return part


def estimate_needed_bytes(body: bytes) -> int:
    """Says what a body counts for, which may be much more than a message of its size.

    Args:
        body: JSON.

    Returns:
        Size of the message that takes as much, in bytes.
    """
    parsed = (
        body.count(b"[") * _LIST_BYTES
        + body.count(b"{") * _OBJECT_BYTES
        + body.count(b'"') // 2 * _STRING_BYTES
        + body.count(b",") * _VALUE_BYTES
    )
    # Beside what was parsed there are the text and the tensor that is being made.
    return max(len(body), (parsed + 2 * len(body)) // COPIES_OF_A_MESSAGE)


def compress(body: bytes) -> bytes:
    """Compresses an answer, fast rather than small.

    Args:
        body: The answer.
    """
    deflater = zlib.compressobj(1, wbits=_GZIP_WINDOW)
    return deflater.compress(body) + deflater.flush()
