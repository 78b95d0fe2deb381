"""Errors that reach a client: a gRPC code and one line of text, never a stack trace."""

from __future__ import annotations

import logging
import re

import grpc

_LOG = logging.getLogger(__name__)
_MAX_MESSAGE_CHARS = 2000
_NOISE = re.compile(
    r"^(Graph execution error:|Detected at node|Detected at|<stack traces unavailable>"
    r"|\s*File \"|\d+ root error\(s\) found|\d+ successful operations|\d+ derived errors)"
)
_OP_SUFFIX = re.compile(r"\s*\[Op:[^\]]*\]")
_FUNCTION_NODE = re.compile(r"\{\{function_node [^}]*\}\}\s*")
_ROOT_ERROR = re.compile(r"^\s*\(\d+\)\s+(?:[A-Z_]+:\s+)?(.*)$")


_OS_CODES = {
    FileNotFoundError: grpc.StatusCode.NOT_FOUND,
    PermissionError: grpc.StatusCode.PERMISSION_DENIED,
}


class ServingError(Exception):
    """A failure with the gRPC status the caller gets.

    Attributes:
        code: gRPC status code.
        message: One line for the caller.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        """Makes the message one line of bounded length."""
        self.code = code
        self.message = " ".join(message.split())[:_MAX_MESSAGE_CHARS]
        super().__init__(f"{code.name}: {self.message}")


def invalid_argument(message: str) -> ServingError:
    """An INVALID_ARGUMENT error."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


def failed_precondition(message: str) -> ServingError:
    """A FAILED_PRECONDITION error."""
    return ServingError(grpc.StatusCode.FAILED_PRECONDITION, message)


def permission_denied(message: str) -> ServingError:
    """A PERMISSION_DENIED error."""
    return ServingError(grpc.StatusCode.PERMISSION_DENIED, message)


def not_found(message: str) -> ServingError:
    """A NOT_FOUND error."""
    return ServingError(grpc.StatusCode.NOT_FOUND, message)


def deadline_exceeded(message: str) -> ServingError:
    """A DEADLINE_EXCEEDED error."""
    return ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, message)


def code_from_int(number: int) -> grpc.StatusCode:
    """Finds the gRPC code with a number.

    Args:
        number: Canonical code, such as 3 for INVALID_ARGUMENT.

    Returns:
        The code, UNKNOWN for a number gRPC does not have.
    """
    for code in grpc.StatusCode:
        if code.value[0] == number:
            return code
    return grpc.StatusCode.UNKNOWN


def graph_message(text: str) -> str:
    """Cuts an error of a TensorFlow graph down to what went wrong and at which node.

    TensorFlow's Python layer wraps the message of the kernel in lines about where the Python
    code stood; the real server, which has no Python, returns only the kernel's own.

    Args:
        text: `OpError.message`.

    Returns:
        One line, such as `Could not parse example input, value: 'x' [[{{node ParseExample}}]]`.
    """
    kept: list[str] = []
    for line in text.splitlines():
        root = _ROOT_ERROR.match(line)
        if root and kept:
            break
        if root:
            line = root.group(1)
        if not _NOISE.match(line):
            kept.append(_OP_SUFFIX.sub("", line).strip())
    return _FUNCTION_NODE.sub("", " ".join(part for part in kept if part))


def to_serving_error(error: BaseException) -> ServingError:
    """Turns any exception into what the caller may see.

    An error TensorFlow raised keeps its code. Anything else is a fault of the server: it is
    logged with its trace and the caller gets INTERNAL with one line.

    Args:
        error: What was raised.

    Returns:
        The error to send.
    """
    known = _find_known_error(error)
    if known is not None:
        return known
    _LOG.error("unexpected error while serving", exc_info=error)
    return ServingError(grpc.StatusCode.INTERNAL, _first_line(error))


def to_load_error(error: BaseException) -> ServingError:
    """Turns what was raised while a version was loaded into what a person may see.

    TensorFlow's loader answers files that are not as they should be with all kinds of
    exceptions. They are told in a line, without a trace; a trace is for faults of this package.

    Args:
        error: What was raised.

    Returns:
        The error to report.
    """
    known = _find_known_error(error)
    if known is not None:
        return known
    if isinstance(error, OSError):
        code = _OS_CODES.get(type(error), grpc.StatusCode.UNAVAILABLE)
        return ServingError(code, _first_line(error).partition(": ")[2] or _first_line(error))
    if _is_raised_here(error):
        return to_serving_error(error)
    _LOG.debug("a SavedModel does not load", exc_info=error)
    return ServingError(
        grpc.StatusCode.DATA_LOSS, f"the SavedModel is broken: {_first_line(error)}"
    )


def _find_known_error(error: BaseException) -> ServingError | None:
    if isinstance(error, ServingError):
        return error
    op_code = getattr(error, "error_code", None)
    if isinstance(op_code, int):
        text = graph_message(str(getattr(error, "message", error)))
        return ServingError(code_from_int(op_code), text or type(error).__name__)
    if isinstance(error, MemoryError):
        return ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, "out of memory")
    return None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    first = lines[0] if lines else ""
    return f"{type(error).__name__}: {first}".rstrip(": ")


def _is_raised_here(error: BaseException) -> bool:
    """Tells whether the innermost frame is code of this package."""
    trace, module = error.__traceback__, ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return module.split(".")[0] in ("", "serving")
