"""What gRPC's errors mean."""

from __future__ import annotations

import re

import grpc

from lianxi_client.errors import Failure, Kind, is_passing

# gRPC says UNAVAILABLE of a server that answers so, and of all that may befall a connection; only
# its text tells which.
_BAD_TLS = re.compile(
    r"CERTIFICATE_|handshake failed|WRONG_VERSION|Hostname Verification|not in peer cert|SSL_ERROR",
    re.I,
)
_OTHER_PROTOCOL = re.compile(r"http1\.x|http/1\.|parsing http/2|non-grpc|content-type", re.I)
_UNREACHABLE = re.compile(
    r"failed to connect|errors? resolving|dns resolution|connection refused|no connection within",
    re.I,
)
_LOST = re.compile(r"socket closed|reset by peer|recvmsg|broken pipe|stream removed|goaway", re.I)


def to_failure(error: grpc.RpcError) -> Failure:
    """Tells what became of a call.

    Args:
        error: What gRPC raised.

    Returns:
        The same, with what it means for another attempt.
    """
    code, details = error.code(), error.details() or ""
    pause_s = _pushback_s(error)
    if code is grpc.StatusCode.UNAVAILABLE:
        kind: Kind = "refused"
        if _BAD_TLS.search(details):
            return Failure(
                code.name,
                details,
                hint="TLS: is the server's the same, and its certificate trusted?",
            )
        if _OTHER_PROTOCOL.search(details):
            return Failure(code.name, details, hint="is that its gRPC port?")
        if _UNREACHABLE.search(details):
            kind = "unreachable"
        elif _LOST.search(details):
            kind = "lost"
        return Failure(code.name, details, kind, pause_s)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        may_pass = pause_s is not None or is_passing(details)
        return Failure(code.name, details, "refused" if may_pass else "final", pause_s)
    is_other = code in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNKNOWN)
    hint = "is that a TensorFlow Serving server?" if is_other and not details else ""
    return Failure(code.name, details, hint=hint)


def _pushback_s(error: grpc.RpcError) -> float | None:
    """Reads when the server asks to be tried again (gRPC's proposal A6)."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-retry-pushback-ms":
            try:
                return max(0.0, int(value) / 1000)
            except ValueError:
                return None
    return None
